/**
 * A new primary asks of its replicas what the old one asked: otherwise a failover would end the durability that clients
 * were promised, without a word. How many can answer is counted among those that will follow it.
 */
import { isWritable, mainChannel, type Server } from '../../topology/server.js';
import type { Belief, BelievedCluster } from '../belief.js';
import type { SemiSyncDuty } from '../step.js';

/** `followers`: the servers of which one becomes the primary and the others follow it. */
export function semiSyncDuty(primary: Server, followers: readonly Server[]): SemiSyncDuty | null {
  const { semiSync } = primary.facts;
  if (!semiSync.sourceEnabled) return null;
  return { timeoutMs: semiSync.timeoutMs, waitCount: semiSync.waitCount, ackers: ackersAmong(followers) };
}

/** What the promotion of the cluster's epoch made its primary ask. Undefined: no plan that is still known promoted it. */
export function promisedDuty({ recoveries }: Belief, cluster: BelievedCluster): SemiSyncDuty | null | undefined {
  for (const { clusterId, promotion, inputs } of recoveries.values()) {
    if (clusterId === cluster.id && promotion?.epoch === cluster.epoch) return inputs.semiSync;
  }
  return undefined;
}

/**
 * As `semiSyncDuty`, of a primary that may have died before anybody saw what its promotion had made of it: by what was last
 * seen it is a closed replica still, and asks nobody.
 */
export function dutyOfDead(
  belief: Belief,
  cluster: BelievedCluster,
  failed: Server,
  followers: readonly Server[],
): SemiSyncDuty | null {
  const isUnseen = !isWritable(failed.facts) && mainChannel(failed.facts) !== null;
  const promised = isUnseen ? promisedDuty(belief, cluster) : null;
  return promised == null ? semiSyncDuty(failed, followers) : { ...promised, ackers: ackersAmong(followers) };
}

function ackersAmong(followers: readonly Server[]): number {
  const able = followers.filter(({ facts }) => facts.semiSync.replicaEnabled).length;
  return Math.max(0, able - 1);
}
