/**
 * Replicas that a failover left behind: they did not answer, or they have what the new primary lacks. The closed recoveries
 * say who they are, so that no record of its own can contradict them: the last one that names a server decides. One that
 * was away is pointed at the new primary when it answers again; one that was looked at and cannot follow is set apart, and
 * an operator says what becomes of it. A replica of several sources is left behind over one channel at a time, by a failover of
 * the cluster that it comes from; the others are no matter of that.
 *
 * A failover says nothing of one that an earlier plan had pointed at the failed server, and that nobody had seen there yet. It
 * was left behind as well, and nobody else would ever point it at the new primary.
 *
 * What somebody has done on purpose is left as it is: a replica that was stopped before the failover, that has another
 * source by now or none, that is being worked on.
 */
import { type Address, addressText, DETACHED, sameAddress } from '../../topology/address.js';
import {
  type Channel,
  type ClusterId,
  isReplicating,
  mainChannel,
  type Server,
  type ServerId,
} from '../../topology/server.js';
import type { Belief } from '../belief.js';
import { channelTo } from '../channels.js';
import { handedOver } from '../progress/handover.js';
import { isReturn } from './returns.js';
import type { Participant, Recovery, RecoveryId } from '../recovery.js';

export interface LostReplica {
  readonly server: ServerId;
  /** Whose primary it is to follow. */
  readonly clusterId: ClusterId;
  /** The recovery that said so last. */
  readonly recovery: RecoveryId;
  readonly sinceMs: number;
  /** away: it has not been looked at since. apart: it was, and it cannot follow the primary. */
  readonly state: 'away' | 'apart';
  readonly reason: string;
  /** What it has and the primary lacks; '' when that is not why. */
  readonly gtids: string;
}

export function lostReplicasOf(belief: Belief): readonly LostReplica[] {
  const closed = [...belief.recoveries.values()].filter(({ closedAtMs }) => closedAtMs !== null);
  if (belief.demotions.size === 0 && !closed.some((recovery) => leftBehindBy(recovery).length > 0)) return [];
  closed.sort((one, other) => (one.closedAtMs ?? 0) - (other.closedAtMs ?? 0));
  const lost = new Map<string, LostReplica>();
  const pointedAt = new Map<ServerId, ServerId>();
  for (const recovery of closed) {
    follow(belief, lost, recovery);
    for (const { step, outcome } of recovery.steps) {
      if (outcome?.ok === true && step.kind === 'repoint') pointedAt.set(step.server, step.source);
    }
    for (const server of unseenBy(belief, pointedAt, recovery)) {
      const { clusterId, id } = server;
      const reason = 'it had been pointed at the failed server a moment before, and nobody had seen it there';
      const said = {
        recovery: recovery.id,
        sinceMs: recovery.closedAtMs ?? 0,
        state: 'away',
        reason,
        gtids: '',
      } as const;
      lost.set(`${id} ${clusterId}`, { server: id, clusterId, ...said });
    }
  }
  return [...lost.values()].filter((one) => isStillLost(belief, one));
}

function follow(belief: Belief, lost: Map<string, LostReplica>, recovery: Recovery): void {
  const homeOf = (server: ServerId): ClusterId => homeIn(belief, recovery, server);
  const keyOf = (server: ServerId): string => `${server} ${homeOf(server)}`;
  for (const { step, outcome } of recovery.steps) {
    if (outcome?.ok === true && step.kind === 'repoint') lost.delete(keyOf(step.server));
  }
  if (recovery.promotion !== null) lost.delete(keyOf(recovery.promotion.server));
  if (isReturn(recovery.kind) && recovery.verdict?.kind === 'succeeded') lost.delete(keyOf(recovery.failed));
  for (const { server, reason, gtids } of leftBehindBy(recovery)) {
    const state = gtids !== '' || isReturn(recovery.kind) ? 'apart' : 'away';
    const sinceMs = lost.get(keyOf(server))?.sinceMs ?? recovery.closedAtMs ?? 0;
    lost.set(keyOf(server), {
      server,
      clusterId: homeOf(server),
      recovery: recovery.id,
      sinceMs,
      state,
      reason,
      gtids,
    });
  }
}

/** Whom we had pointed at the server that failed here, who still follow it, and who took no part. */
function unseenBy(
  { servers, demotions }: Belief,
  pointedAt: ReadonlyMap<ServerId, ServerId>,
  { failed: id, promotion, inputs }: Recovery,
): readonly Server[] {
  const failed = servers.get(id);
  // One that is a replica again may have replicas of its own.
  if (promotion === null || failed === undefined || !demotions.has(id)) return [];
  return [...pointedAt].flatMap(([replica, source]): readonly Server[] => {
    const server = servers.get(replica);
    const isKnown = inputs.participants.some((one) => one.id === replica);
    if (source !== id || server === undefined || isKnown || server.facts.channels.length !== 1) return [];
    return channelTo(server, failed) === null ? [] : [server];
  });
}

/** Whom a rearrangement could not move replicates where it did: the primary is not its place. */
function leftBehindBy({ kind, lost }: Recovery): Recovery['lost'] {
  return kind === 'move' ? [] : lost;
}

/** Where it stands by now; of several sources, that of the channel which the recovery was about. */
function homeIn(belief: Belief, { clusterId, inputs }: Recovery, id: ServerId): ClusterId {
  const isOneOfSeveral = inputs.participants.some((one) => one.id === id && one.channel !== undefined);
  return isOneOfSeveral ? clusterId : (belief.servers.get(id)?.clusterId ?? clusterId);
}

