/**
 * Opens a plan that gives replicas another source, or says why not, before anything is touched. Of a request for many, those
 * who cannot go are named in the record and the others go.
 */
import { addressText } from '../../topology/address.js';
import {
  type Channel,
  type ClusterId,
  isGroupMember,
  isGroupSecondary,
  isReplicating,
  mainChannel,
  type Server,
  type ServerId,
} from '../../topology/server.js';
import { indexServers, type ServerIndex, sourceOf, sourceOfChannel } from '../../topology/sources.js';
import { type Belief, inMaintenanceOf, refusal, type Refusal } from '../belief.js';
import { objectionTo } from '../choice/can-replicate.js';
import {
  goneParticipant,
  judgeCandidates,
  participantsOf,
  placeParticipant,
  primaryParticipant,
  restingThread,
} from '../choice/candidates.js';
import { namedIn } from '../channels.js';
import type { Leg, Movement } from '../requests/movement.js';
import type { RecoveryPolicy } from '../policy.js';
import type { LostServer, Participant } from '../recovery.js';
import { followsByPlace } from '../progress/seen-progress.js';
import type { SoftState } from './graceful-takeover.js';
import { type Intention, intentionOf, type MoveWish, type Pair } from './move-wishes.js';
import { followsPlaces, routeBetween } from './move-by-place.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

interface Question {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly soft: SoftState;
  readonly intention: Intention;
}

export function openMove(
  belief: Belief,
  policy: RecoveryPolicy,
  wish: MoveWish,
  soft: SoftState,
  context: OpeningContext,
): Opening {
  const intention = intentionOf(belief, wish);
  if ('code' in intention) return refused(intention);
  const question = { belief, policy, soft, intention };
  const judged = intention.pairs.map((pair) => ({ pair, objections: objectionsTo(question, wish, pair) }));
  const able = judged.filter(({ objections }) => objections.length === 0).map(({ pair }) => pair);
  // The first goes alone, and what becomes of it says something only if it replicated before.
  if (intention.manner === 'each') able.sort((one, other) => Number(limps(one)) - Number(limps(other)));
  const isWhole = able.length === judged.length;
  if (able.length === 0 || (!intention.isMany && !isWhole)) {
    return refused(...judged.flatMap(({ objections }) => objections));
  }
  const lost = judged
    .filter(({ objections }) => objections.length > 0)
    .map(({ pair, objections }): LostServer => {
      return { server: pair.server.id, reason: objections.map(({ message }) => message).join('; '), gtids: '' };
    });
  return plan(question, wish, able, lost, context);
}

function plan(
  asked: Question,
  wish: MoveWish,
  pairs: readonly Pair[],
  lost: readonly LostServer[],
  context: OpeningContext,
): Opening {
  const { belief, policy, intention } = asked;
  const { about, manner } = intention;
  const index = indexServers(belief.servers.values());
  const moves = pairs.map((pair): Movement => {
    const { server, to, channel } = pair;
    const way = wayOf(asked, wish.command, pair);
    const byPlace = way.kind === 'place' ? ({ byPlace: true } as const) : {};
    const from = channel === null ? sourceOf(index, server) : sourceOfChannel(index, channel);
    return { server: server.id, to: to.id, from: from?.id ?? null, ...byPlace };
  });
  const legs = legsOf(asked, wish.command, pairs);
  const standing = legs.map(({ kind, from, to }) => (kind === 'up' ? from : to));
  // A channel from another cluster is that one's affair: who replaces its primary must have this plan give way.
  const clusterId = homeOf(index, pairs) ?? about.clusterId;
  const description = describe(wish.command, pairs);
  return opened(
    context,
    { kind: 'move', clusterId, code: 'Move', description, failed: about.id },
    {
      participants: [...cast(asked, clusterId, pairs, [...moves, ...legs], lost)],
      epoch: (belief.clusters.get(clusterId)?.epoch ?? 0) + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: Math.min(policy.applyLimitMs, waitMs(policy, intention)),
      semiSync: null,
      forced: true,
      movement: {
        command: wish.command,
        manner,
        moves,
        refused: lost,
        atOnce: policy.movesAtOnce,
        ...(legs.length === 0 ? {} : { legs }),
      },
      // Who stands still for the others is not to be moved meanwhile either.
      locks: { servers: [...new Set([...moves.map(({ server }) => server), ...standing])], reason: description },
    },
  );
}

