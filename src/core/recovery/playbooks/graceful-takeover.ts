/**
 * An operator moves the primary's role to a replica that follows it.
 *
 * 1. All that take part are looked at, with their barriers taken: whatever speaks against it is found before a change. Then
 *    the operator's hooks, the last word against it.
 * 2. The candidate applies what the primary has. Then the primary closes and says its last GTIDs, and the candidate applies
 *    the rest. From here to 4 nobody can write. Without GTID all replicas apply up to its last place, because only who stands
 *    exactly there can be told where to begin behind the candidate, and the primary is asked once more whether it still
 *    stands there itself.
 * 3. Promoting is committed: the point of no return.
 * 4. Detach and open, at once. Without GTID all others are pointed at the new primary in between, while it writes nothing and
 *    everybody stands where it is known to be right; each is tried once, because clients wait.
 * 5. The other replicas and the former primary are pointed at the new one, the latter's threads started only if asked.
 *    Without GTID it is the last of them.
 *
 * Before 3 any failure opens the primary again: a takeover that fails leaves things as they were. No replica was moved by
 * then, so nothing else is to be put back.
 */
import { isNone, minus, unionOf, withoutServer } from '../progress/gtids.js';
import { beginningAt, handoverOf } from '../progress/handover.js';
import { standingOf } from '../patience.js';
import { hasHere } from '../progress/share.js';
import { recordOf } from '../record.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Step, StepFindings } from '../step.js';
import type { ServerId } from '../../topology/server.js';
import { hasHooksBefore, hooksBefore } from './hooks.js';
import {
  closing,
  type DemotionChange,
  givenUpOf,
  leftBehind,
  nameOf,
  type Next,
  participantOf,
  pendingInOrder,
  pendingOf,
  replicasOf,
  steps,
} from './next.js';

export function gracefulTakeover(recovery: Recovery): Next {
  return recovery.promotion === null ? beforePromotion(recovery) : afterPromotion(recovery, recovery.promotion);
}

function beforePromotion(recovery: Recovery): Next {
  const candidate = recovery.inputs.participants.find(({ id }) => id === recovery.inputs.requestedCandidate);
  if (candidate === undefined) return closing({ kind: 'undone', reason: 'the record names no candidate' });
  const looks = recovery.inputs.participants.map(lookAt);
  const pending = pendingOf(recovery, looks);
  if (pending.length > 0) return steps(pending);
  const objection = objectionOf(recovery, candidate);
  if (objection !== null) return closing({ kind: 'undone', reason: objection });
  return (
    writtenTo(recovery, candidate) ??
    hooksBefore(recovery) ??
    catchUpFirst(recovery, candidate) ??
    closeAndCatchUp(recovery, candidate)
  );
}

function lookAt({ id }: Participant): Extract<Step, { kind: 'look' }> {
  return { kind: 'look', server: id };
}

function seen(recovery: Recovery, participant: Participant): StepFindings {
  const standing = standingOf(recovery, lookAt(participant));
  return standing.kind === 'done' ? standing.findings : {};
}

/** What speaks against the takeover, found before anything is changed. */
function objectionOf(recovery: Recovery, candidate: Participant): string | null {
  const unseen = givenUpOf(recovery, recovery.inputs.participants.map(lookAt));
  if (unseen !== null) return unseen.error;
  const found = seen(recovery, candidate);
  const name = nameOf(recovery, candidate.id);
  if (found.applierError !== undefined) return `${name} cannot apply its relay log: ${found.applierError}`;
  if (found.openError !== undefined) return `${name} could not be opened for writes: ${found.openError}`;
  for (const other of recovery.inputs.participants) {
    if (other.id === candidate.id) continue;
    const obstacle = obstacleFor(recovery, other, candidate);
    if (obstacle !== null) return `${nameOf(recovery, other.id)} could not follow ${name}: ${obstacle}`;
  }
  return null;
}

/**
 * What the candidate alone has would become everybody's with the role, and nobody decided that. The two were looked at
 * beside each other, so the primary is asked again before anybody is accused: what it has by then is no surplus. Null when
 * nobody wrote to the candidate.
 */
function writtenTo(recovery: Recovery, candidate: Participant): Next | null {
  const primary = participantOf(recovery, recovery.failed);
  const found = seen(recovery, candidate);
  const has = withoutServer(unionOf(found.executedGtids ?? '', found.receivedGtids ?? ''), primary.id);
  if (isNone(minus(has, seen(recovery, primary).executedGtids ?? ''))) return null;
  const look: Step = { ...lookAt(primary), again: true };
  const again = standingOf(recovery, look);
  if (again.kind === 'pending') return steps([look]);
  if (again.kind === 'given-up') return closing({ kind: 'undone', reason: again.error });
  const extra = minus(has, again.findings.executedGtids ?? '');
  if (isNone(extra)) return null;
  const [name, source] = [nameOf(recovery, candidate.id), nameOf(recovery, primary.id)];
  const mend = `let ${source} know them as empty ones (orchestrator-client -c inject-empty -i ${name}), or rebuild it`;
  return closing({ kind: 'undone', reason: `${name} has transactions that ${source} lacks: ${extra} (${mend})` });
}

