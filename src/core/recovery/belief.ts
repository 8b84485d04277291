/**
 * What guards and openings read of the replicated state. The ledger's state has all of it; it is spelled out here because
 * recovery knows nothing of the ledger.
 */
import type { Address } from '../topology/address.js';
import type { ClusterId, Server, ServerId } from '../topology/server.js';
import { mainChannel } from '../topology/server.js';
import { indexServers, sourceOfChannel } from '../topology/sources.js';
import { addressText } from '../topology/address.js';
import { channelTo } from './channels.js';
import type { Recovery, RecoveryId } from './recovery.js';

export interface BelievedCluster {
  readonly id: ClusterId;
  readonly primary: ServerId;
  readonly epoch: number;
  readonly formerNames: readonly string[];
  readonly alias: string;
  /** Its name for clients, as its primary suggests; '' when it never did. */
  readonly domain: string;
}

export interface BelievedDemotion {
  readonly server: ServerId;
  readonly clusterId: ClusterId;
  readonly state: 'owed' | 'fenced' | 'rejoined' | 'apart';
  /** The recovery that replaced it. */
  readonly recoveryId: RecoveryId;
  readonly keepStopped: boolean;
}

/** Why a server that a failover promoted is kept closed: the key that, being false, leaves it for others to open. */
export const LEFT_CLOSED = 'ApplyMySQLPromotionAfterMasterFailover';

export { LOST_REASON } from '../analysis/links.js';

export interface BelievedDowntime {
  readonly owner: string;
  readonly reason: string;
  readonly endsAtMs: number;
}

export interface BelievedMaintenance extends BelievedDowntime {
  /** The plan that holds it; absent where an operator does. */
  readonly recoveryId?: RecoveryId;
}

export interface BelievedBrake {
  readonly sinceMs: number;
  readonly reason: string;
}

export interface Belief {
  readonly nowMs: number;
  readonly servers: ReadonlyMap<ServerId, Server>;
  readonly clusters: ReadonlyMap<ClusterId, BelievedCluster>;
  readonly recoveries: ReadonlyMap<RecoveryId, Recovery>;
  readonly demotions: ReadonlyMap<ServerId, BelievedDemotion>;
  readonly downtimes: ReadonlyMap<ServerId, BelievedDowntime>;
  /** An operator works on the server: it is left alone. */
  readonly maintenances: ReadonlyMap<ServerId, BelievedMaintenance>;
  readonly recoveriesEnabled: boolean;
  /** Too many clusters failed at once: nothing is recovered until an operator has looked. Null when it is off. */
  readonly brake: BelievedBrake | null;
  /** Wall clock of the last release; recoveries of before do not count towards the next brake. */
  readonly brakeReleasedAtMs: number;
}

/** An expected "no", with a code that programs read and a sentence that people read. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** What an operator can do about it; '' where it passes by itself. */
  readonly mend: string;
}

/** Refusals that pass without anybody's help, and say how in their sentence. All others say what mends them. */
export const PASSING = ['open-recovery', 'crowded', 'just-failed', 'leader-decides', 'hooks-first'] as const;

export function refusal(code: (typeof PASSING)[number], message: string): Refusal;
export function refusal(code: string, message: string, mend: string): Refusal;
export function refusal(code: string, message: string, mend = ''): Refusal {
  return { code, message, mend };
}

export function serverName(belief: Belief, id: ServerId): string {
  const server = belief.servers.get(id);
  return server === undefined ? id : addressText(server.address);
}

/** Of those that a cluster has one at a time; what is switched on single servers is none of them. */
export function openRecoveryOf(belief: Pick<Belief, 'recoveries'>, clusterId: ClusterId): Recovery | null {
  for (const recovery of belief.recoveries.values()) {
    if (recovery.closedAtMs === null && recovery.clusterId === clusterId && recovery.kind !== 'switch') return recovery;
  }
  return null;
}

/** Those who take part are changed or looked at under their barriers: no two plans are on one of them at a time. */
function takesPartIn({ inputs }: Recovery, servers: ReadonlySet<ServerId>): boolean {
  return inputs.participants.some(({ id }) => servers.has(id));
}

