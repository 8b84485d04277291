/**
 * What came to pass in a run, counted. A simulation that is quiet about a kind of trouble because the trouble never struck
 * proves nothing, so the suite asks of every name here that it was seen.
 */
import { FAULT_KINDS } from './profile.js';
import type { FaultKind } from './profile.js';

const DEATHS = [
  ...(['dies before a Ready is taken', 'dies before its messages leave', 'dies between messages and write'] as const),
  ...(['dies with unsynced writes lost', 'dies with unsynced writes kept'] as const),
  ...(['dies between sync and answers', 'dies between answers and the word that it is synced'] as const),
] as const;

const NETWORK = [
  ...(['message lost', 'message repeated', 'message overtaken', 'message delayed for long'] as const),
  ...(['message lost in a cut of both directions', 'message lost in a cut of one direction'] as const),
] as const;

/** Of a leader with a change of voters under way: it writes the final membership as soon as the joint one is committed. */
const CHANGES = [
  'leader dies before its joint membership is committed',
  'leader dies between joint and final membership',
] as const;

const PROTOCOL = [
  ...(['snapshot taken', 'snapshot installed', 'snapshot could not be fetched'] as const),
  ...(['joint membership committed', 'membership committed'] as const),
  ...(['voter recovered from a loss', 'order to take over sent', 'entries of another leader overwritten'] as const),
  ...(['read passed on by a follower', 'lease held', 'two believe to lead'] as const),
] as const;

export type Happening =
  | (typeof DEATHS | typeof NETWORK | typeof CHANGES | typeof PROTOCOL)[number]
  | `fault: ${FaultKind}`;

export const HAPPENINGS: readonly Happening[] = [
  ...DEATHS,
  ...NETWORK,
  ...CHANGES,
  ...PROTOCOL,
  ...FAULT_KINDS.map((kind): Happening => `fault: ${kind}`),
];

export class Happenings {
  readonly counts = new Map<Happening, number>();

  note(what: Happening): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  add(counts: Iterable<readonly [Happening, number]>): void {
    for (const [what, count] of counts) this.counts.set(what, (this.counts.get(what) ?? 0) + count);
  }

  /** What was not seen once. */
  get missing(): readonly Happening[] {
    return HAPPENINGS.filter((what) => !this.counts.has(what));
  }
}
