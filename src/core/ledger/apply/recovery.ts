/**
 * The life of a recovery in the ledger. Here the invariants about recoveries are kept whatever a leader proposes: one
 * open recovery a cluster, one promotion a recovery, epochs only rise, no step without an intent of the current term.
 */
import { LOST_REASON, openPlansOn, openRecoveryOf } from '../../recovery/belief.js';
import { heirOf, roleWords } from '../../recovery/heir.js';
import { givesWay, isFailover } from '../../recovery/kinds.js';
import { withCancellation, withIntents, withOutcome, withPromotion } from '../../recovery/record.js';
import type { Recovery, RecoveryId, Verdict } from '../../recovery/recovery.js';
import { isReturn } from '../../recovery/ways-back/returns.js';
import type { NumberedStep, StepOutcome } from '../../recovery/step.js';
import type { ServerId } from '../../topology/server.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import { keepClosed, leaveClosed, mayBeOpened, settleClosed } from './kept-closed.js';
import { nameOf } from './names.js';
import { lockHeldByOther, releaseLocks, takeLocks } from './plan-locks.js';
import { withPrimary } from './placement.js';

/** The incumbent's: a server that was lost in a recovery is in downtime for a year (or as configured), so that it is no news. */
const LOST_DOWNTIME_MS = 365 * 24 * 3600 * 1000;

/** Closed recoveries that are kept for reading; open ones are always kept. */
const RECOVERIES_KEPT = 500;
const SWITCHES_KEPT = 200;

export function applyOpened(draft: Draft, recovery: Recovery): readonly Fact[] {
  const other = inTheWay(draft, recovery);
  if (other !== null) {
    return rejected(
      `recovery ${recovery.id}: ${other.id} is still open ${recovery.kind === 'switch' || other.kind === 'switch' ? 'there' : 'in this cluster'}`,
      recovery.failed,
      recovery.clusterId,
    );
  }
  const held = lockHeldByOther(draft, recovery);
  if (held !== null) return rejected(`recovery ${recovery.id}: ${held}`, recovery.failed, recovery.clusterId);
  const displaced = displaceSwitches(draft, recovery);
  draft.recoveries.set(recovery.id, { ...recovery, openedAtMs: draft.nowMs });
  dropOldest(draft);
  keepClosed(draft, recovery);
  return [
    ...displaced,
    ...takeLocks(draft, recovery),
    fact(
      'recovery-opened',
      `${recovery.code} on ${nameOf(draft, recovery.failed)}: ${recovery.description}`,
      recovery.failed,
      recovery.clusterId,
    ),
  ];
}

/** Of recoveries there is one a cluster; a switch shares it with whatever touches none of its servers. */
function inTheWay(draft: Draft, recovery: Recovery): Recovery | null {
  const isSwitch = recovery.kind === 'switch';
  const cluster = isSwitch ? null : openRecoveryOf(draft, recovery.clusterId);
  if (cluster !== null) return cluster;
  const on = openPlansOn(draft, serversOf(recovery));
  return on.find(({ kind }) => (isSwitch || kind === 'switch') && !givesWay(kind, recovery.kind)) ?? null;
}

/** In the entry that opens what they give way to: no two plans are ever open on one server. */
function displaceSwitches(draft: Draft, recovery: Recovery): readonly Fact[] {
  if (recovery.kind === 'switch') return [];
  const open = openPlansOn(draft, serversOf(recovery)).filter(({ kind }) => kind === 'switch');
  return open.flatMap(({ id }) => {
    const reason = `it gave way to recovery ${recovery.id}, and is left as it stood`;
    return applyClosed(draft, id, { kind: 'undone', reason, gaveWayTo: recovery.id }, []);
  });
}

function serversOf({ inputs }: Recovery): ReadonlySet<ServerId> {
  return new Set(inputs.participants.map(({ id }) => id));
}

/** Switches are many and small: those that are kept for reading take no recovery's place. */
function dropOldest(draft: Draft): void {
  dropBeyond(draft, SWITCHES_KEPT, ({ kind }) => kind === 'switch');
  dropBeyond(draft, RECOVERIES_KEPT, ({ kind }) => kind !== 'switch');
}

