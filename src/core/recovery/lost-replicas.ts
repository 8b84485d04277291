/**
 * Replicas that a failover left behind: they did not answer, or they have what the new primary lacks. The closed recoveries
 * say who they are, so that no record of its own can contradict them: the last one that names a server decides. One that
 * was away is pointed at the new primary when it answers again; one that was looked at and cannot follow is set apart, and
 * an operator says what becomes of it.
 *
 * What somebody has done on purpose is left as it is: a replica that was stopped before the failover, that has another
 * source by now or none, that is being worked on.
 */
import { type Address, addressText, DETACHED, sameAddress } from '../topology/address.js';
import { isReplicating, mainChannel, type Server, type ServerId } from '../topology/server.js';
import type { Belief } from './belief.js';
import { isReturn } from './returns.js';
import type { Participant, Recovery, RecoveryId } from './recovery.js';

export interface LostReplica {
  readonly server: ServerId;
  /** The recovery that said so last. */
  readonly recovery: RecoveryId;
  readonly sinceMs: number;
  /** away: it has not been looked at since. apart: it was, and it cannot follow the primary. */
  readonly state: 'away' | 'apart';
  readonly reason: string;
  /** What it has and the primary lacks; '' when that is not why. */
  readonly gtids: string;
}

export function lostReplicasOf(belief: Belief): ReadonlyMap<ServerId, LostReplica> {
  const lost = new Map<ServerId, LostReplica>();
  const closed = [...belief.recoveries.values()].filter(({ closedAtMs }) => closedAtMs !== null);
  if (!closed.some((recovery) => recovery.lost.length > 0)) return lost;
  closed.sort((one, other) => (one.closedAtMs ?? 0) - (other.closedAtMs ?? 0));
  for (const recovery of closed) follow(lost, recovery);
  for (const id of [...lost.keys()]) if (!isStillLost(belief, id)) lost.delete(id);
  return lost;
}

function follow(lost: Map<ServerId, LostReplica>, recovery: Recovery): void {
  for (const { step, outcome } of recovery.steps) {
    if (outcome?.ok === true && step.kind === 'repoint') lost.delete(step.server);
  }
  if (recovery.promotion !== null) lost.delete(recovery.promotion.server);
  if (isReturn(recovery.kind) && recovery.verdict?.kind === 'succeeded') lost.delete(recovery.failed);
  for (const { server, reason, gtids } of recovery.lost) {
    const state = gtids !== '' || isReturn(recovery.kind) ? 'apart' : 'away';
    const sinceMs = lost.get(server)?.sinceMs ?? recovery.closedAtMs ?? 0;
    lost.set(server, { server, recovery: recovery.id, sinceMs, state, reason, gtids });
  }
}

/** A former primary has a demotion, and its own way back. */
function isStillLost(belief: Belief, id: ServerId): boolean {
  const server = belief.servers.get(id);
  if (server === undefined || belief.demotions.has(id)) return false;
  const primary = belief.clusters.get(server.clusterId)?.primary;
  return primary !== undefined && primary !== id && !followsPrimary(belief, server);
}

/** Its threads run, and its source is the primary of today. */
export function followsPrimary(belief: Pick<Belief, 'clusters' | 'servers'>, server: Server): boolean {
  const channel = mainChannel(server.facts);
  const primary = belief.servers.get(belief.clusters.get(server.clusterId)?.primary ?? server.id);
  if (channel === null || primary === undefined || primary.id === server.id || !isReplicating(channel)) return false;
  return [primary.address, ...primary.aliases].some((address) => sameAddress(address, channel.source));
}

/** How often it was tried in vain to bring it back since it was left behind, and when last. The log remembers: a new leader goes on counting. */
export function attemptsAt(
  { recoveries }: Pick<Belief, 'recoveries'>,
  { server, sinceMs }: Pick<LostReplica, 'server' | 'sinceMs'>,
): { readonly count: number; readonly lastAtMs: number } {
  const vain = [...recoveries.values()].filter(
    ({ kind, failed, closedAtMs, verdict }) =>
      kind === 'lost-replica' &&
      failed === server &&
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
  if (server.facts.flavor !== 'MariaDB' && server.facts.gtidMode !== 'ON') {
    return 'it has no GTIDs that would say where it goes on';
  }
  const channel = mainChannel(server.facts);
  if (channel === null) return 'it has no source any more';
  // Tried once, so that the record says what is in the way; then it waits for a person, and goes on when that is mended.
  if (channel.sqlError !== null && channel.sqlThread !== 'running' && attemptsAt(belief, lost).count > 0) {
    const { number, text } = channel.sqlError;
    return `its applier has stopped with error ${String(number)} (${text})`;
  }
  return isOurDoing(belief, recovery, channel.source) ? null : `somebody pointed it at ${addressText(channel.source)}`;
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
