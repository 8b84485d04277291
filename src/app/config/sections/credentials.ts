/**
 * Who we are to the monitored servers. As in the incumbent the credentials file replaces user and password, and a
 * password of the form `${NAME}` is then taken from the environment. A variable that is not set is a fault and not an
 * empty password: every server would refuse us and look ill.
 */
import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../notations/documents.js';
import type { Environment } from './data-directory.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';
import { Secret } from '../secret.js';

const OTHERS_MAY_READ = 0o004;

export interface Credentials {
  readonly user: string;
  readonly password: Secret;
}

export async function readCredentials(
  values: Values,
  environment: Environment,
  findings: Findings,
): Promise<Credentials> {
  const file = values.MySQLTopologyCredentialsConfigFile;
  let user = values.MySQLTopologyUser;
  let password = values.MySQLTopologyPassword.reveal();
  if (file !== '') {
    const section = await readClientSection(file, findings);
    user = section.get('user') ?? '';
    password = section.get('password') ?? '';
  }
  const variable = /^\$\{(.*)\}$/.exec(password)?.[1];
  if (variable !== undefined) {
    const value = environment[variable];
    if (value === undefined) {
      findings.fault(
        'MySQLTopologyPassword',
        `it refers to ${/^[A-Za-z_]\w*$/.test(variable) ? `the environment variable ${variable}` : 'an environment variable'}, which is not set; allowed: the password, or \${NAME} of a variable that is set`,
      );
    }
    password = value ?? '';
    findings.conceal(password, `\${${variable}}`);
  }
  if (user === '') {
    findings.warn('MySQLTopologyUser is not set: servers can only be probed if they let an anonymous user in');
  }
  return { user, password: new Secret(password) };
}

async function readClientSection(file: string, findings: Findings): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    findings.fault(
      'MySQLTopologyCredentialsConfigFile',
      `${JSON.stringify(file)} was given and cannot be read (${errorCode(error)}); allowed: a file with a [client] section`,
    );
    return new Map();
  }
  const { mode } = await stat(file);
  if ((mode & OTHERS_MAY_READ) !== 0) {
    findings.warn(`${file} (MySQLTopologyCredentialsConfigFile) can be read by everybody on this machine: chmod 600`);
  }
  const section = parseClientSection(text);
  if (!section.has('user')) {
    findings.fault(
      'MySQLTopologyCredentialsConfigFile',
      `${JSON.stringify(file)} names no user in a [client] section; allowed: a file that has one`,
    );
  }
  return section;
}

/**
 * Lines `name = value` of the [client] section, as MySQL's own programs read them: a value may stand in quotes, `#` begins
 * a comment outside of them and `;` at the start of a line, and `\s`, `\t`, `\n`, `\\` and quotes may be escaped.
 */
export function parseClientSection(text: string): ReadonlyMap<string, string> {
  const section = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (heading !== undefined) inside = heading.trim() === 'client';
    const [, name, value] = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (!inside || name === undefined || value === undefined) continue;
    section.set(name.toLowerCase(), unescaped(unquoted(withoutComment(value).trim())));
  }
  return section;
}

function withoutComment(value: string): string {
  return /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^#"']|["'])*/.exec(value)?.[0] ?? '';
}

function unquoted(value: string): string {
  return /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ' };

/** Of a character that needs no escape the backslash is kept. */
function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (whole, letter: string) =>
    /["'\\]/.test(letter) ? letter : (ESCAPES[letter] ?? whole),
  );
}