/** Are all plans still there that were opened since then, by the leader's stamps? The oldest of their sort are dropped first. */
export function remembersPlansSince(recoveries: ReadonlyMap<RecoveryId, Recovery>, atMs: number): boolean {
  const all = [...recoveries.values()];
  return [all.filter(({ kind }) => kind === 'switch'), all.filter(({ kind }) => kind !== 'switch')].every(
    (ones, at) => ones.length < (at === 0 ? SWITCHES_KEPT : RECOVERIES_KEPT) || (ones[0]?.openedAtMs ?? 0) < atMs,
  );
}

function dropBeyond(draft: Draft, most: number, isOne: (recovery: Recovery) => boolean): void {
  const all = [...draft.recoveries.values()].filter(isOne);
  let excess = all.length - most;
  for (const { id, closedAtMs } of all) {
    if (excess <= 0) return;
    if (closedAtMs === null) continue;
    draft.recoveries.delete(id);
    excess -= 1;
  }
}

export function applyIntended(
  draft: Draft,
  id: RecoveryId,
  term: number,
  steps: readonly NumberedStep[],
): readonly Fact[] {
  const recovery = openRecovery(draft, id);
  if (recovery === null) return rejected(`recovery ${id} is not open: its steps are not to be taken`);
  const lastTerm = recovery.steps.reduce((highest, record) => Math.max(highest, record.term), 0);
  if (term < lastTerm)
    return rejected(`recovery ${id}: a leader of term ${String(term)} was followed by one of term ${String(lastTerm)}`);
  draft.recoveries.set(id, withIntents(recovery, steps, term, draft.nowMs));
  return steps.map(({ step, attempt }) =>
    fact(
      'step-intended',
      `${step.kind} on ${nameOf(draft, step.server)}${attempt > 1 ? ` (attempt ${String(attempt)})` : ''}`,
      step.server,
      recovery.clusterId,
    ),
  );
}

export function applyFinished(draft: Draft, id: RecoveryId, number: number, outcome: StepOutcome): readonly Fact[] {
  const recovery = openRecovery(draft, id);
  const record = recovery?.steps.find((known) => known.number === number);
  if (recovery === null || record === undefined)
    return rejected(`recovery ${id}: step ${String(number)} is not under way`);
  if (record.outcome?.ok === true) return rejected(`recovery ${id}: step ${String(number)} has succeeded before`);
  draft.recoveries.set(id, withOutcome(recovery, number, outcome, draft.nowMs));
  const how = outcome.ok
    ? `done${outcome.findings.text === undefined ? '' : `: ${outcome.findings.text}`}`
    : `failed: ${outcome.error}`;
  return [
    fact(
      'step-finished',
      `${record.step.kind} on ${nameOf(draft, record.step.server)} ${how}`,
      record.step.server,
      recovery.clusterId,
    ),
  ];
}

/** The point of no return (invariant 6): from here on `server` and no other of the cluster may be opened. */
export function applyPromoting(draft: Draft, id: RecoveryId, server: ServerId, epoch: number): readonly Fact[] {
  const recovery = openRecovery(draft, id);
  const cluster = recovery === null ? undefined : draft.clusters.get(recovery.clusterId);
  if (recovery === null || cluster === undefined)
    return rejected(`recovery ${id} is not open: nothing may be promoted`, server);
  if (recovery.promotion !== null)
    return rejected(
      `recovery ${id} has promoted ${nameOf(draft, recovery.promotion.server)} before`,
      server,
      cluster.id,
    );
  if (epoch !== cluster.epoch + 1) {
    return rejected(`epoch ${String(epoch)} does not follow ${String(cluster.epoch)}`, server, cluster.id);
  }
  draft.recoveries.set(id, withPromotion(recovery, server, epoch));
  draft.clusters.set(cluster.id, { ...withPrimary(draft, cluster, server), epoch });
  mayBeOpened(draft, server);
  leaveClosed(draft, recovery, server);
  draft.demotions.delete(server);
  draft.downtimes.delete(server);
  if (recovery.failed !== server) demote(draft, recovery, epoch);
  return [
    fact('promoting', `${nameOf(draft, server)} becomes the primary, epoch ${String(epoch)}`, server, cluster.id),
  ];
}

function demote(draft: Draft, recovery: Recovery, epoch: number): void {
  draft.demotions.set(recovery.failed, {
    server: recovery.failed,
    clusterId: recovery.clusterId,
    epoch,
    recoveryId: recovery.id,
    sinceMs: draft.nowMs,
    state: 'owed',
    extraGtids: '',
    keepStopped: recovery.kind === 'graceful-takeover' && !recovery.inputs.startFormerPrimary,
  });
}

