/** What a command is: the path it asks for, how the answer is printed, and whether it changes something. */
import type { ApiAnswer } from '../answer.js';
import type { Blank } from '../given.js';
import type { Printer } from '../printers.js';

export interface ClientCommand {
  readonly name: string;
  /** Below the API's base; see `fillPath`. */
  readonly path: string;
  readonly print: Printer;
  /** Sent with a key, so that a request that arrives twice is not done twice. */
  readonly writes: boolean;
  /** What --dry-run asks for and prints instead; absent where there is no plan to show. */
  readonly rehearsal?: { readonly path: string; readonly print: Printer };
  /** Asked when the first answer came; null: there is nothing more to be asked. */
  readonly next?: { readonly path: (answer: ApiAnswer) => string | null; readonly print: Printer };
  /** Of the path, what has to be given though it stands in no blank of it. */
  readonly needs?: readonly Blank[];
  /** For the help. */
  readonly about: string;
  /** What stands behind its name in the help's example; absent: what the path needs, with names made up. */
  readonly example?: string;
}

export function asks(name: string, path: string, print: Printer, about: string): ClientCommand {
  return { name, path, print, writes: false, about };
}

/** With the plan of what it would do, which the API has under the same path. */
export function planned(command: ClientCommand, print: Printer): ClientCommand {
  return { ...command, rehearsal: { path: `v1/plan/${command.path}`, print } };
}

export function changes(name: string, path: string, print: Printer, about: string): ClientCommand {
  return { name, path, print, writes: true, about };
}