function limps({ channel }: Pair): boolean {
  return channel === null || !isReplicating(channel);
}

/** Of many, one that is behind is left where it was sooner: the others are not to wait for it. */
function waitMs(policy: RecoveryPolicy, { isMany, pairs }: Intention): number {
  return isMany && pairs.length > 1 ? policy.bulkWaitMs : policy.maintenanceLagSeconds * 1000;
}

/** Of the server that a channel leads to, where that is not the replica's own cluster. */
function homeOf(index: ServerIndex, [first]: readonly Pair[]): ClusterId | null {
  if (first?.channel == null || first.server.facts.channels.length < 2) return null;
  return sourceOfChannel(index, first.channel)?.clusterId ?? null;
}

function describe(command: MoveWish['command'], pairs: readonly Pair[]): string {
  const [first] = pairs;
  if (first === undefined) return command;
  const to = addressText(first.to.address);
  if (first.server === first.to || command.startsWith('regroup')) return `${command} of ${to}`;
  const { channel = '' } = namedIn(first.server.facts, first.channel);
  const over = channel === '' ? '' : ` (channel ${channel})`;
  const who =
    pairs.every((pair) => pair.to === first.to) && pairs.length > 1
      ? `${String(pairs.length)} servers`
      : `${addressText(first.server.address)}${over}`;
  return `${command}: ${who} below ${to}`;
}

/** Everybody who is changed, who is followed before or after, and the primary, which says what the cluster has. */
function cast(
  { belief, policy, soft, intention: { about } }: Question,
  clusterId: ClusterId,
  pairs: readonly Pair[],
  moves: readonly Pick<Movement, 'to' | 'from'>[],
  lost: readonly LostServer[],
): readonly Participant[] {
  const channels = new Map(pairs.map(({ server, channel }) => [server.id, channel]));
  const channelOf = ({ id }: Server): Channel | null => channels.get(id) ?? null;
  const movers = pairs.map(({ server }) => server);
  const anywhere = { ...policy, preventCrossDataCenter: false, preventCrossRegion: false };
  const candidacies = judgeCandidates(belief, about, movers, anywhere);
  const seen = new Set<ServerId>(movers.map(({ id }) => id));
  const found: Participant[] = participantsOf(candidacies, about, movers, policy.replication, channelOf).map(
    (participant) => ({
      ...participant,
      start: participant.start && participant.wasStopped !== true,
      ...restsOf(channels.get(participant.id) ?? null),
    }),
  );
  const add = (id: ServerId | null | undefined, make: (server: Server) => Participant): void => {
    const server = id == null || seen.has(id) ? undefined : belief.servers.get(id);
    if (server === undefined) return;
    seen.add(server.id);
    found.push(make(server));
  };
  const primary = belief.clusters.get(clusterId)?.primary;
  if (primary !== undefined && soft.answers(primary)) add(primary, (server) => primaryParticipant(server, []));
  for (const { to, from } of moves) {
    add(to, (server) => ({ ...placeParticipant(server, 0, 0), start: keepsUp(server) }));
    add(from, (server) => (soft.answers(server.id) ? placeParticipant(server, 0, 0) : goneParticipant(server)));
  }
  add(about.id, (server) => (soft.answers(server.id) ? placeParticipant(server, 0, 0) : goneParticipant(server)));
  // Named in the record, and touched by nobody.
  for (const { server } of lost) add(server, goneParticipant);
  return found;
}

