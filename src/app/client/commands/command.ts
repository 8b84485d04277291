/** What a command is: the path it asks for, how the answer is printed, and whether it changes something. */
import type { Printer } from '../printers.js';

export interface ClientCommand {
  readonly name: string;
  /** Below the API's base; see `fillPath`. */
  readonly path: string;
  readonly print: Printer;
  /** Sent with a key, so that a request that arrives twice is not done twice. */
  readonly writes: boolean;
  /** For the help. */
  readonly about: string;
}

export function asks(name: string, path: string, print: Printer, about: string): ClientCommand {
  return { name, path, print, writes: false, about };
}

export function changes(name: string, path: string, print: Printer, about: string): ClientCommand {
  return { name, path, print, writes: true, about };
}