/** Every plan of any kind that stands open and in which one of these takes part. */
export function openPlansOn(
  { recoveries }: Pick<Belief, 'recoveries'>,
  servers: ReadonlySet<ServerId>,
): readonly Recovery[] {
  return [...recoveries.values()].filter((recovery) => recovery.closedAtMs === null && takesPartIn(recovery, servers));
}

/** A former primary that answered, and whose fence is under way or was tried in vain; null when there is none. */
export function unfencedFormer(belief: Belief, clusterId: ClusterId): Server | null {
  const open = openRecoveryOf(belief, clusterId);
  if (open?.kind !== 'former-primary') return null;
  const fenced = open.steps.some(({ step, outcome }) => step.kind === 'fence' && outcome?.ok === true);
  return fenced ? null : (belief.servers.get(open.failed) ?? null);
}

/** An operator works on it. What a plan of ours holds says nothing to other plans: of those there is one at a time. */
export function inMaintenanceOf({ maintenances, nowMs }: Belief, id: ServerId): BelievedMaintenance | null {
  const maintenance = maintenances.get(id);
  const holds = maintenance !== undefined && maintenance.recoveryId === undefined && maintenance.endsAtMs > nowMs;
  return holds ? maintenance : null;
}

/** Servers of the cluster whose main channel leads to `source`. */
export function directReplicasOf(belief: Belief, source: Server): readonly Server[] {
  const answersAt = new Set([source.address, ...source.aliases].map(addressText));
  return [...belief.servers.values()].filter((server) => {
    if (server.id === source.id || server.clusterId !== source.clusterId) return false;
    const channel = mainChannel(server.facts);
    if (channel === null) return false;
    return (
      answersAt.has(addressText(channel.source)) ||
      leadsElsewhereButIs(belief, channel.source, channel.sourceId, source)
    );
  });
}

/**
 * All that follow it, over whichever of their channels: its direct replicas first, then those of other sources to whom it is
 * one more.
 */
export function followersOf(belief: Belief, source: Server): readonly Server[] {
  const direct = directReplicasOf(belief, source);
  const others = [...belief.servers.values()].filter(
    (server) =>
      server.facts.channels.length > 1 &&
      server.id !== source.id &&
      !direct.includes(server) &&
      channelTo(server, source) !== null,
  );
  return [...direct, ...others];
}

/**
 * Of a primary that nobody follows: servers of its cluster that still follow an earlier primary, because this one was gone
 * before they were pointed at it. By whom they follow.
 */
export function strandedReplicasOf(belief: Belief, primary: Server): ReadonlyMap<ServerId, ServerId> {
  const stranded = new Map<ServerId, ServerId>();
  for (const demotion of belief.demotions.values()) {
    const former = belief.servers.get(demotion.server);
    if (former === undefined || former.id === primary.id || former.clusterId !== primary.clusterId) continue;
    for (const { id } of directReplicasOf(belief, former)) if (id !== primary.id) stranded.set(id, former.id);
  }
  return stranded;
}

/** How many servers of the cluster stand directly below each; of all at once, because asking one by one costs its square. */
export function replicaCounts(belief: Pick<Belief, 'servers'>, clusterId: ClusterId): ReadonlyMap<ServerId, number> {
  const members = [...belief.servers.values()].filter((server) => server.clusterId === clusterId);
  const index = indexServers(members);
  const counts = new Map<ServerId, number>();
  for (const server of members) {
    const channel = mainChannel(server.facts);
    const source = channel === null ? null : sourceOfChannel(index, channel);
    if (source !== null && source.id !== server.id) counts.set(source.id, (counts.get(source.id) ?? 0) + 1);
  }
  return counts;
}

/** The channel's address is nobody's we know, and the replica remembers the uuid: the server has yet another name. */
function leadsElsewhereButIs(belief: Belief, address: Address, sourceId: ServerId | null, source: Server): boolean {
  if (sourceId !== source.id) return false;
  const text = addressText(address);
  return ![...belief.servers.values()].some((server) =>
    [server.address, ...server.aliases].some((known) => addressText(known) === text),
  );
}
