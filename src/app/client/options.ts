/**
 * The client's options: the letters of the incumbent's script, its long names with one dash or two, a value attached or
 * apart, and a few names more where the script had a letter alone.
 */
import { failed, ok, type Result } from '../../core/base/result.js';

export interface ClientOption {
  /** One dash before each of them. */
  readonly letters: string;
  readonly names: readonly string[];
  /** Null: a switch. In brackets: may be attached, and never stands apart. */
  readonly value: string | null;
  readonly about: string;
}

export const CLIENT_OPTIONS = {
  command: { letters: 'c', names: ['command'], value: 'COMMAND', about: 'what to do; -c help lists all commands' },
  instance: { letters: 'i', names: ['instance'], value: 'HOST[:PORT]', about: 'the server it is about' },
  destination: {
    letters: 'ds',
    names: ['destination'],
    value: 'HOST[:PORT]',
    about: 'the other server, where two take part (-s is the same)',
  },
  alias: { letters: 'a', names: ['alias'], value: 'CLUSTER', about: "a cluster's alias or name" },
  owner: { letters: 'o', names: ['owner'], value: 'NAME', about: 'who asks (you)' },
  reason: { letters: 'r', names: ['reason'], value: 'TEXT', about: 'why' },
  duration: { letters: 'u', names: ['duration'], value: 'TIME', about: 'how long, as 59s, 30m, 4h, 2d, 1w (10m)' },
  promotionRule: {
    letters: 'R',
    names: ['promotion-rule'],
    value: 'RULE',
    about: 'prefer, neutral, prefer_not or must_not',
  },
  tag: { letters: 't', names: ['tag'], value: 'NAME[=VALUE]', about: 'a tag' },
  pool: { letters: 'l', names: ['pool'], value: 'POOL', about: 'a pool' },
  hostname: { letters: 'H', names: ['hostname'], value: 'NAME', about: 'a host name' },
  defaultPort: { letters: 'D', names: ['default-port'], value: 'PORT', about: 'for servers given without one' },
  api: { letters: 'U', names: ['api'], value: 'URLS', about: 'where the orchestrators are (ORCHESTRATOR_API)' },
  path: { letters: 'P', names: ['path'], value: 'PATH', about: 'with -c api: what to GET' },
  query: { letters: 'q', names: ['query'], value: 'SQL', about: 'a statement' },
  channel: { letters: '', names: ['channel'], value: 'NAME', about: 'of a replica of several sources, which one' },
  until: {
    letters: '',
    names: ['until'],
    value: 'PLACE',
    about: 'where the applier is to stop: FILE:POSITION in the log of the source, or GTIDs',
  },
  force: {
    letters: '',
    names: ['force'],
    value: null,
    about: 'also where it is likely a slip; what would lose data or open two servers is refused all the same',
  },
  pattern: { letters: '', names: ['pattern'], value: 'REGEXP', about: 'only servers whose host:port matches it' },
  auth: { letters: 'b', names: ['auth'], value: 'USER:PASSWORD', about: 'HTTP basic authentication' },
  headersAuth: { letters: 'e', names: ['headers-auth'], value: 'HEADER:VALUE', about: 'a header that says who asks' },
  binlog: { letters: 'n', names: ['binlog'], value: 'FILE', about: 'a binary log' },
  seconds: { letters: 'S', names: ['seconds'], value: 'SECONDS', about: 'a delay' },
  dryRun: { letters: '', names: ['dry-run'], value: null, about: 'show the plan, and do nothing' },
  watch: {
    letters: '',
    names: ['watch'],
    value: '[=SECONDS]',
    about: 'show it again and again (2), and at once when something happens; for what changes nothing',
  },
  noColor: { letters: '', names: ['no-color'], value: null, about: 'no colours (as NO_COLOR and TERM=dumb)' },
  tlsCa: { letters: '', names: ['tls-ca'], value: 'FILE', about: 'https: the authority that signed the certificates' },
  tlsCert: { letters: '', names: ['tls-cert'], value: 'FILE', about: 'https: the certificate to be shown' },
  tlsKey: {
    letters: '',
    names: ['tls-key'],
    value: 'FILE',
    about: 'https: its key, unless it stands in the same file',
  },
  insecure: { letters: '', names: ['insecure'], value: null, about: 'https: believe whoever answers' },
  idempotencyKey: {
    letters: '',
    names: ['idempotency-key'],
    value: 'KEY',
    about: 'what is asked for again under this key is not done again',
  },
  json: { letters: '', names: ['json'], value: null, about: 'print the answer as JSON' },
  help: { letters: 'h', names: ['help'], value: null, about: 'print help; with -c, of that command' },
} as const satisfies Readonly<Record<string, ClientOption>>;

export type OptionName = keyof typeof CLIENT_OPTIONS;
export type Options = Readonly<Partial<Record<OptionName, string>>>;

/** Switches are '' when given. The error is a sentence. */
export function parseOptions(argv: readonly string[]): Result<Options, string> {
  const options: Partial<Record<OptionName, string>> = {};
  const waiting = [...argv];
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    const found = recognise(argument);
    if (!found.ok) return found;
    const { name, value } = found.value;
    if (CLIENT_OPTIONS[name].value === null) {
      options[name] = '';
      continue;
    }
    const isAttached = CLIENT_OPTIONS[name].value.startsWith('[');
    const text = value ?? (isAttached ? '' : waiting.shift());
    if (text === undefined) return failed(`${argument} needs a value: ${argument} ${CLIENT_OPTIONS[name].value}`);
    options[name] = text;
  }
  return ok(options);
}

/** The option that a word is; null: it is none. */
export function optionOf(word: string): OptionName | null {
  const found = word.startsWith('-') ? recognise(word) : null;
  return found?.ok === true && found.value.value === null ? found.value.name : null;
}

interface Recognised {
  readonly name: OptionName;
  readonly value: string | null;
}

function recognise(argument: string): Result<Recognised, string> {
  const [, dashes, text = '', , attached] = /^(--?)([^=]+)(=([\s\S]*))?$/.exec(argument) ?? [];
  if (dashes === undefined) {
    return failed(`"${argument}" stands alone: name a command with -c, a server with -i, a cluster with -a`);
  }
  const long = find((option) => option.names.includes(text));
  if (long !== null) return ok({ name: long, value: attached ?? null });
  // A letter, with its value behind it as in -imain:3306.
  const short = dashes === '-' ? find((option) => option.letters.includes(text.charAt(0))) : null;
  if (short === null) return failed(`${argument.replace(/=[\s\S]*/, '')} is no option; -h lists them`);
  const rest = argument.slice(2);
  return ok({ name: short, value: rest === '' ? null : rest });
}

function find(fits: (option: ClientOption) => boolean): OptionName | null {
  for (const name of Object.keys(CLIENT_OPTIONS) as OptionName[]) {
    if (fits(CLIENT_OPTIONS[name])) return name;
  }
  return null;
}
