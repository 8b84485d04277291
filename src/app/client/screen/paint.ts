/**
 * Colours, where somebody looks at a terminal that has them and has not said that they are unwelcome. Whatever is piped
 * stays as the scripts that read it know it.
 */
import type { Environment } from '../environment.js';

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const;

export type Colour = keyof typeof CODES;
export type Paint = (colour: Colour | null, text: string) => string;

export const PLAIN: Paint = (_colour, text) => text;

export const COLOURED: Paint = (colour, text) =>
  colour === null || text === '' ? text : `\u001b[${String(CODES[colour])}m${text}\u001b[0m`;

/** NO_COLOR counts when it is not empty (no-color.org). */
export function paintFor(isTerminal: boolean, environment: Environment, refused: boolean): Paint {
  const unwelcome = refused || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return isTerminal && !unwelcome ? COLOURED : PLAIN;
}