function restsOf(channel: Channel | null): Pick<Participant, 'rests'> {
  const rests = restingThread(channel);
  return rests === null ? {} : { rests };
}

/** What the others have comes to it by itself. */
function keepsUp({ facts }: Server): boolean {
  const channel = mainChannel(facts);
  return channel === null || isReplicating(channel);
}

function objectionsTo(question: Question, wish: MoveWish, pair: Pair): readonly Refusal[] {
  return ['regroup', 'detach', 'reattach'].includes(question.intention.manner)
    ? [...ofServer(question, pair.server), ...ofApplier(question, pair)]
    : [...ofServer(question, pair.server), ...ofPair(question, wish, pair), ...ofPlace(question, pair.to)];
}

function ofServer({ belief, soft, intention }: Question, server: Server): readonly Refusal[] {
  const name = addressText(server.address);
  const found: Refusal[] = [];
  if (isGroupSecondary(server.facts)) {
    const text = `${name} is a group secondary: it is not replicating from anything outside its group`;
    found.push(refusal('group-secondary', text, 'move the replicas of the group, or its primary'));
  }
  const channels = server.facts.channels.length;
  if (channels === 0 && intention.manner !== 'co-primary') {
    const isPrimary = belief.clusters.get(server.clusterId)?.primary === server.id;
    const mend = isPrimary
      ? `orchestrator-client -c graceful-master-takeover -i ${name}`
      : 'name a server that replicates';
    found.push(refusal('not-a-replica', `instance is not a replica: ${name}`, mend));
  }
  if (belief.demotions.has(server.id)) {
    const text = `${name} is a former primary that has not rejoined yet`;
    found.push(refusal('demoted', text, `orchestrator-client -c ways-back -i ${name}`));
  }
  const held = inMaintenanceOf(belief, server.id);
  if (held !== null) {
    const text = `Cannot begin maintenance on ${name}: already in maintenance, by ${held.owner}: ${held.reason}`;
    found.push(refusal('maintenance', text, `orchestrator-client -c end-maintenance -i ${name}`));
  }
  if (!soft.answers(server.id)) found.push(silent(name));
  return found;
}

/** A regrouping compares what its members have applied, and lets them apply all they have received. */
function ofApplier({ intention }: Question, { server, channel }: Pair): readonly Refusal[] {
  if (intention.manner !== 'regroup' || restingThread(channel) !== 'sql') return [];
  const name = addressText(server.address);
  const text = `the applier of ${name} was stopped by somebody, and would have to run`;
  return [refusal('applier-stopped', text, `orchestrator-client -c start-replica -i ${name}`)];
}

function silent(name: string): Refusal {
  return refusal('does-not-answer', `${name} does not answer`, 'bring it back first');
}

function ofPlace({ belief, soft }: Question, { id, address }: Server): readonly Refusal[] {
  const name = addressText(address);
  const found: Refusal[] = [];
  if (belief.demotions.has(id)) {
    const text = `${name} is a former primary that has not rejoined yet, and nobody is to follow it`;
    found.push(refusal('demoted', text, `orchestrator-client -c ways-back -i ${name}`));
  }
  if (!soft.answers(id)) found.push(silent(name));
  return found;
}

