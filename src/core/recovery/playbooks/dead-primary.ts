/**
 * The primary is gone; a replica takes over.
 *
 * 1. IO threads of all replicas stop, beside each other; only then are the received sets compared (invariant 10). An earlier
 *    primary that answers and is not fenced yet is fenced beside them: its own recovery had to give way to this one.
 * 2. A candidate is chosen; it catches up from a more advanced replica if it lacks something, and applies all it received.
 *    Where another is as good and has less left to apply, it is waited for briefly: a backup may hold its tables for hours.
 * 3. Promoting is committed: the point of no return. Detach and open follow at once, because clients wait for nothing else;
 *    where the configuration leaves that to others (leavesClosed) the new primary is read and not changed.
 * 4. The others are pointed at the new primary. Who has transactions that it lacks is set apart with their GTIDs.
 *
 * What an operator forced begins with the primary itself (fence-first.ts); whoever cannot know that it is dead still asks it
 * once more before 3 (signs-of-life.ts).
 *
 * Before 3 a failure starts the IO threads again where they were, in case the primary is there after all, and the recovery
 * is planned anew. After 3 it goes forward only: should the promoted server die before it was opened, the others are
 * pointed at it nevertheless, so that its death is judged like that of any primary. Only where another server answers in its
 * place they stay as they are: that one lacks their transactions.
 */
