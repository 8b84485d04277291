/** What a command was given, and how it is put into the path of a request. */
import { userInfo } from 'node:os';
import { failed, ok, type Result } from '../../core/base/result.js';
import { parseAddress } from '../../core/topology/address.js';
import type { Options } from './options.js';

/** The words that stand in a command's path; each is filled from what was given. */
export type Blank =
  | 'instance'
  | 'destination'
  | 'hint'
  | 'alias'
  | 'text'
  | 'owner'
  | 'reason'
  | 'duration'
  | 'rule'
  | 'tag'
  | 'pool'
  | 'hostname'
  | 'query'
  | 'binlog'
  | 'seconds';

export type Given = Readonly<Record<Blank, string>>;

/** What the incumbent's client calls what is missing, and the option that gives it. */
const MISSING: Readonly<Record<Blank, readonly [name: string, option: string]>> = {
  instance: ['instance', '-i HOST:PORT'],
  destination: ['destination', '-d HOST:PORT'],
  hint: ['instance|alias', '-i HOST:PORT or -a CLUSTER'],
  alias: ['alias', '-a CLUSTER'],
  text: ['instance', '-i TEXT'],
  owner: ['owner', '-o NAME'],
  reason: ['reason', '-r TEXT'],
  duration: ['duration', '-u TIME'],
  rule: ['promotion-rule', '-R RULE'],
  tag: ['tag', '-t NAME[=VALUE]'],
  pool: ['pool', '-l POOL'],
  hostname: ['hostname', '-H NAME'],
  query: ['query', '-q SQL'],
  binlog: ['binlog', '-n FILE'],
  seconds: ['seconds', '-S SECONDS'],
};

const DEFAULT_DURATION = '10m';

export function readGiven(options: Options): Given {
  return {
    instance: options.instance ?? '',
    destination: options.destination ?? '',
    hint: options.alias ?? options.instance ?? '',
    alias: options.alias ?? '',
    text: options.instance ?? '',
    owner: options.owner ?? userName(),
    reason: options.reason ?? '',
    duration: options.duration ?? DEFAULT_DURATION,
    rule: options.promotionRule ?? '',
    tag: options.tag ?? '',
    pool: options.pool ?? '',
    hostname: options.hostname ?? '',
    query: options.query ?? '',
    binlog: options.binlog ?? '',
    seconds: options.seconds ?? '',
  };
}

const BLANK = /\{(\w+)\}/g;
const OPTIONAL = /\[([^\]]*)\]/g;

/** Does the path need a server's port that was not given? */
export function lacksPort(template: string, given: Given): boolean {
  return (['instance', 'destination'] as const).some((blank) => {
    if (!template.includes(`{${blank}}`) || given[blank] === '') return false;
    const address = parseAddress(given[blank], NO_PORT);
    return address.ok && address.value.port === NO_PORT;
  });
}

/** Stands for "none was given" while an address is looked at; no MySQL server listens there. */
const NO_PORT = 1;

/**
 * `discover/{instance}[/{destination}]`: a blank outside of brackets must be given, a part in brackets falls away when its
 * blank was not. The error is a sentence.
 */
export function fillPath(template: string, given: Given, defaultPort: number): Result<string, string> {
  let problem: string | null = null;
  const fill = (text: string): string =>
    text.replace(BLANK, (_whole, name: string) => {
      const value = pathPart(name as Blank, given[name as Blank], defaultPort);
      if (!value.ok) problem ??= value.error;
      return value.ok ? value.value : '';
    });
  const withoutAbsent = template.replace(OPTIONAL, (_whole, part: string) => {
    const blanks = [...part.matchAll(BLANK)].map(([, name]) => name as Blank);
    return blanks.every((blank) => given[blank] !== '') ? part : '';
  });
  const path = fill(withoutAbsent);
  return problem === null ? ok(path) : failed(problem);
}

function pathPart(blank: Blank, value: string, defaultPort: number): Result<string, string> {
  const [name, option] = MISSING[blank];
  if (value === '') return failed(`${name} must be provided: ${option}`);
  if (blank !== 'instance' && blank !== 'destination') return ok(encoded(value));
  const address = parseAddress(value, defaultPort);
  if (!address.ok) return failed(`${name} ${address.error}`);
  return ok(`${encoded(address.value.host)}/${String(address.value.port)}`);
}

/** A colon may stand in a path, and logs of servers and proxies are easier to read with it. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? '');
  }
}
