/**
 * A demoted primary answers again. It is fenced before all else, whatever it was doing; then its transactions are compared
 * with those of the primary of today, which is read after it, so that nothing that was replicated looks like extra. With
 * nothing extra it is pointed below the new primary; with extra ones it is set apart and the GTIDs are named: who throws
 * them away or brings them in is for an operator to say.
 */
import { isNone, minus, unionOf } from '../progress/gtids.js';
import { beginningAt } from '../progress/handover.js';
import { standingOf } from '../patience.js';
import { addressText } from '../../topology/address.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Step, StepFindings } from '../step.js';
import { unacknowledgedAmong } from '../durability/unacknowledged.js';
import { closing, type Next, pendingOf, steps } from './next.js';
import { hasOfPrimary } from './stock.js';

export function formerPrimary(recovery: Recovery): Next {
  const { failed: former } = recovery;
  const { handover } = recovery.inputs;
  const fencing: Step = { kind: 'fence', server: former, ...(handover === undefined ? {} : { since: handover.after }) };
  const fence = standingOf(recovery, fencing);
  if (fence.kind === 'pending') return steps([fencing]);
  if (fence.kind === 'given-up') return closing({ kind: 'failed', reason: `it is not fenced: ${fence.error}` });
  const primary = recovery.inputs.participants.find(({ role }) => role === 'primary');
  if (primary === undefined) return fencedOnly(recovery, 'the cluster has no primary that it could follow');
  const look = standingOf(recovery, { kind: 'look', server: primary.id });
  if (look.kind === 'pending') return steps([{ kind: 'look', server: primary.id }]);
  if (look.kind === 'given-up') return fencedOnly(recovery, look.error);

  const apart = whyApart(recovery, primary, fence.findings, look.findings);
  if (apart !== null) {
    const { gtids } = apart;
    const demotion = { server: former, state: 'apart', extraGtids: gtids } as const;
    return closing({ kind: 'succeeded' }, [lostWith(recovery, apart, fence.findings)], demotion);
  }
  return rejoin(recovery, {
    kind: 'repoint',
    server: former,
    source: primary.id,
    start: recovery.inputs.startFormerPrimary,
    ...beginningAt(handover ?? null),
  });
}

/** Set apart, and what is proven of what it alone has. */
function lostWith(
  { failed, inputs }: Recovery,
  { reason, gtids }: { readonly reason: string; readonly gtids: string },
  { waitedForAcks }: StepFindings,
): LostServer {
  if (gtids === '') return { server: failed, reason, gtids };
  const proven = unacknowledgedAmong(gtids, inputs.replaced, waitedForAcks);
  if (proven.gtids === '') {
    const because = proven.because.join('; ');
    return { server: failed, reason: `${reason}; that a client was told of one is not ruled out (${because})`, gtids };
  }
  const which = proven.because.length === 0 ? 'none of them was' : `${proven.gtids} were never`;
  const text = `${reason}; ${which} acknowledged to a client${proven.because.map((why) => `; ${why}`).join('')}`;
  return { server: failed, reason: text, gtids, unacknowledged: proven.gtids };
}

/** Null when it may follow. `gtids`: what it alone has. */
function whyApart(
  { inputs: { handover } }: Recovery,
  primary: Participant,
  fenced: StepFindings,
  seen: StepFindings,
): { readonly reason: string; readonly gtids: string } | null {
  const has = unionOf(fenced.executedGtids ?? '', fenced.receivedGtids ?? '');
  // Without GTID the new primary does not say itself what it has of the old one's.
  const extra = minus(has, unionOf(hasOfPrimary(seen), handover?.after ?? ''));
  if (!isNone(extra)) return { reason: `it has transactions that the new primary lacks: ${extra}`, gtids: extra };
  const lacks = minus(handover?.after ?? '', has);
  if (!isNone(lacks)) {
    return {
      reason: `it has lost the end of its own log, of which the new primary has ${lacks}: rebuild it`,
      gtids: '',
    };
  }
  const gone = minus(seen.purgedGtids ?? '', has);
  if (isNone(gone)) return null;
  return {
    reason: `it lacks ${gone}, which ${addressText(primary)} has purged from its binary logs: rebuild it`,
    gtids: '',
  };
}

/** No client can write to it any more; it is tried again in peace. */
function fencedOnly(recovery: Recovery, why: string): Next {
  const demotion = { server: recovery.failed, state: 'fenced', extraGtids: '' } as const;
  return closing({ kind: 'failed', reason: `it is fenced and waits: ${why}` }, [], demotion);
}

function rejoin(recovery: Recovery, repoint: Step): Next {
  const pending = pendingOf(recovery, [repoint]);
  if (pending.length > 0) return steps(pending);
  const standing = standingOf(recovery, repoint);
  const server = recovery.failed;
  if (standing.kind === 'given-up') {
    return fencedOnly(recovery, `it could not be pointed at the new primary: ${standing.error}`);
  }
  const state = recovery.inputs.startFormerPrimary ? 'rejoined' : 'fenced';
  return closing({ kind: 'succeeded' }, [], { server, state, extraGtids: '' });
}