export function applyClosed(draft: Draft, id: RecoveryId, verdict: Verdict, lost: Recovery['lost']): readonly Fact[] {
  const recovery = openRecovery(draft, id);
  if (recovery === null) return rejected(`recovery ${id} is not open`);
  const successor = recovery.successor ?? (verdict.kind === 'succeeded' ? heirOf(recovery) : null);
  draft.recoveries.set(id, { ...recovery, closedAtMs: draft.nowMs, verdict, lost, successor });
  const released = releaseLocks(draft, recovery);
  settleClosed(draft, recovery, verdict);
  if (isFailover(recovery.kind) && recovery.promotion !== null) {
    const { lostDowntimeMs = LOST_DOWNTIME_MS } = recovery.inputs;
    for (const server of [recovery.failed, ...lost.map((one) => one.server)]) {
      beginLostDowntime(draft, server, lostDowntimeMs);
    }
  }
  if (isReturn(recovery.kind) && verdict.kind === 'succeeded' && lost.length === 0)
    endLostDowntime(draft, recovery.failed);
  const became = successor === null ? '' : `; ${roleWords(recovery.kind, nameOf(draft, successor))}`;
  const text = verdict.kind === 'succeeded' ? `succeeded${became}` : `${verdict.kind}: ${verdict.reason}${became}`;
  return [
    ...released,
    fact(
      'recovery-closed',
      `${recovery.kind} of ${nameOf(draft, recovery.failed)} ${text}`,
      recovery.failed,
      recovery.clusterId,
    ),
  ];
}

function beginLostDowntime(draft: Draft, server: ServerId, lengthMs: number): void {
  draft.downtimes.set(server, {
    server,
    owner: 'orchestrator',
    reason: LOST_REASON,
    beganAtMs: draft.nowMs,
    endsAtMs: draft.nowMs + lengthMs,
  });
}

/** One that an operator began is theirs to end. */
function endLostDowntime(draft: Draft, server: ServerId): void {
  if (draft.downtimes.get(server)?.reason === LOST_REASON) draft.downtimes.delete(server);
}

export function applyCancelled(draft: Draft, id: RecoveryId, by: string): readonly Fact[] {
  const recovery = openRecovery(draft, id);
  if (recovery === null) return rejected(`recovery ${id} is not open: there is nothing to cancel`);
  if (recovery.cancelled !== undefined) return [];
  draft.recoveries.set(id, withCancellation(recovery, by, draft.nowMs));
  const text = `${by} cancelled ${recovery.kind} ${id}: what has begun is finished, and nothing else is begun`;
  return [fact('recovery-cancelled', text, recovery.failed, recovery.clusterId)];
}

export function applyAcknowledged(draft: Draft, id: RecoveryId, by: string, comment: string): readonly Fact[] {
  const recovery = draft.recoveries.get(id);
  if (recovery === undefined) return rejected(`there is no recovery ${id}`);
  if (recovery.acknowledged !== null) return [];
  draft.recoveries.set(id, { ...recovery, acknowledged: { atMs: draft.nowMs, by, comment } });
  return [fact('recovery-acknowledged', `${by} acknowledged ${id}: ${comment}`, recovery.failed, recovery.clusterId)];
}

export function applyDemotion(
  draft: Draft,
  server: ServerId,
  state: 'owed' | 'fenced' | 'rejoined' | 'apart',
  extraGtids: string,
): readonly Fact[] {
  const demotion = draft.demotions.get(server);
  if (demotion === undefined) return rejected('the server is not a demoted primary', server);
  const cluster = demotion.clusterId;
  if (state === 'rejoined') {
    draft.demotions.delete(server);
    endLostDowntime(draft, server);
    return [fact('rejoined', `${nameOf(draft, server)} replicates again`, server, cluster)];
  }
  draft.demotions.set(server, { ...demotion, state, extraGtids });
  const text =
    state === 'apart'
      ? extraGtids === ''
        ? 'is set apart: what it lacks is purged'
        : `is set apart: it alone has ${extraGtids}`
      : state === 'fenced'
        ? 'is fenced'
        : 'is to be fenced';
  return [fact(`demotion-${state}`, `${nameOf(draft, server)} ${text}`, server, cluster)];
}

function openRecovery(draft: Draft, id: RecoveryId): Recovery | null {
  const recovery = draft.recoveries.get(id);
  return recovery?.closedAtMs === null ? recovery : null;
}
