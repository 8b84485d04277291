/** What the ways back are called outside, by people and programs. */
import { WAYS_BACK, type WayBack } from './returns.js';

const NAMES: Readonly<Record<WayBack, string>> = {
  'inject-empty': 'inject-empty',
  rebuild: 'rebuild',
  'reset-gtids': 'reset',
};

export function isWayBackName(name: string): boolean {
  return Object.values(NAMES).includes(name);
}

export const WAYS_BY_NAME = {
  names: WAYS_BACK.map((way) => NAMES[way]),
  nameOf: (way: WayBack): string => NAMES[way],
  /** Of a name that `isWayBackName` knows. */
  wayOf: (name: string): WayBack => WAYS_BACK.find((way) => NAMES[way] === name) ?? 'rebuild',
};
