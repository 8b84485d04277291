/**
 * Loads the configuration: files, then keys, then meaning. The answer is all or nothing, so that a reload can use it as
 * well: a frozen configuration with the remarks it calls for, or every fault that was found.
 */
import { lookup } from 'node:dns/promises';
import { failed, ok, type Result } from '../../core/base/result.js';
import { answerSettings } from './answers.js';
import type { Config, LogLevel } from './config.js';
import type { Environment } from './sections/data-directory.js';
import { type Document, readDocument, STANDARD_FILES } from './notations/documents.js';
import { type Fault, Findings, type Remark } from './findings.js';
import { digest, type Given, readGiven } from './given.js';
import { interpret } from './interpret.js';
import type { KeyName, Values } from './keys/keys.js';
import type { Resolve } from './sections/membership.js';
import { checkRules } from './rules.js';
import { Secret } from './secret.js';

export interface LoadOptions {
  /** The only file to read; null: the standard ones, each overriding those before it. */
  readonly file: string | null;
  readonly environment: Environment;
  readonly logLevel?: LogLevel | null;
  readonly stacks?: boolean;
  readonly observesOnly?: boolean;
  readonly standardFiles?: readonly string[];
  /** Read after the others; they have to exist. */
  readonly extraFiles?: readonly string[];
  readonly resolve?: Resolve;
}

export interface LoadedConfig {
  readonly config: Config;
  /** In the order in which they were read. */
  readonly files: readonly string[];
  readonly remarks: readonly Remark[];
  readonly given: Given;
  /** One digest a key, to tell whether it changed; of the account and of certificates, of what their files hold. */
  readonly prints: ReadonlyMap<KeyName, string>;
}

export async function loadConfig(options: LoadOptions): Promise<Result<LoadedConfig, readonly Fault[]>> {
  return await loadWith(options, new Findings());
}

/** The same, with what there is to remark on a configuration that cannot be used, too. */
export async function examineConfig(
  options: LoadOptions,
): Promise<{ readonly loaded: Result<LoadedConfig, readonly Fault[]>; readonly remarks: readonly Remark[] }> {
  const findings = new Findings();
  const loaded = await loadWith(options, findings);
  return { loaded, remarks: findings.remarks };
}

async function loadWith(options: LoadOptions, findings: Findings): Promise<Result<LoadedConfig, readonly Fault[]>> {
  const documents = await readDocuments(options, findings);
  if (documents === null) return failed(findings.faults);
  const given = readGiven(documents, options.environment, findings);
  return await concluded(
    options,
    documents.map(({ file }) => file),
    given,
    findings,
  );
}

/** The same files with some keys as they were before: what a node goes by that cannot change these while it runs. */
export async function interpretAgain(
  options: LoadOptions,
  read: LoadedConfig,
  before: LoadedConfig,
  kept: readonly KeyName[],
): Promise<Result<LoadedConfig, readonly Fault[]>> {
  const values = { ...read.given.values, ...Object.fromEntries(kept.map((name) => [name, before.given.values[name]])) };
  const given = { ...read.given, values: values as Values };
  const again = await concluded(options, read.files, given, new Findings());
  if (!again.ok) return again;
  const prints = new Map(again.value.prints);
  for (const name of kept) {
    const print = before.prints.get(name);
    if (print === undefined) prints.delete(name);
    else prints.set(name, print);
  }
  return ok({ ...again.value, prints });
}

async function concluded(
  options: LoadOptions,
  files: readonly string[],
  given: Given,
  findings: Findings,
): Promise<Result<LoadedConfig, readonly Fault[]>> {
  checkRules(given, findings);
  answerSettings(given, findings);
  const surroundings = {
    environment: options.environment,
    resolve: options.resolve ?? resolveHost,
    logLevel: options.logLevel ?? null,
    stacks: options.stacks ?? false,
    observesOnly: options.observesOnly ?? false,
  };
  const config = await interpret(given.values, surroundings, findings);
  if (config === null || findings.faults.length > 0) return failed(findings.faults);
  const prints = printsOf(given, config);
  return ok({ config: frozen(config), files, remarks: findings.remarks, given, prints });
}

function printsOf(given: Given, { mysql, raft, http }: Config): ReadonlyMap<KeyName, string> {
  const password = mysql.password.reveal();
  const account: readonly [KeyName, string] =
    given.values.MySQLTopologyCredentialsConfigFile === ''
      ? ['MySQLTopologyPassword', digest(password)]
      : ['MySQLTopologyCredentialsConfigFile', digest([mysql.user, password])];
  const files: readonly (readonly [KeyName, string | null | undefined])[] = [
    ['RaftTLSCAFile', raft.tls?.authority],
    ['RaftTLSCertFile', raft.tls?.certificate],
    ['RaftTLSKeyFile', raft.tls?.key.reveal()],
    ['SSLCAFile', http.tls?.authority],
    ['SSLCertFile', http.tls?.certificate],
    ['SSLPrivateKeyFile', http.tls?.key.reveal()],
  ];
  const contents = files.flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, digest([given.values[name], text])] as const] : [],
  );
  return new Map([...given.prints, account, ...contents]);
}

/** Null when one of them could not be read: what the others say means little without it. */
async function readDocuments(
  options: LoadOptions,
  findings: Findings,
): Promise<readonly { file: string; document: Document }[] | null> {
  const standardFiles = options.standardFiles ?? STANDARD_FILES;
  const documents: { file: string; document: Document }[] = [];
  let whole = true;
  const extraFiles = options.extraFiles ?? [];
  for (const file of [...(options.file === null ? standardFiles : [options.file]), ...extraFiles]) {
    const document = await readDocument(file);
    if (!document.ok) {
      findings.fault(null, document.error);
      whole = false;
    } else if (document.value !== null) {
      documents.push({ file, document: document.value.document });
      for (const fault of document.value.faults) findings.fault(null, fault);
    } else if (options.file !== null || extraFiles.includes(file)) {
      findings.fault(null, `${file} does not exist`);
      whole = false;
    }
  }
  if (documents.length === 0 && options.file === null) {
    findings.warn(`no configuration file was found (${standardFiles.join(', ')}): all settings have their defaults`);
  }
  return whole ? documents : null;
}

async function resolveHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret || value instanceof RegExp) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