/** A former primary has a demotion, and its own way back. */
function isStillLost(belief: Belief, { server: id, clusterId }: LostReplica): boolean {
  const server = belief.servers.get(id);
  if (server === undefined || belief.demotions.has(id)) return false;
  const primary = belief.clusters.get(clusterId)?.primary;
  return primary !== undefined && primary !== id && !followsPrimary(belief, server, clusterId);
}

/** The threads of a channel run, and its source is the primary of today. */
export function followsPrimary(
  { clusters, servers }: Pick<Belief, 'clusters' | 'servers'>,
  server: Server,
  clusterId: ClusterId = server.clusterId,
): boolean {
  const primary = servers.get(clusters.get(clusterId)?.primary ?? server.id);
  if (primary === undefined || primary.id === server.id) return false;
  const names = [primary.address, ...primary.aliases];
  return server.facts.channels.some(
    (channel) => isReplicating(channel) && names.some((address) => sameAddress(address, channel.source)),
  );
}

/** Over which of its channels it was left behind; null: it has none, or not that one any more. */
export function channelLeftBehind(
  belief: Belief,
  { server: id, recovery }: Pick<LostReplica, 'server' | 'recovery'>,
): Channel | null {
  const facts = belief.servers.get(id)?.facts;
  if (facts === undefined) return null;
  const participants = belief.recoveries.get(recovery)?.inputs.participants ?? [];
  const name = participants.find((one) => one.id === id)?.channel;
  return name === undefined ? mainChannel(facts) : (facts.channels.find((channel) => channel.name === name) ?? null);
}

/** How often it was tried in vain to bring it back since it was left behind, and when last. The log remembers: a new leader goes on counting. */
export function attemptsAt(
  { recoveries }: Pick<Belief, 'recoveries'>,
  { server, clusterId, sinceMs }: Pick<LostReplica, 'server' | 'clusterId' | 'sinceMs'>,
): { readonly count: number; readonly lastAtMs: number } {
  const vain = [...recoveries.values()].filter(
    ({ kind, failed, closedAtMs, verdict, ...one }) =>
      kind === 'lost-replica' &&
      failed === server &&
      one.clusterId === clusterId &&
      (closedAtMs ?? 0) >= sinceMs &&
      verdict !== null &&
      verdict.kind !== 'succeeded' &&
      !('gaveWayTo' in verdict),
  );
  return { count: vain.length, lastAtMs: Math.max(0, ...vain.map(({ closedAtMs }) => closedAtMs ?? 0)) };
}

/** Why nothing is done about one that is away and answers; null when it is to be pointed at the primary. */
export function whyLeftAlone(belief: Belief, lost: LostReplica): string | null {
  const { server: id, recovery: recoveryId } = lost;
  const server = belief.servers.get(id);
  const recovery = belief.recoveries.get(recoveryId);
  if (server === undefined || recovery === undefined) return 'it is not known any more';
  const maintenance = belief.maintenances.get(id);
  if (maintenance !== undefined && maintenance.endsAtMs > belief.nowMs) {
    return `it is in maintenance (${maintenance.owner}: ${maintenance.reason})`;
  }
  const participant = recovery.inputs.participants.find((one) => one.id === id);
  if (participant?.wasStopped === true) return 'its replication had been stopped before the failover';
  if (!tellsWhereItGoesOn(belief, recovery, server)) {
    return 'it has no GTIDs that would say where it goes on, and the failover that left it behind does not tell either';
  }
  const channel = channelLeftBehind(belief, lost);
  if (channel === null) return 'it has no source any more';
  // Tried once, so that the record says what is in the way; then it waits for a person, and goes on when that is mended.
  if (channel.sqlError !== null && channel.sqlThread !== 'running' && attemptsAt(belief, lost).count > 0) {
    const { number, text } = channel.sqlError;
    return `its applier has stopped with error ${String(number)} (${text})`;
  }
  return isOurDoing(belief, recovery, channel.source) ? null : `somebody pointed it at ${addressText(channel.source)}`;
}

/** Without GTID the failover does, where it handed over a place to the primary of today. */
function tellsWhereItGoesOn({ clusters }: Belief, failover: Recovery, { facts }: Server): boolean {
  if (facts.flavor === 'MariaDB' || facts.gtidMode === 'ON') return true;
  const primary = clusters.get(failover.clusterId)?.primary;
  return primary !== undefined && handedOver(failover, primary).handover !== undefined;
}

/** It still names the server that failed, by one of its names, or is detached from it as the recovery left it. */
function isOurDoing(belief: Belief, recovery: Recovery, source: Address): boolean {
  const host = source.host.startsWith(DETACHED) ? source.host.slice(DETACHED.length) : source.host;
  const severed = recovery.steps.some(({ step, outcome }) => step.kind === 'sever' && outcome?.ok === true);
  if (host !== source.host && !severed) return false;
  const failed = belief.servers.get(recovery.failed);
  const primary = belief.servers.get(belief.clusters.get(recovery.clusterId)?.primary ?? recovery.failed);
  const names: Address[] = recovery.inputs.participants.filter((one: Participant) => one.role === 'primary');
  for (const known of [failed, primary]) if (known !== undefined) names.push(known.address, ...known.aliases);
  return names.some((name) => sameAddress(name, { host, port: source.port }));
}
