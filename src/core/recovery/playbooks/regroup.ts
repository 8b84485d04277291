/**
 * Of the replicas of one source, the one with the most leads the others and stays where it is itself: what is done by hand
 * when that source is dead or about to go. Their IO threads stop first, because only then it is known who has most; who has
 * what the leader lacks is not pointed at it and goes on where it was.
 */
import { choose, type Gathered, whyNotFollow } from '../choice/choice.js';
import type { MoveTerms } from '../requests/movement.js';
import { beginningAt, handoverOf } from '../progress/handover.js';
import { standingOf } from '../patience.js';
import { hasHere } from '../progress/share.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Beginning, Step, StepFindings } from '../step.js';
import { beginningFor, type Found } from './followers.js';
import { AT_ONCE, closing, nameOf, type Next, pendingOf, replicasOf, steps } from './next.js';
import { named } from '../telling/naming.js';
import { awaitOf, pointAt, stayAt } from './one-move.js';
import type { ServerId } from '../../topology/server.js';

interface Objection {
  readonly reason: string;
  readonly gtids: string;
}

interface Following extends Objection {
  readonly server: ServerId;
  readonly step: Step;
}

export function regroup(recovery: Recovery, terms: MoveTerms): Next {
  const replicas = replicasOf(recovery);
  const unread = pendingOf(recovery, replicas.map(stopOf));
  if (unread.length > 0) return steps(unread.slice(0, AT_ONCE));
  const gathered = replicas.flatMap((one) => gatheredOf(recovery, one));
  const choice = choose(gathered, { requested: null, excluded: new Set(), mustHave: '' });
  const back = (one: Participant): Step => stayAt(recovery, one.id, recovery.failed);
  if (choice.kind === 'none') {
    const pending = pendingOf(
      recovery,
      gathered.map(({ participant }) => back(participant)),
    );
    if (pending.length > 0) return steps(pending.slice(0, AT_ONCE));
    return closing({ kind: 'undone', reason: choice.reason }, terms.refused);
  }
  const leader = gathered.find(({ participant }) => participant.id === choice.candidate.participant.id);
  if (leader === undefined) return closing({ kind: 'undone', reason: 'nobody leads' }, terms.refused);
  return lead(recovery, terms, leader, gathered);
}

function lead(recovery: Recovery, terms: MoveTerms, leader: Gathered, gathered: readonly Gathered[]): Next {
  const { id } = leader.participant;
  const home = stayAt(recovery, id, recovery.failed);
  // What it has received and not applied is in nobody's reach yet, and it applies that whether its source lives or not.
  const applied = awaitOf(recovery, id, leader.has);
  const first = pendingOf(recovery, [applied])[0];
  if (first !== undefined) return steps([first]);
  const lost: LostServer[] = [...terms.refused];
  const wanted: Step[] = [home];
  const isLevel = standingOf(recovery, applied).kind === 'done';
  for (const one of gathered) {
    if (one === leader) continue;
    const objection = isLevel
      ? whyNotFollow(one, leader, leader.has, nameOf(recovery, id))
      : { reason: `${nameOf(recovery, id)} did not apply what it has in time`, gtids: '' };
    const { server, step, reason, gtids } = followingOf(recovery, one, id, objection);
    wanted.push(step);
    if (reason !== '') lost.push({ server, reason, gtids });
  }
  const unread = replicasOf(recovery).filter((one) => !gathered.some(({ participant }) => participant.id === one.id));
  for (const one of unread) {
    const standing = standingOf(recovery, stopOf(one));
    if (standing.kind === 'given-up') lost.push({ server: one.id, reason: standing.error, gtids: '' });
  }
  const pending = pendingOf(recovery, wanted);
  if (pending.length > 0) return steps(pending.slice(0, AT_ONCE));
  const others = gathered.filter((one) => one !== leader).map(({ participant }) => participant.id);
  if (others.length > 0 && others.every((server) => lost.some((one) => one.server === server))) {
    const why = lost.map(({ server, reason }) => named(nameOf(recovery, server), reason)).join('; ');
    return closing({ kind: 'undone', reason: `nobody could be put below ${nameOf(recovery, id)}: ${why}` }, lost);
  }
  return closing({ kind: 'succeeded' }, lost);
}

/** By place: who is level begins where the leader's log stands, who is behind where its own last transactions are found there. */
function beginning(recovery: Recovery, { participant, has }: Gathered, leader: ServerId): Found {
  const handover = handoverOf(recovery, leader);
  if (handover === null) return { reason: 'it is not known where the log of the leader stands' };
  return beginningFor(recovery, { server: participant.id, has }, leader, handover);
}

function followingOf(recovery: Recovery, one: Gathered, leader: ServerId, objection: Objection | null): Following {
  const server = one.participant.id;
  if (objection !== null || !one.byPlace) return wayOf(recovery, server, leader, objection, null);
  const found = beginning(recovery, one, leader);
  if ('step' in found) return { server, step: found.step, reason: '', gtids: '' };
  if ('reason' in found) return wayOf(recovery, server, leader, { reason: found.reason, gtids: '' }, null);
  return wayOf(recovery, server, leader, null, found.begin);
}

/** To the leader, or, with a reason, back to where it was. */
function wayOf(
  recovery: Recovery,
  server: ServerId,
  leader: ServerId,
  objection: Objection | null,
  begin: Beginning | null,
): Following {
  const there = { ...pointAt(recovery, server, leader), ...beginningAt(begin) };
  const standing = standingOf(recovery, there);
  if (objection === null && standing.kind !== 'given-up') return { server, step: there, reason: '', gtids: '' };
  const why = objection ?? { reason: standing.kind === 'given-up' ? standing.error : '', gtids: '' };
  return { server, step: stayAt(recovery, server, recovery.failed), ...why };
}

/** Whom the others follow by now; null when nobody does, or the plan is none of this kind. */
export function leaderOf(recovery: Recovery): ServerId | null {
  if (recovery.inputs.movement?.manner !== 'regroup') return null;
  for (const { step, outcome } of recovery.steps) {
    if (step.kind === 'repoint' && step.source !== recovery.failed && outcome?.ok === true) return step.source;
  }
  // The others do not answer, or there are none.
  const [alone, ...others] = replicasOf(recovery).filter((one) => gatheredOf(recovery, one).length > 0);
  return others.length === 0 ? (alone?.id ?? null) : null;
}

function stopOf({ id }: Participant): Step {
  return { kind: 'stop-io', server: id };
}

function gatheredOf(recovery: Recovery, participant: Participant): readonly Gathered[] {
  const standing = standingOf(recovery, stopOf(participant));
  if (standing.kind !== 'done') return [];
  const findings: StepFindings = standing.findings;
  const { purgedGtids = '', applierError = null, ownEnd } = findings;
  return [
    {
      participant,
      has: hasHere(recovery, participant.id, findings),
      purged: purgedGtids,
      applierError,
      byPlace: ownEnd !== undefined,
    },
  ];
}
