/** What a command is carried out with, and what comes of it. */
import type { Result } from '../../core/base/result.js';
import type { Options } from './options.js';
import type { Paint } from './screen/paint.js';
import type { ApiSession, Failure } from './session.js';
import type { ClientSurroundings } from './surroundings.js';

export interface Context {
  /** With what the environment adds. */
  readonly options: Options;
  readonly session: ApiSession;
  readonly paint: Paint;
  readonly surroundings: ClientSurroundings;
}

/** What is printed: with --json the payload, else the lines. */
export interface Shown {
  readonly lines: readonly string[];
  readonly payload: unknown;
  readonly exitCode: number;
}

export type Outcome = Result<Shown, Failure>;

/** More than one question and its answer. */
export interface SpecialCommand {
  readonly name: string;
  /** For the help: what it does, what is written behind its name, and that once more with names made up. */
  readonly about: string;
  readonly usage: string;
  readonly example: string;
  /** Changes nothing, and ends: it can be shown again and again. */
  readonly looks: boolean;
  /** Of an error the whole answer is printed, as with --json. */
  readonly showsWholeErrors?: boolean;
  readonly run: (context: Context) => Promise<Outcome>;
}