/** The primary's own transactions are left out: what is missing of them is on its way. */
function obstacleFor(recovery: Recovery, other: Participant, candidate: Participant): string | null {
  const theirs = seen(recovery, other);
  const ours = seen(recovery, candidate);
  const has = hasHere(recovery, other.id, theirs);
  const held = unionOf(ours.executedGtids ?? '', ours.receivedGtids ?? '');
  const extra = withoutServer(minus(has, held), recovery.failed);
  if (!isNone(extra)) return `it has transactions that the other lacks: ${extra}`;
  const unfit = other.cannotFollow.find(({ source }) => source === candidate.id);
  if (unfit !== undefined) return unfit.reason;
  const gone = minus(ours.purgedGtids ?? '', has);
  return isNone(gone) ? null : `it lacks ${gone}, which the other has purged from its binary logs`;
}

/** While the primary waits for a table lock of some client, the writes of all others wait behind it. */
const CLOSE_LIMIT_MS = 5_000;

/**
 * What the primary had when it was looked at last is applied before it closes: what is left then is what was written since,
 * and a candidate that does not get there is found before anybody has to wait. Null when it is there. Without GTID the
 * others are waited for, who must stand at the same place in the end; where the candidate's own log stands is part of its
 * answer, and that counts only when the primary is closed.
 *
 * Hooks take as long as they like, and somebody may stop or move the candidate meanwhile: after them the primary is looked
 * at again, and the candidate has to have applied what it had by then.
 */
function catchUpFirst(recovery: Recovery, candidate: Participant): Next | null {
  const primary = participantOf(recovery, recovery.failed);
  const first = seen(recovery, primary);
  const byPlace = first.ownEnd !== undefined;
  const afterHooks = hasHooksBefore(recovery);
  const look: Step = afterHooks ? { ...lookAt(primary), again: true } : lookAt(primary);
  const last = standingOf(recovery, look);
  if (last.kind === 'pending') return steps([look]);
  if (last.kind === 'given-up') return closing({ kind: 'undone', reason: last.error });
  const { executedGtids = '' } = last.findings;
  if (isNone(executedGtids)) return null;
  const waits = (byPlace ? replicasOf(recovery) : [candidate])
    .filter(({ id }) => !byPlace || afterHooks || id !== candidate.id)
    .map((one) => appliedBy(recovery, one, executedGtids));
  const pending = pendingOf(recovery, waits);
  if (pending.length > 0) return steps(pending);
  const late = givenUpOf(recovery, waits);
  return late === null ? null : closing({ kind: 'undone', reason: late.error });
}

/** What was asked before the primary was closed is asked anew. */
const CLOSED = 'closed';

function appliedBy({ inputs }: Recovery, { id }: Participant, gtids: string): Extract<Step, { kind: 'await-applied' }> {
  return { kind: 'await-applied', server: id, gtids, limitMs: inputs.applyLimitMs };
}

function closeAndCatchUp(recovery: Recovery, candidate: Participant): Next {
  const { applyLimitMs } = recovery.inputs;
  const close: Step = { kind: 'close', server: recovery.failed, limitMs: Math.min(applyLimitMs, CLOSE_LIMIT_MS) };
  const closed = standingOf(recovery, close);
  if (closed.kind === 'pending') return steps([close]);
  if (closed.kind === 'given-up') return reopen(recovery, closed.error);
  const gtids = closed.findings.executedGtids ?? '';
  const byPlace = closed.findings.ownEnd !== undefined;
  const waits = (byPlace ? replicasOf(recovery) : [candidate]).map((one): Step => {
    const wait = appliedBy(recovery, one, gtids);
    // It was asked before already, and where its own log stands counts only now.
    return byPlace && hasHooksBefore(recovery) ? { ...wait, hop: CLOSED } : wait;
  });
  const pending = pendingOf(recovery, waits);
  if (pending.length > 0) return steps(pending);
  const late = givenUpOf(recovery, waits);
  if (late !== null) return reopen(recovery, late.error);
  const stillThere = byPlace ? assured(recovery, gtids) : null;
  return stillThere ?? { kind: 'promise', server: candidate.id };
}

/** Privileged accounts may have written in spite of read_only. Null when nobody did. */
function assured(recovery: Recovery, gtids: string): Next | null {
  const look: Step = { kind: 'look', server: recovery.failed, again: true, hop: CLOSED };
  const standing = standingOf(recovery, look);
  if (standing.kind === 'pending') return steps([look]);
  if (standing.kind === 'given-up') return reopen(recovery, standing.error);
  const now = standing.findings.executedGtids ?? '';
  const name = nameOf(recovery, recovery.failed);
  return now === gtids ? null : reopen(recovery, `${name} was written to after it was closed: it stands at ${now}`);
}

