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
}

export type Request =
  | NodeRequest
  | { readonly verb: 'config-check'; readonly file: string | null }
  | { readonly verb: 'grants'; readonly file: string | null }
  | { readonly verb: 'version' }
  | { readonly verb: 'help'; readonly topic: string | null }
  /** A command of the incumbent's `-c`; it belongs to the client. */
  | { readonly verb: 'command'; readonly command: string; readonly options: ReadonlyMap<string, string> };

const VERBS = ['http', 'config', 'grants', 'version', 'help', 'cli'];

/** The error is a sentence about how the program was called. */
export function parseCommandLine(argv: readonly string[]): Result<Request, string> {
  const split = splitArguments(argv);
  if (!split.ok) return split;
  const { words, texts, switches } = split.value;
  const [verb] = words;
  if (switches.get('help') === true || switches.get('h') === true) return ok({ verb: 'help', topic: verb ?? null });
  if (switches.get('version') === true) return ok({ verb: 'version' });
  if (texts.has('s') && texts.has('d')) return failed('-s and -d mean the same; give one of them');
  return verb === undefined || verb === 'cli' ? withoutVerb(split.value) : withVerb(verb, split.value);
}

function withVerb(verb: string, given: Arguments): Result<Request, string> {
  const [, ...others] = given.words;
  const file = given.texts.get('config') ?? null;
  if (verb === 'help') return ok({ verb, topic: others[0] ?? null });
  if (verb === 'config') return configRequest(others, file);
  if (!VERBS.includes(verb)) return failed(unknownVerb(verb));
  if (others[0] !== undefined) return failed(`${verb} takes nothing after it, and "${others[0]}" was given`);
  if (verb === 'http') return nodeRequest(given, file);
  return ok(verb === 'grants' ? { verb, file } : { verb: 'version' });
}

function withoutVerb({ words, texts }: Arguments): Result<Request, string> {
  const command = texts.get('c') ?? words[1];
  if (command === undefined) return failed('nothing was asked for; "orchestrator http" runs a node');
  return ok({ verb: 'command', command, options: texts });
}

function configRequest([action, file, extra]: readonly string[], fallback: string | null): Result<Request, string> {
  if (action !== 'check') return failed('config is followed by "check" and a file');
  if (extra !== undefined) return failed(`one file is checked at a time, and "${extra}" was given as well`);
  return ok({ verb: 'config-check', file: file ?? fallback });
}

function nodeRequest({ switches }: Arguments, file: string | null): Result<Request, string> {
  if (switches.get('discovery') === false) {
    return failed('--discovery=false is not supported: a node always looks at the servers it knows');
  }
  const debug = switches.get('debug') === true;
  const level = debug ? 'debug' : switches.get('quiet') === true ? 'error' : null;
  const logLevel = level ?? (switches.get('verbose') === true ? 'info' : null);
  return ok({ verb: 'http', file, logLevel, stacks: debug || switches.get('stack') === true });
}

function unknownVerb(verb: string): string {
  const nearest = nearestName(verb, VERBS);
  return `"${verb}" is not something this program does${nearest === null ? '' : `; is ${nearest} meant?`}`;
}
