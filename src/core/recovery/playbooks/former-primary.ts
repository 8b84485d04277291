/**
 * A demoted primary answers again. It is fenced before all else, whatever it was doing; then its transactions are compared
 * with those of the primary of today, which is read after it, so that nothing that was replicated looks like extra. With
 * nothing extra it is pointed below the new primary; with extra ones it is set apart and the GTIDs are named: who throws
 * them away or brings them in is for an operator to say.
 */
import { isNone, minus, unionOf } from '../gtids.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { closing, nameOf, type Next, pendingOf, steps } from './next.js';

export function formerPrimary(recovery: Recovery): Next {
  const former = recovery.failed;
  const fence = standingOf(recovery, { kind: 'fence', server: former });
  if (fence.kind === 'pending') return steps([{ kind: 'fence', server: former }]);
  if (fence.kind === 'given-up') return closing({ kind: 'failed', reason: `it is not fenced: ${fence.error}` });
  const primary = recovery.inputs.participants.find(({ role }) => role === 'primary');
  if (primary === undefined) return fencedOnly(recovery, 'the cluster has no primary that it could follow');
  const look = standingOf(recovery, { kind: 'look', server: primary.id });
  if (look.kind === 'pending') return steps([{ kind: 'look', server: primary.id }]);
  if (look.kind === 'given-up') return fencedOnly(recovery, look.error);

  const has = unionOf(fence.findings.executedGtids ?? '', fence.findings.receivedGtids ?? '');
  const extra = minus(has, look.findings.executedGtids ?? '');
  if (!isNone(extra)) {
    const reason = `it has transactions that the new primary lacks: ${extra}`;
    const lost = [{ server: former, reason, gtids: extra }];
    return closing({ kind: 'succeeded' }, lost, { server: former, state: 'apart', extraGtids: extra });
  }
  const gone = minus(look.findings.purgedGtids ?? '', has);
  if (!isNone(gone)) {
    const reason = `it lacks ${gone}, which ${nameOf(recovery, primary.id)} has purged from its binary logs: rebuild it`;
    const lost = [{ server: former, reason, gtids: '' }];
    return closing({ kind: 'succeeded' }, lost, { server: former, state: 'apart', extraGtids: '' });
  }
  return rejoin(recovery, {
    kind: 'repoint',
    server: former,
    source: primary.id,
    start: recovery.inputs.startFormerPrimary,
  });
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