/** The primary takes writes again under the epoch it always had. */
function reopen(recovery: Recovery, reason: string): Next {
  // One that took no writes before takes none afterwards.
  if (seen(recovery, participantOf(recovery, recovery.failed)).readOnly === true) {
    return closing({ kind: 'undone', reason });
  }
  // Its semi-sync was never touched.
  const open: Step = { kind: 'open', server: recovery.failed, epoch: recovery.inputs.epoch - 1, semiSync: null };
  const standing = standingOf(recovery, open);
  if (standing.kind === 'pending') return steps([open]);
  if (standing.kind === 'done') return closing({ kind: 'undone', reason });
  const name = nameOf(recovery, recovery.failed);
  return closing({ kind: 'failed', reason: `${reason}; and ${name} could not be opened again: ${standing.error}` });
}

function afterPromotion(recovery: Recovery, { server, epoch }: NonNullable<Recovery['promotion']>): Next {
  const opening: readonly Step[] = [
    { kind: 'detach', server },
    { kind: 'open', server, epoch, semiSync: recovery.inputs.semiSync },
  ];
  const first = pendingInOrder(recovery, opening);
  const between = first.length === 1 ? untriedBetween(recovery, server) : [];
  if (between.length > 0) return steps(between);
  if (first.length > 0) return steps(handoverOf(recovery, server) === null ? first : first.slice(0, 1));
  const unopened = givenUpOf(recovery, opening);
  if (unopened?.code === 'replaced') return leftBehind(recovery, server, unopened.error);
  const repoints = recovery.inputs.participants
    .filter(({ id }) => id !== server)
    .map((other) => repointOf(recovery, other));
  const pending = inTurn(recovery, pendingOf(recovery, repoints));
  if (pending.length > 0) return steps(pending);
  const lost = repoints.flatMap((step): LostServer[] => {
    const standing = standingOf(recovery, step);
    return standing.kind === 'given-up' ? [{ server: step.server, reason: standing.error, gtids: '' }] : [];
  });
  const demotion = demotionOf(recovery);
  if (unopened === null) return closing({ kind: 'succeeded' }, lost, demotion);
  const reason = `${nameOf(recovery, server)} was promoted and could not be opened: ${unopened.error}`;
  return closing({ kind: 'failed', reason }, lost, demotion);
}

/**
 * Without GTID: who is to be pointed before the new primary opens. The former primary follows only where all others do already:
 * it would hand on what is written later to whoever still follows it.
 */
function untriedBetween(recovery: Recovery, promoted: ServerId): readonly Step[] {
  if (handoverOf(recovery, promoted) === null) return [];
  const pointing = recovery.inputs.participants
    .filter(({ id }) => id !== promoted && id !== recovery.failed)
    .map((other) => repointOf(recovery, other));
  const untried = pointing.filter((step) => isUntried(recovery, step));
  if (untried.length > 0) return untried;
  const last = repointOf(recovery, participantOf(recovery, recovery.failed));
  const allFollow = pointing.every((step) => standingOf(recovery, step).kind === 'done');
  return allFollow && isUntried(recovery, last) ? [last] : [];
}

function isUntried(recovery: Recovery, step: Step): boolean {
  return (recordOf(recovery, step)?.outcome ?? null) === null;
}

/**
 * Without GTID the former primary comes last: what it fetches from the new one it hands on to whoever still follows it, and
 * that one would leave the only place at which it may be told where to begin.
 */
function inTurn(recovery: Recovery, pending: readonly Step[]): readonly Step[] {
  const others = pending.filter(({ server }) => server !== recovery.failed);
  const isPlaced = pending.some((step) => step.kind === 'repoint' && step.begin !== undefined);
  return isPlaced && others.length > 0 ? others : pending;
}

function repointOf(recovery: Recovery, { id, start, rests }: Participant): Step {
  const source = participantOf(recovery, recovery.promotion?.server ?? recovery.failed).id;
  return {
    kind: 'repoint',
    server: id,
    source,
    start: id === recovery.failed ? recovery.inputs.startFormerPrimary : start,
    ...beginningAt(handoverOf(recovery, source)),
    ...(rests === undefined ? {} : { rests }),
  };
}

/** The former primary was closed and read back before the promotion; where it could not be pointed, it is still owed. */
function demotionOf(recovery: Recovery): DemotionChange | null {
  const former = repointOf(recovery, participantOf(recovery, recovery.failed));
  if (standingOf(recovery, former).kind !== 'done') return null;
  const state = recovery.inputs.startFormerPrimary ? 'rejoined' : 'fenced';
  return { server: recovery.failed, state, extraGtids: '' };
}
