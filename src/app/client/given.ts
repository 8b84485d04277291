/** What a command was given, and how it is put into the path of a request. */
import { userInfo } from 'node:os';
import { failed, ok, type Result } from '../../core/base/result.js';
import { addressText, parseAddress } from '../../core/topology/address.js';
import type { OptionName, Options } from './options.js';

/** The words that stand in a command's path; each is filled from what was given. */
export type Blank =
  | 'instance'
  | 'destination'
  | 'hint'
  | 'alias'
  | 'newAlias'
  | 'text'
  | 'owner'
  | 'reason'
  | 'duration'
  | 'rule'
  | 'tag'
  | 'pool'
  | 'hostname'
  | 'query'
  | 'connection'
  | 'pattern'
  | 'channel'
  | 'until'
  | 'force'
  | 'binlog'
  | 'seconds';

export type Given = Readonly<Record<Blank, string>>;

/** What the incumbent's client calls what is missing, and the option that gives it. */
const MISSING: Readonly<Record<Blank, readonly [name: string, option: string]>> = {
  instance: ['instance', '-i HOST:PORT'],
  destination: ['destination', '-d HOST:PORT'],
  hint: ['instance|alias', '-i HOST:PORT or -a CLUSTER'],
  alias: ['alias', '-a CLUSTER'],
  newAlias: ['alias', '-a ALIAS'],
  text: ['instance', '-i TEXT'],
  owner: ['owner', '-o NAME'],
  reason: ['reason', '-r TEXT'],
  duration: ['duration', '-u TIME'],
  rule: ['promotion-rule', '-R RULE'],
  tag: ['tag', '-t NAME[=VALUE]'],
  pool: ['pool', '-l POOL'],
  hostname: ['hostname', '-H NAME'],
  query: ['query', '-q SQL'],
  connection: ['query', '-q NUMBER'],
  pattern: ['pattern', '--pattern REGEXP'],
  channel: ['channel', '--channel NAME'],
  until: ['until', '--until PLACE'],
  force: ['force', '--force'],
  binlog: ['binlog', '-n FILE'],
  seconds: ['seconds', '-S SECONDS'],
};

/** Which options fill a blank, the first given first. */
const FILLED_BY: Readonly<Record<Blank, readonly OptionName[]>> = {
  instance: ['instance'],
  destination: ['destination'],
  hint: ['alias', 'instance'],
  alias: ['alias'],
  newAlias: ['alias'],
  text: ['instance'],
  owner: ['owner'],
  reason: ['reason'],
  duration: ['duration'],
  rule: ['promotionRule'],
  tag: ['tag'],
  pool: ['pool'],
  hostname: ['hostname'],
  query: ['query'],
  connection: ['query'],
  pattern: ['pattern'],
  channel: ['channel'],
  until: ['until'],
  force: ['force'],
  binlog: ['binlog'],
  seconds: ['seconds'],
};

const DEFAULT_DURATION = '10m';

export function readGiven(options: Options): Given {
  const filled: Partial<Record<Blank, string>> = {};
  for (const blank of Object.keys(FILLED_BY) as Blank[]) {
    const option = FILLED_BY[blank].find((name) => options[name] !== undefined && options[name] !== '');
    filled[blank] = option === undefined ? '' : (options[option] ?? '');
  }
  const given = filled as Record<Blank, string>;
  return {
    ...given,
    // A switch has no value of its own.
    force: options.force === undefined ? '' : 'true',
    owner: given.owner === '' ? userName() : given.owner,
    duration: given.duration === '' ? DEFAULT_DURATION : given.duration,
  };
}

const BLANK = /\{(\w+)\}/g;
const OPTIONAL = /\[([^\]]*)\]/g;

/** Does the path need a server's port that was not given? */
export function lacksPort(template: string, given: Given): boolean {
  return (['instance', 'destination'] as const).some((blank) => {
    if (!template.includes(`{${blank}}`)) return false;
    const [one, other] = [parseAddress(given[blank], 1), parseAddress(given[blank], 2)];
    // Whatever follows the default was not given.
    return one.ok && other.ok && one.value.port !== other.value.port;
  });
}

/** With the ports that were left out. What cannot be read stays as it is, for `fillPath` to complain about. */
export function withPorts(given: Given, defaultPort: number): Given {
  const complete = (text: string): string => {
    const address = parseAddress(text, defaultPort);
    return address.ok ? addressText(address.value) : text;
  };
  return { ...given, instance: complete(given.instance), destination: complete(given.destination) };
}

/**
 * `discover/{instance}[/{destination}]`: a blank outside of brackets must be given, a part in brackets falls away when its
 * blank was not. Of several that begin with a question mark the first that stays keeps it. The error is a sentence.
 */
export function fillPath(template: string, given: Given, defaultPort: number): Result<string, string> {
  const present = template.replace(OPTIONAL, (_whole, part: string) => {
    const blanks = [...part.matchAll(BLANK)].map(([, name]) => name as Blank);
    return blanks.every((blank) => given[blank] !== '') ? part : '';
  });
  const [place = '', ...questions] = present.split('?');
  const joined = questions.length === 0 ? place : `${place}?${questions.join('&')}`;
  const problems: string[] = [];
  const path = joined.replace(BLANK, (_whole, name: string) => {
    const value = pathPart(name as Blank, given[name as Blank], defaultPort);
    if (value.ok) return value.value;
    problems.push(value.error);
    return '';
  });
  const [problem] = problems;
  return problem === undefined ? ok(path) : failed(problem);
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
