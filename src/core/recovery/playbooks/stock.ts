/**
 * What every way back begins with: the server that is to return is closed to clients, or at least fetches nothing any more,
 * and says what it has; then the primary says what it has, after it, so that nothing that was replicated looks like extra.
 */
import { isNone, minus, unionOf } from '../progress/gtids.js';
import { hasHere } from '../progress/share.js';
import { beginningAt } from '../progress/handover.js';
import { standingOf } from '../patience.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Beginning, Step, StepFindings } from '../step.js';
import { closing, type DemotionChange, nameOf, type Next, participantOf, steps } from './next.js';

export interface Stock {
  readonly kind: 'stock';
  readonly server: Participant;
  readonly primary: Participant;
  /** What it has applied, and what it has received. */
  readonly executed: string;
  readonly received: string;
  /** What the primary has. */
  readonly known: string;
  /** What it has, applied or not, and the primary lacks. */
  readonly extra: string;
  /** What it lacks and nobody can fetch from the primary any more. */
  readonly gone: string;
}

/** The next thing to do while the stock is not taken; an ending when it cannot be. */
export function takeStock(recovery: Recovery): Stock | Next {
  const primary = recovery.inputs.participants.find(({ role }) => role === 'primary');
  if (primary === undefined) return closing({ kind: 'undone', reason: 'the cluster has no primary to follow' });
  const server = participantOf(recovery, recovery.failed);
  const stop = readingStep(server);
  const own = standingOf(recovery, stop);
  if (own.kind === 'pending') return steps([stop]);
  if (own.kind === 'given-up') return closing({ kind: 'undone', reason: own.error });
  const look: Step = { kind: 'look', server: primary.id };
  const other = standingOf(recovery, look);
  if (other.kind === 'pending') return steps([look]);
  if (other.kind === 'given-up') return closing({ kind: 'undone', reason: other.error });
  const executed = own.findings.executedGtids ?? '';
  const received = own.findings.receivedGtids ?? '';
  const has = hasHere(recovery, server.id, own.findings);
  // Without GTID the primary does not say itself what it has of the old one's.
  const known = unionOf(hasOfPrimary(other.findings), recovery.inputs.handover?.after ?? '');
  return {
    kind: 'stock',
    server,
    primary,
    executed,
    received,
    known,
    extra: minus(has, known),
    gone: minus(other.findings.purgedGtids ?? '', has),
  };
}

/** What it has executed, and what it is about to: a replica may have that before it counts as executed there. */
export function hasOfPrimary({ executedGtids = '', committingGtids = '' }: StepFindings): string {
  return unionOf(executedGtids, committingGtids);
}

export function readingStep({ id, role }: Participant): Step {
  return role === 'former' ? { kind: 'fence', server: id } : { kind: 'stop-io', server: id };
}

/** Points it at the primary and closes the recovery with what became of that. */
export function rejoining(
  recovery: Recovery,
  { server, primary }: Pick<Stock, 'server' | 'primary'>,
  begin: Beginning | null = null,
): Next {
  const unfit = server.cannotFollow.find(({ source }) => source === primary.id);
  if (unfit !== undefined) return apart(recovery, server, unfit.reason, '');
  const to = { source: primary.id, start: true, ...beginningAt(begin) };
  const repoint: Step = { kind: 'repoint', server: server.id, ...to };
  const standing = standingOf(recovery, repoint);
  if (standing.kind === 'pending') return steps([repoint]);
  if (standing.kind === 'given-up') {
    const reason = `it could not be pointed at ${nameOf(recovery, primary.id)}: ${standing.error}`;
    return closing({ kind: 'failed', reason });
  }
  return closing({ kind: 'succeeded' }, [], demotionOf(server, 'rejoined', ''));
}

/** It cannot follow, and a person decides what becomes of it. */
export function apart(recovery: Recovery, server: Participant, reason: string, gtids: string): Next {
  const lost: readonly LostServer[] = [{ server: recovery.failed, reason, gtids }];
  return closing({ kind: 'succeeded' }, lost, demotionOf(server, 'apart', gtids));
}

export function goneReason(recovery: Recovery, { gone, primary }: Pick<Stock, 'gone' | 'primary'>): string | null {
  if (isNone(gone)) return null;
  return `it lacks ${gone}, which ${nameOf(recovery, primary.id)} has purged from its binary logs: rebuild it`;
}

function demotionOf(
  { id, role }: Participant,
  state: DemotionChange['state'],
  extraGtids: string,
): DemotionChange | null {
  return role === 'former' ? { server: id, state, extraGtids } : null;
}
