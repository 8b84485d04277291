/** What the user asks of the program, as a value. Only this file knows which words and options make up a request. */
import { failed, ok, type Result } from '../../core/base/result.js';
import type { LogLevel } from '../config/config.js';
import { nearestName } from '../config/nearest-name.js';
import { type Arguments, splitArguments } from './arguments.js';

export interface NodeRequest {
  readonly verb: 'http';
  readonly file: string | null;
  /** Null: as the configuration says. */
  readonly logLevel: LogLevel | null;
  readonly stacks: boolean;
  /** Besides what the configuration says. */
  readonly observesOnly: boolean;
}

export type RaftAction = 'status' | 'add' | 'promote' | 'remove' | 'replace' | 'transfer' | 'snapshot' | 'recover';

export interface RaftRequest {
  readonly verb: 'raft';
  readonly action: RaftAction;
  /** What stands after the action. */
  readonly words: readonly string[];
  readonly file: string | null;
  /** Null: not given. */
  readonly api: string | null;
  readonly timeoutSeconds: number | null;
  readonly json: boolean;
  readonly learner: boolean;
  readonly despiteDeadVoters: boolean;
  readonly asOnlyVoter: boolean;
  readonly acceptDataLoss: boolean;
}

export interface ImportRequest {
  readonly verb: 'import';
  /** URL of the old orchestrator, perhaps with user and password. */
  readonly from: string;
  /** Of ours; null: not given. */
  readonly api: string | null;
  readonly dryRun: boolean;
}

export type Request =
  | NodeRequest
  | ImportRequest
  | RaftRequest
  | { readonly verb: 'config-check'; readonly file: string | null }
  /** `server`: the version whose words are wanted, as it was written; null: the newest. */
  | { readonly verb: 'grants'; readonly file: string | null; readonly server: string | null }
  | { readonly verb: 'version' }
  | { readonly verb: 'help'; readonly topic: string | null }
  /** A command of the incumbent's `-c`, which the client does. Switches stand among the options without a value. */
  | { readonly verb: 'command'; readonly command: string; readonly options: ReadonlyMap<string, string> };

export const VERBS = ['http', 'config', 'grants', 'raft', 'import', 'version', 'help', 'cli', 'completion'];

/** How many words each takes after it. */
export const RAFT_ACTIONS: Readonly<
  Record<RaftAction, { readonly words: readonly [number, number]; readonly usage: string }>
> = {
  status: { words: [0, 0], usage: 'status' },
  add: { words: [1, 1], usage: 'add [ID@]HOST:PORT' },
  promote: { words: [1, 1], usage: 'promote ID' },
  remove: { words: [1, 1], usage: 'remove ID' },
  replace: { words: [2, 2], usage: 'replace OLD [ID@]HOST:PORT' },
  transfer: { words: [0, 1], usage: 'transfer [ID]' },
  snapshot: { words: [0, 0], usage: 'snapshot' },
  recover: { words: [0, 0], usage: 'recover' },
};

/** An IPv6 address stands in brackets. */
const PLACE = /^([^@]+@)?([^:@[\]]+|\[[0-9A-Fa-f:.%]+\]):\d{1,5}$/;

/** The error is a sentence about how the program was called. */
export function parseCommandLine(argv: readonly string[]): Result<Request, string> {
  const { rest, server } = takeServerVersion(argv);
  const split = splitArguments(rest);
  if (!split.ok) return split;
  const { words, texts, switches } = split.value;
  const [verb] = words;
  const isHelp = switches.get('help') === true || switches.get('h') === true;
  if (isHelp && commandOf(split.value) === undefined) return ok({ verb: 'help', topic: topicOf(words) });
  if (switches.get('version') === true) return ok({ verb: 'version' });
  if (texts.has('s') && texts.has('d')) return failed('-s and -d mean the same; give one of them');
  return verb === undefined || verb === 'cli' ? withoutVerb(split.value) : withVerb(verb, split.value, server);
}

/** Behind `grants`, --version has a value and means a server's; elsewhere it asks for our own. */
function takeServerVersion(argv: readonly string[]): {
  readonly rest: readonly string[];
  readonly server: string | null;
} {
  const verb = argv.indexOf('grants');
  const at = argv.findIndex((word, place) => place > verb && /^--?version(?:=|$)/.test(word));
  if (verb < 0 || at < 0) return { rest: argv, server: null };
  const [, inline] = /=([\s\S]*)$/.exec(argv[at] ?? '') ?? [];
  const taken = inline === undefined ? 2 : 1;
  return { rest: argv.toSpliced(at, taken), server: inline ?? argv[at + 1] ?? '' };
}