import type { ServerId } from '../../topology/server.js';
import { type Chosen, type Choice, choose, type Gathered, progressOf, whyNotFollow } from '../choice/choice.js';
import { reachedBy, shortfalls, whyNotUnder } from '../durability/durability.js';
import { isNone, minus, unionOf } from '../progress/gtids.js';
import { type Standing, standingOf, standingOfRecord } from '../patience.js';
import { recordOf } from '../record.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Step, StepFindings } from '../step.js';
import { beginningAt } from '../progress/handover.js';
import { hasHere } from '../progress/share.js';
import { fenceFirst, meetFirst, reopening, stuckClosed } from './fence-first.js';
import { placeFollowers } from './followers.js';
import { hooksBefore } from './hooks.js';
import {
  closing,
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
import { whyAlive } from './signs-of-life.js';

export function deadPrimary(recovery: Recovery): Next {
  return recovery.promotion === null ? beforePromotion(recovery) : afterPromotion(recovery, recovery.promotion);
}

function beforePromotion(recovery: Recovery): Next {
  const met = meetFirst(recovery);
  if (met.kind !== 'settled') return met.kind === 'steps' ? steps(met.steps) : undo(recovery, met.reason);
  const held = hooksBefore(recovery);
  if (held !== null) return held;
  const fenced = fenceFirst(recovery);
  if (fenced.kind !== 'settled') return fenced.kind === 'steps' ? steps(fenced.steps) : undo(recovery, fenced.reason);
  const stops = replicasOf(recovery).map(stopOf);
  const pending = [...pendingOf(recovery, stops), ...untriedFences(recovery)];
  if (pending.length > 0) return steps(pending);
  const alive = whyAlive(recovery);
  if (alive !== null) return undo(recovery, alive);
  const choice = choiceOf(recovery);
  if (choice.kind === 'none') return undo(recovery, choice.reason);
  const preparation = preparationOf(recovery, choice);
  const preparing = pendingInOrder(recovery, preparation);
  if (preparing.length > 0) return steps(preparing);
  const stuck = givenUpOf(recovery, preparation);
  if (stuck !== null) return undo(recovery, stuck.error);
  return { kind: 'promise', server: choice.candidate.participant.id };
}

function stopOf({ id }: Participant): Step {
  return { kind: 'stop-io', server: id };
}

/** Tried once: this failover does not wait for a server that was judged dead before and is not the primary any more. */
function untriedFences(recovery: Recovery): readonly Step[] {
  return recovery.inputs.participants
    .filter(({ role }) => role === 'former')
    .map(({ id }): Step => ({ kind: 'fence', server: id }))
    .filter((fence) => (recordOf(recovery, fence)?.outcome ?? null) === null);
}

function choiceOf(recovery: Recovery): Choice {
  const gathered = gatheredOf(recovery);
  if (gathered.length === 0) return { kind: 'none', reason: whyNobody(recovery) };
  const lacks = undurable(recovery) ?? whyNotRequested(recovery, gathered);
  if (lacks !== null) return { kind: 'none', reason: lacks };
  const failures = recovery.steps
    .filter((record) => isPreparation(recovery, record.step))
    .map(({ step, ...record }) => ({
      server: step.server,
      standing: standingOfRecord({ step, ...record }),
    }));
  const failed = failures.filter(({ standing }) => standing.kind === 'given-up');
  // Who ran out of time may still hold what nobody else has: then nobody else is promoted over its head.
  const late = failed.filter(({ standing }) => standing.kind === 'given-up' && standing.code === 'limit');
  const held = gathered.filter(({ participant }) => late.some(({ server }) => server === participant.id));
  return choose(gathered, {
    requested: recovery.inputs.requestedCandidate,
    excluded: new Set(failed.map(({ server }) => server)),
    mustHave: unionOf(...held.map(progressOf)),
  });
}

/** By now it is known who was reached: the policy is asked again, because who answered a probe may not answer the plan. */
function undurable(recovery: Recovery): string | null {
  const { durability } = recovery.inputs;
  if (durability?.enforced !== true) return null;
  const lacks = shortfalls(durability, reachedBy(recovery));
  return lacks.length === 0
    ? null
    : `the durability policy ${durability.policy} does not permit a promotion: ${lacks.join('; ')}`;
}

/** Nobody takes the place of one that was asked for. Of co-primaries it was the configuration, or its being open, that asked. */
function whyNotRequested(recovery: Recovery, gathered: readonly Gathered[]): string | null {
  const { requestedCandidate } = recovery.inputs;
  if (requestedCandidate === null || gathered.some(({ participant }) => participant.id === requestedCandidate))
    return null;
  const name = nameOf(recovery, requestedCandidate);
  return recovery.kind === 'dead-co-primary'
    ? `${name}, the other co-primary, could not be reached, and nobody else may take over (CoMasterRecoveryMustPromoteOtherCoMaster)`
    : `${name}, which was asked for, could not be reached, and nobody else is promoted in its place`;
}

/** What may be tried on a candidate before it is promoted; pointing a replica back at the old primary is not that. */
function isPreparation(recovery: Recovery, step: Step): boolean {
  if (step.kind === 'await-applied') return true;
  if (step.kind !== 'repoint') return false;
  return step.source !== (participantOf(recovery, step.server).follows ?? recovery.failed);
}

function gatheredOf(recovery: Recovery): readonly Gathered[] {
  return replicasOf(recovery).flatMap((participant) => {
    const standing = standingOf(recovery, stopOf(participant));
    return standing.kind === 'done' ? [gatheredFrom(recovery, limited(recovery, participant, standing), standing)] : [];
  });
}

/** What the opening could not know of a candidate: what it has left to apply, and who would acknowledge to it. */
function limited(
  recovery: Recovery,
  participant: Participant,
  { findings }: Extract<Standing, { kind: 'done' }>,
): Participant {
  if (!participant.promotable) return participant;
  const { durability, promotesAppliedOnly } = recovery.inputs;
  const unapplied = unappliedIn(findings);
  if (promotesAppliedOnly === true && !isNone(unapplied)) {
    const reason = `has ${unapplied} left to apply (FailMasterPromotionIfSQLThreadNotUpToDate)`;
    return { ...participant, promotable: false, reason };
  }
  const zone = durability?.ackers.find(({ server }) => server === participant.id)?.zone ?? '';
  const under =
    durability === undefined ? null : whyNotUnder(durability, { id: participant.id, zone }, reachedBy(recovery));
  return under === null ? participant : { ...participant, promotable: false, reason: under };
}

function gatheredFrom(
  recovery: Recovery,
  participant: Participant,
  { findings }: Extract<Standing, { kind: 'done' }>,
): Gathered {
  const { openError } = findings;
  return {
    participant:
      openError === undefined
        ? participant
        : { ...participant, promotable: false, reason: `could not be opened: ${openError}` },
    has: hasHere(recovery, participant.id, findings),
    purged: findings.purgedGtids ?? '',
    applierError: findings.applierError ?? null,
    byPlace: findings.ownEnd !== undefined,
    unapplied: unappliedIn(findings),
  };
}

function unappliedIn({ receivedGtids = '', executedGtids = '' }: StepFindings): string {
  return minus(receivedGtids, executedGtids);
}

/** Longer than an applier at work takes for what came in its last moments. */
const BESIDE_A_READIER_MS = 3000;

function preparationOf(recovery: Recovery, { candidate, catchUpFrom, target, hasReadier }: Chosen): readonly Step[] {
  const server = candidate.participant.id;
  const { applyLimitMs } = recovery.inputs;
  const limitMs = hasReadier ? Math.min(applyLimitMs, BESIDE_A_READIER_MS) : applyLimitMs;
  const wait: Step = { kind: 'await-applied', server, gtids: target, limitMs };
  if (catchUpFrom === null) return [wait];
  return [{ kind: 'repoint', server, source: catchUpFrom.participant.id, start: true }, wait];
}

function whyNobody(recovery: Recovery): string {
  const replicas = replicasOf(recovery);
  if (replicas.length === 0) return 'there is no replica';
  const reasons = replicas.map((replica) => {
    const standing = standingOf(recovery, stopOf(replica));
    return standing.kind === 'given-up' ? standing.error : nameOf(recovery, replica.id);
  });
  return `no replica could be stopped and read: ${reasons.join('; ')}`;
}

/** Every replica that was touched follows whom it followed, as far as it can be reached, and a fenced primary is opened. */
function undo(recovery: Recovery, reason: string): Next {
  const back = gatheredOf(recovery).map(({ participant: { id, start, follows } }): Step => {
    return { kind: 'repoint', server: id, source: follows ?? recovery.failed, start, asItFollows: true };
  });
  const reopen = reopening(recovery);
  const pending = pendingOf(recovery, reopen === null ? back : [reopen, ...back]);
  if (pending.length > 0) return steps(pending);
  const closed = stuckClosed(recovery, reopen);
  if (closed !== null) return closing({ kind: 'failed', reason: `${reason}; and ${closed}` });
  const stuck = givenUpOf(recovery, back);
  if (stuck === null) return closing({ kind: 'undone', reason });
  return closing({
    kind: 'failed',
    reason: `${reason}; and ${nameOf(recovery, stuck.step.server)} is left as it is: ${stuck.error}`,
  });
}

function afterPromotion(recovery: Recovery, { server, epoch }: NonNullable<Recovery['promotion']>): Next {
  const promoted = gatheredOf(recovery).find(({ participant }) => participant.id === server) ?? {
    participant: participantOf(recovery, server),
    has: '',
    purged: '',
    applierError: null,
    byPlace: false,
  };
  const opening = openingOf(recovery, promoted, epoch);
  const pending = pendingInOrder(recovery, opening);
  if (pending.length > 0) return steps(pending);
  const unopened = givenUpOf(recovery, opening);
  if (unopened?.code === 'replaced') return leftBehind(recovery, server, unopened.error);
  const { followers, lost } = followersOf(recovery, promoted);
  const placed = placeFollowers(recovery, followers, promoted.participant);
  const repoints = placed.followers.map(
    ({ participant: { id, start }, begin }): Step => ({
      kind: 'repoint',
      server: id,
      source: server,
      start,
      ...beginningAt(begin),
    }),
  );
  const open = [...placed.pending, ...pendingOf(recovery, repoints)];
  if (open.length > 0) return steps(open);
  const left = [...lost, ...placed.lost, ...unreachedOf(recovery, repoints)];
  const severing = pendingOf(recovery, seversOf(recovery, left));
  if (severing.length > 0) return steps(severing);
  if (unopened === null) return closing({ kind: 'succeeded' }, left);
  const what = recovery.inputs.leavesClosed === true ? 'read' : 'opened';
  return closing(
    { kind: 'failed', reason: `${nameOf(recovery, server)} was chosen and could not be ${what}: ${unopened.error}` },
    left,
  );
}

/**
 * Whom we do not open is looked at all the same: another server that answers in its place must not be followed. One that
 * caught up from a fellow replica follows that, and would go on when it is pointed here in turn: it forgets it.
 */
function openingOf(recovery: Recovery, promoted: Gathered, epoch: number): readonly Step[] {
  const { inputs, steps: taken } = recovery;
  const server = promoted.participant.id;
  const detach: Step = { kind: 'detach', server, ...fellowOf(recovery, promoted) };
  if (inputs.leavesClosed !== true) return [detach, { kind: 'open', server, epoch, semiSync: inputs.semiSync }];
  const caughtUp = taken.some(({ step }) => step.kind === 'repoint' && step.server === server);
  return [caughtUp ? detach : { kind: 'look', server }];
}

/** By GTID of MySQL alone: there the first event of any other source ends what the last one sent in part. */
function fellowOf(recovery: Recovery, promoted: Gathered): { readonly fellow?: ServerId } {
  if (promoted.byPlace || promoted.participant.countsBy !== undefined) return {};
  const has = promotedHasOf(recovery, promoted);
  const fellow = followersOf(recovery, promoted).followers.find(
    (one) => one.participant.servesOthers && whyNotFollow({ ...promoted, has }, one, has) === null,
  );
  return fellow === undefined ? {} : { fellow: fellow.participant.id };
}

function promotedHasOf(recovery: Recovery, { has, participant }: Gathered): string {
  return unionOf(has, appliedBy(recovery, participant.id));
}

function followersOf(
  recovery: Recovery,
  promoted: Gathered,
): { readonly followers: readonly Gathered[]; readonly lost: readonly LostServer[] } {
  const followers: Gathered[] = [];
  const lost: LostServer[] = [];
  const promotedHas = promotedHasOf(recovery, promoted);
  const gathered = new Map(gatheredOf(recovery).map((one) => [one.participant.id, one]));
  for (const participant of replicasOf(recovery)) {
    const { id } = participant;
    if (id === promoted.participant.id) continue;
    const replica = gathered.get(id);
    const obstacle =
      replica === undefined
        ? unread(recovery, id)
        : whyNotFollow(replica, promoted, promotedHas, undefined, fetchedBy(recovery, id, gathered));
    if (obstacle !== null) lost.push({ server: id, ...obstacle });
    else if (replica !== undefined) followers.push(replica);
  }
  return { followers, lost };
}

/** What it has received is not known, so it may have what the new primary lacks: it is not pointed anywhere (invariant 12). */
function unread(recovery: Recovery, server: ServerId): Omit<LostServer, 'server'> {
  const standing = standingOf(recovery, { kind: 'stop-io', server });
  return { reason: standing.kind === 'given-up' ? standing.error : 'it was not read', gtids: '' };
}

/** What a server may have fetched from a fellow replica in an attempt to make it a candidate. */
function fetchedBy(recovery: Recovery, server: ServerId, gathered: ReadonlyMap<ServerId, Gathered>): string {
  const sources = recovery.steps.flatMap(({ step }) =>
    step.kind === 'repoint' && step.server === server ? [gathered.get(step.source)?.has ?? ''] : [],
  );
  return unionOf(...sources);
}

/** All that a server was seen to have applied during this recovery. */
function appliedBy(recovery: Recovery, server: ServerId): string {
  const waited = recovery.steps.filter(
    ({ step, outcome }) => step.kind === 'await-applied' && step.server === server && outcome?.ok === true,
  );
  return unionOf(...waited.map(({ step }) => (step.kind === 'await-applied' ? step.gtids : '')));
}

/** Of those that were read and cannot follow: should the old primary come back, they shall not go on with it. */
function seversOf(recovery: Recovery, left: readonly LostServer[]): readonly Step[] {
  if (recovery.inputs.detachesLost !== true) return [];
  const read = new Set(gatheredOf(recovery).map(({ participant }) => participant.id));
  return left.filter(({ server }) => read.has(server)).map(({ server }): Step => ({ kind: 'sever', server }));
}

function unreachedOf(recovery: Recovery, repoints: readonly Step[]): readonly LostServer[] {
  return repoints.flatMap((step) => {
    const standing = standingOf(recovery, step);
    return standing.kind === 'given-up' ? [{ server: step.server, reason: standing.error, gtids: '' }] : [];
  });
}