function ofPair(question: Question, wish: MoveWish, pair: Pair): readonly Refusal[] {
  const { belief, policy, intention } = question;
  const { server, to, channel } = pair;
  const [name, place] = [addressText(server.address), addressText(to.address)];
  if (server.id === to.id) {
    return [refusal('same-server', `${name} cannot be moved below itself`, 'name another server with -d')];
  }
  const followed = channel === null ? null : sourceOfChannel(indexServers(belief.servers.values()), channel);
  if ((followed ?? server).clusterId !== to.clusterId) {
    const text = `${name} and ${place} are not of one cluster: they have nothing to replicate from each other`;
    return [refusal('other-cluster', text, 'name a server of its own cluster')];
  }
  const found: Refusal[] = [];
  if (isGroupMember(server.facts) && to.facts.group?.name === server.facts.group?.name) {
    const text = `${name} is of the same replication group as ${place} and cannot go below it`;
    found.push(refusal('same-group', text, 'name a server outside of the group'));
  }
  if (intention.manner === 'each' && isBelow(belief, to, server)) {
    const mend = `move ${place} elsewhere first, or let it take its source: -c take-master -i ${place}`;
    found.push(refusal('descendant', `relocate: ${place} is a descendant of ${name}`, mend));
  }
  const why = objectionTo(server, to, policy.replication);
  if (why !== null) {
    const text = `${name} cannot replicate from ${place}. Reason: ${why}`;
    found.push(refusal('cannot-replicate', text, 'choose another server, or mend that'));
  }
  return [...found, ...withoutWay(question, wish, pair)];
}

type Way =
  | { readonly kind: 'gtid' | 'place'; readonly legs: readonly Leg[] }
  | { readonly kind: 'none'; readonly why: string };

const BY_GTID: Way = { kind: 'gtid', legs: [] };

/** By place where it follows so and there is such a way, because it is to go on following as it does; else by GTID. */
function wayOf(question: Question, command: MoveWish['command'], pair: Pair): Way {
  const { server, to, channel } = pair;
  const { manner } = question.intention;
  if (stays(pair) || !['each', 'in-order', 'co-primary'].includes(manner)) return BY_GTID;
  const countsPlaces = ({ facts }: Server): boolean => followsByPlace(facts) || facts.gtidMode.endsWith('PERMISSIVE');
  const byGtid = !countsPlaces(server) && !countsPlaces(to);
  if (manner === 'co-primary') return byGtid ? BY_GTID : { kind: 'place', legs: [] };
  if (!followsPlaces(channel) || command.endsWith('-gtid')) {
    return byGtid ? BY_GTID : { kind: 'none', why: 'they do not both use GTID' };
  }
  // Who change places stand still together: the way of the first is that of both.
  const [first] = question.intention.pairs;
  const routed = manner === 'in-order' && first !== undefined ? first : { server, to };
  const route = routeBetween(question, routed.server, routed.to);
  if ('legs' in route) return { kind: 'place', legs: route.legs };
  // What a replica of MariaDB has received by place is not told in GTIDs.
  if (byGtid && server.facts.flavor !== 'MariaDB') return BY_GTID;
  return { kind: 'none', why: `by place there is no way: ${route.why}` };
}

function stays({ to, channel }: Pair): boolean {
  if (channel === null) return false;
  return channel.sourceId === to.id || addressText(channel.source) === addressText(to.address);
}

function withoutWay(question: Question, { command }: MoveWish, pair: Pair): readonly Refusal[] {
  const way = wayOf(question, command, pair);
  if (way.kind !== 'none') return [];
  const [name, place] = [addressText(pair.server.address), addressText(pair.to.address)];
  const text = `Relocating ${name} below ${place} turns to be too complex; please do it manually: ${way.why}`;
  return [refusal('no-gtid', text, 'mend that, or switch GTID on: gtid_mode=ON on all servers, then enable-gtid')];
}

/** Who goes by place has one source and one destination with the others; who changes places with it needs no way. */
function legsOf(question: Question, command: MoveWish['command'], pairs: readonly Pair[]): readonly Leg[] {
  if (question.intention.manner !== 'each') return [];
  for (const pair of pairs) {
    const way = wayOf(question, command, pair);
    if (way.kind === 'place') return way.legs;
  }
  return [];
}

function isBelow(belief: Belief, server: Server, above: Server): boolean {
  const index = indexServers(belief.servers.values());
  const seen = new Set<ServerId>();
  for (let at: Server | null = server; at !== null && !seen.has(at.id); at = sourceOf(index, at)) {
    if (at.id === above.id) return true;
    seen.add(at.id);
  }
  return false;
}
