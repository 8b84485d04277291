/**
 * A new primary asks of its replicas what the old one asked: otherwise a failover would end the durability that clients
 * were promised, without a word. How many can answer is counted among those that will follow it.
 */
import type { Server } from '../../topology/server.js';
import type { SemiSyncDuty } from '../step.js';

/** `followers`: the servers of which one becomes the primary and the others follow it. */
export function semiSyncDuty(primary: Server, followers: readonly Server[]): SemiSyncDuty | null {
  const { semiSync } = primary.facts;
  if (!semiSync.sourceEnabled) return null;
  const able = followers.filter((server) => server.facts.semiSync.replicaEnabled).length;
  return { timeoutMs: semiSync.timeoutMs, waitCount: semiSync.waitCount, ackers: Math.max(0, able - 1) };
}
