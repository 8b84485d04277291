/** What a door that cannot be opened is called, and what to do about it: the key of the configuration comes first. */
import { OperationalError } from '../errors.js';

const ADVICE: readonly (readonly [code: string, advice: string])[] = [
  ['EADDRINUSE', 'another process listens there already: stop it, or choose another place'],
  ['EADDRNOTAVAIL', 'that is not an address of this machine'],
  ['EACCES', 'this user may not: a port below 1024 and a folder of another user need more rights'],
  ['ENOTDIR', 'a part of the path is a file and no folder'],
  ['ENOENT', 'there is no such folder: make it'],
  ['EROFS', 'it is on a disk that is mounted read-only'],
];

/** `what` is for whom the door is. */
export function cannotListen(key: string, place: string, what: string, error: unknown): OperationalError {
  const text = chainText(error);
  const advice = ADVICE.find(([code]) => text.includes(code))?.[1] ?? text;
  return new OperationalError('CONFIGURATION', `${key}: cannot listen on ${place} for ${what}: ${advice}`, error);
}

/** Libraries put the code of the system into their own words, or a cause below it. */
function chainText(error: unknown): string {
  const parts: string[] = [];
  for (let next = error; next instanceof Error && parts.length < 8; next = next.cause) parts.push(next.message);
  return parts.length === 0 ? String(error) : parts.join(': ');
}
