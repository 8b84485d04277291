/** What a playbook answers, and the few words that all of them use. */
import { assertDefined } from '../../base/assert.js';
import { addressText } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import { type Standing, standingOf } from '../patience.js';
import type { LostServer, Participant, Recovery, Verdict } from '../recovery.js';
import type { Step } from '../step.js';

/** What becomes of a demoted primary; null when the recovery has nothing to say about one. */
export interface DemotionChange {
  readonly server: ServerId;
  readonly state: 'fenced' | 'rejoined' | 'apart';
  readonly extraGtids: string;
}

export interface Closing {
  readonly kind: 'close';
  readonly verdict: Verdict;
  readonly lost: readonly LostServer[];
  readonly demotion: DemotionChange | null;
}

export type Next =
  /** Steps that are to be taken now; those under way are among them. */
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'promise'; readonly server: ServerId }
  | Closing;

/** Reads the record of a recovery of its kind and says what comes next; it knows nothing else. */
export type Playbook = (recovery: Recovery) => Next;

export function steps(wanted: readonly Step[]): Next {
  return { kind: 'steps', steps: wanted };
}

export function closing(
  verdict: Verdict,
  lost: readonly LostServer[] = [],
  demotion: DemotionChange | null = null,
): Closing {
  return { kind: 'close', verdict, lost, demotion };
}

/** Those of the steps that are not settled yet. */
export function pendingOf(recovery: Recovery, wanted: readonly Step[]): readonly Step[] {
  return wanted.filter((step) => standingOf(recovery, step).kind === 'pending');
}

/** Steps of one server that follow each other: from the first unsettled one on, and none after one that was given up. */
export function pendingInOrder(recovery: Recovery, wanted: readonly Step[]): readonly Step[] {
  for (const [at, step] of wanted.entries()) {
    const { kind } = standingOf(recovery, step);
    if (kind === 'given-up') return [];
    if (kind === 'pending') return wanted.slice(at);
  }
  return [];
}

/** The first of the steps that was given up, if any was. */
export function givenUpOf(
  recovery: Recovery,
  wanted: readonly Step[],
): (Extract<Standing, { kind: 'given-up' }> & { readonly step: Step }) | null {
  for (const step of wanted) {
    const standing = standingOf(recovery, step);
    if (standing.kind === 'given-up') return { ...standing, step };
  }
  return null;
}

export function participantOf(recovery: Recovery, id: ServerId): Participant {
  const found = recovery.inputs.participants.find((participant) => participant.id === id);
  return assertDefined(found, `server ${id} takes no part in recovery ${recovery.id}`);
}

export function nameOf(recovery: Recovery, id: ServerId): string {
  const found = recovery.inputs.participants.find((participant) => participant.id === id);
  return found === undefined ? id : addressText(found);
}

/**
 * The promoted server was rebuilt before it was opened. Whoever answers in its place lacks what the others have, so nobody
 * is pointed there: a person says who is to be the primary.
 */
export function leftBehind(recovery: Recovery, promoted: ServerId, error: string): Closing {
  const name = nameOf(recovery, promoted);
  const lost = replicasOf(recovery)
    .filter(({ id }) => id !== promoted)
    .map(({ id }): LostServer => ({ server: id, reason: `it was not pointed at ${name}, which is gone`, gtids: '' }));
  return closing({ kind: 'failed', reason: `${name} was promoted and is gone: ${error}` }, lost);
}

/** Servers that are to be looked at, or that lost their source, may be many; each costs a session. */
export const AT_ONCE = 50;

export function replicasOf(recovery: Recovery): readonly Participant[] {
  return recovery.inputs.participants.filter(({ role }) => role === 'replica');
}
