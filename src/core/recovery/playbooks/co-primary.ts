/**
 * The source of a replica is made to follow that replica, so that either can take the other's place. Whatever the replica
 * alone has would come to the primary by that, and to everybody below it: then it is not done. The primary goes on taking
 * writes all the while.
 */
import { isNone, minus, withoutPlaces } from '../progress/gtids.js';
import type { MoveTerms } from '../requests/movement.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Beginning, Step } from '../step.js';
import { beginningAt } from '../progress/handover.js';
import type { ServerId } from '../../topology/server.js';
import { closing, nameOf, type Next, steps } from './next.js';
import { executedAt, lookAt } from './one-move.js';

export function moveCoPrimary(recovery: Recovery, { moves }: MoveTerms): Next {
  const [move] = moves;
  if (move === undefined) return closing({ kind: 'undone', reason: 'there is nobody to follow' });
  const { server: primary, to: replica } = move;
  // The primary is read last: what the replica has fetched from it by then is no surprise.
  for (const server of [replica, primary]) {
    const standing = standingOf(recovery, lookAt(server));
    if (standing.kind === 'pending') return steps([lookAt(server)]);
    if (standing.kind === 'given-up') return closing({ kind: 'undone', reason: standing.error });
  }
  const known = executedAt(recovery, replica);
  // Where it stands in the log of the primary is no transaction of its own.
  const extra = minus(move.byPlace === true ? known : withoutPlaces(known), executedAt(recovery, primary));
  if (!isNone(extra)) {
    const reason = `${nameOf(recovery, replica)} has transactions that ${nameOf(recovery, primary)} lacks: ${extra}`;
    return closing({ kind: 'undone', reason }, [{ server: primary, reason, gtids: extra }]);
  }
  const begin = move.byPlace === true ? beginningAtEnd(recovery, replica) : null;
  if (begin !== null && 'reason' in begin) return closing({ kind: 'undone', reason: begin.reason });
  const point: Step = { kind: 'repoint', server: primary, source: replica, start: true, ...beginningAt(begin) };
  const standing = standingOf(recovery, point);
  if (standing.kind === 'pending') return steps([point]);
  return standing.kind === 'done' ? closing({ kind: 'succeeded' }) : unfollow(recovery, primary, standing.error);
}

/** By place: all that the replica's log holds by now came from the primary itself, unless others can write to it. */
function beginningAtEnd(recovery: Recovery, replica: ServerId): Beginning | { readonly reason: string } {
  const look = standingOf(recovery, lookAt(replica));
  const { readOnly, ownEnd } = look.kind === 'done' ? look.findings : {};
  if (ownEnd === undefined) return { reason: `${nameOf(recovery, replica)} has no binary log` };
  return readOnly === true ? { at: ownEnd, after: '' } : { reason: `${nameOf(recovery, replica)} takes writes itself` };
}

/** It followed nobody before. */
function unfollow(recovery: Recovery, primary: Recovery['failed'], why: string): Next {
  const detach: Step = { kind: 'detach', server: primary };
  const standing = standingOf(recovery, detach);
  const lost = [{ server: primary, reason: why, gtids: '' }];
  if (standing.kind === 'pending') return steps([detach]);
  if (standing.kind === 'done') return closing({ kind: 'undone', reason: why }, lost);
  const next = `it goes on taking writes; mend that, then: orchestrator-client -c reset-replica -i ${nameOf(recovery, primary)}`;
  return closing(
    { kind: 'failed', reason: `${why}; and its source was not taken away: ${standing.error}; ${next}` },
    lost,
  );
}