function withVerb(verb: string, given: Arguments, server: string | null): Result<Request, string> {
  const [, ...others] = given.words;
  const file = given.texts.get('config') ?? null;
  if (verb === 'help') return helpOf(others);
  if (verb === 'raft') return raftRequest(others, given, file);
  if (verb === 'config') return configRequest(others, file);
  if (!VERBS.includes(verb)) return failed(unknownVerb(verb));
  if (others[0] !== undefined) return failed(`${verb} takes nothing after it, and "${others[0]}" was given`);
  if (verb === 'http') return nodeRequest(given, file);
  if (verb === 'import') return importRequest(given);
  return ok(verb === 'grants' ? { verb, file, server } : { verb: 'version' });
}

function commandOf({ words, texts }: Arguments): string | undefined {
  const named = texts.get('c') ?? texts.get('command');
  return words.length === 0 || words[0] === 'cli' ? (named ?? words[1]) : undefined;
}

function withoutVerb(given: Arguments): Result<Request, string> {
  const command = commandOf(given);
  const { texts, switches } = given;
  if (command === undefined) return failed('nothing was asked for; "orchestrator http" runs a node');
  const on = [...switches].filter(([, isOn]) => isOn).map(([name]) => [name, ''] as const);
  return ok({ verb: 'command', command, options: new Map([...texts, ...on]) });
}

function configRequest([action, file, extra]: readonly string[], fallback: string | null): Result<Request, string> {
  if (action !== 'check') return failed('config is followed by "check" and a file');
  if (extra !== undefined) return failed(`one file is checked at a time, and "${extra}" was given as well`);
  return ok({ verb: 'config-check', file: file ?? fallback });
}

/** `help relocate` told of a command there, as `-c relocate --help` does. */
function helpOf(words: readonly string[]): Result<Request, string> {
  const [word = 'help'] = words;
  if (VERBS.includes(word)) return ok({ verb: 'help', topic: topicOf(words) });
  return ok({ verb: 'command', command: word, options: new Map([['help', '']]) });
}

/** `raft add` has a text of its own. */
function topicOf([verb, action]: readonly string[]): string | null {
  if (verb === undefined) return null;
  return verb === 'raft' && action !== undefined ? `raft ${action}` : verb;
}

function raftRequest(
  [action, ...words]: readonly string[],
  given: Arguments,
  file: string | null,
): Result<Request, string> {
  if (action === undefined) return ok({ verb: 'help', topic: 'raft' });
  if (!isRaftAction(action)) {
    const nearest = nearestName(action, Object.keys(RAFT_ACTIONS));
    return failed(
      `raft knows no "${action}"; ${nearest === null ? '' : `is ${nearest} meant? `}"orchestrator raft --help" lists all`,
    );
  }
  const { words: range, usage } = RAFT_ACTIONS[action];
  if (words.length < range[0] || words.length > range[1]) {
    return failed(`it is "orchestrator raft ${usage}"; "orchestrator raft ${action} --help" has examples`);
  }
  const nobody = words.find((word) => word.trim() === '');
  if (nobody !== undefined) return failed(`it is "orchestrator raft ${usage}", and an empty word was given`);
  const place = action === 'add' || action === 'replace' ? words.at(-1) : undefined;
  if (place !== undefined && !PLACE.test(place)) {
    return failed(`"${place}" has no port; give [ID@]HOST:PORT, with the port of the new node's RaftBind`);
  }
  const { texts, switches } = given;
  const timeout = texts.get('timeout');
  if (timeout !== undefined && !/^\d+(\.\d+)?$/.test(timeout)) return failed('--timeout takes seconds');
  return ok({
    verb: 'raft',
    action,
    words,
    file,
    api: texts.get('api') ?? null,
    timeoutSeconds: timeout === undefined ? null : Number(timeout),
    json: switches.get('json') === true,
    learner: switches.get('learner') === true,
    despiteDeadVoters: switches.get('despite-dead-voters') === true,
    asOnlyVoter: switches.get('as-only-voter') === true,
    acceptDataLoss: switches.get('accept-data-loss') === true,
  });
}

function isRaftAction(word: string): word is RaftAction {
  return Object.hasOwn(RAFT_ACTIONS, word);
}

function nodeRequest({ switches }: Arguments, file: string | null): Result<Request, string> {
  if (switches.get('discovery') === false) {
    return failed('--discovery=false is not supported: a node always looks at the servers it knows');
  }
  const debug = switches.get('debug') === true;
  const level = debug ? 'debug' : switches.get('quiet') === true ? 'error' : null;
  const logLevel = level ?? (switches.get('verbose') === true ? 'info' : null);
  const stacks = debug || switches.get('stack') === true;
  return ok({ verb: 'http', file, logLevel, stacks, observesOnly: switches.get('observe-only') === true });
}

function importRequest({ texts, switches }: Arguments): Result<Request, string> {
  const from = texts.get('from');
  if (from === undefined) return failed('import needs --from and the URL of the old orchestrator, as http://old:3000');
  return ok({ verb: 'import', from, api: texts.get('api') ?? null, dryRun: switches.get('noop') === true });
}

function unknownVerb(verb: string): string {
  const nearest = nearestName(verb, VERBS);
  return `"${verb}" is not something this program does${nearest === null ? '' : `; is ${nearest} meant?`}`;
}
