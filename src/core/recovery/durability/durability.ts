/**
 * May the failover of a dead primary lose a transaction that a client was told is safe? It cannot, if the primary waited for
 * replicas all along, and so many of those that may have answered are reached that whatever was acknowledged is among what
 * they have received: of N possible ackers of which the primary waited for k, N-k+1.
 *
 * What can be known before is fixed at the opening and committed with it; who was reached is in the record's outcomes. So
 * the verdict is worked out from the record alone, by every node alike, and needs no entry of its own. A policy other than
 * `none` forbids an automatic promotion without the guarantee; what an operator forces is done, and the record says what it
 * was worth.
 */
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import type { Belief } from '../belief.js';
import type { DurabilityPolicy, DurabilityRule, DurabilityTerms, DurabilityVerdict } from './durability-terms.js';
import { matchesCluster } from '../guards/filters.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import type { LastLook, Sights } from '../sights.js';

/** A shorter time-out ends one day, in a night of trouble, with the primary acknowledging alone. */
export const EFFECTIVELY_INFINITE_MS = 24 * 3600 * 1000;

/** By then the others have received something later, or the primary is idle and they have all there is. */
const JUST_STOPPED_MS = 60_000;

/** The first rule that matches the cluster. */
export function durabilityPolicyOf(
  rules: readonly DurabilityRule[],
  cluster: { readonly names: readonly string[]; readonly alias: string },
): DurabilityPolicy {
  const { names, alias } = cluster;
  const rule = rules.find(({ clusters }) => names.some((name) => matchesCluster([clusters], { name, alias })));
  return rule?.policy ?? 'none';
}

export function durabilityTerms(
  belief: Pick<Belief, 'servers' | 'recoveries' | 'nowMs'>,
  policy: DurabilityPolicy,
  primary: Server,
  replicas: readonly Server[],
  sights: Sights,
  forced: boolean,
): DurabilityTerms {
  const lastAliveMs = sights(primary.id).seenAtMs;
  const possible = new Map(replicas.map((server) => [server.id, server]));
  // One that was taken out of the topology a moment ago may hold what nobody else received.
  for (const server of belief.servers.values()) {
    if (server.clusterId === primary.clusterId && server.id !== primary.id && isLoose(server)) {
      possible.set(server.id, server);
    }
  }
  return {
    policy,
    enforced: policy !== 'none' && !forced,
    primaryZone: primary.facts.dataCenter,
    waitCount: primary.facts.semiSync.waitCount,
    ackers: [...possible.values()]
      .filter(({ id, facts }) => facts.semiSync.replicaEnabled || hasJustStopped(belief, id))
      .map((server) => ({
        server: server.id,
        name: addressText(server.address),
        zone: server.facts.dataCenter,
        doubt: doubtOf(sights(server.id), lastAliveMs),
      })),
    doubts: doubtsOf(primary, policy),
  };
}

/**
 * One that we told to acknowledge no more a moment ago may hold what it alone acknowledged: what the others have received
 * since is not known to be later.
 */
function hasJustStopped({ recoveries, nowMs }: Pick<Belief, 'recoveries' | 'nowMs'>, id: ServerId): boolean {
  for (const { kind, steps } of recoveries.values()) {
    if (kind !== 'semi-sync' && kind !== 'switch') continue;
    const stop = steps.find(({ step }) => stopsAcknowledging(step) && step.server === id);
    if (stop !== undefined && nowMs - (stop.finishedAtMs ?? nowMs) < JUST_STOPPED_MS) return true;
  }
  return false;
}

function stopsAcknowledging(step: Step): boolean {
  if (step.kind === 'acknowledge') return !step.on;
  return step.kind === 'switch' && step.action.do === 'acknowledge' && !step.action.on;
}

/** It follows nobody now: whom it followed when it last received something is not known. */
function isLoose({ facts }: Server): boolean {
  return facts.semiSync.replicaEnabled && facts.channels.length === 0;
}

/** A replica that crashed may have discarded relay log that it had acknowledged (relay_log_recovery). */
function doubtOf({ seenAtMs, vitals }: LastLook, lastAliveMs: number | null): string | null {
  if (seenAtMs === null || vitals === null) return 'it was not seen yet, so that a restart cannot be ruled out';
  if (lastAliveMs === null) return 'when the primary was last alive is not known';
  const startedAtMs = seenAtMs - vitals.uptimeSeconds * 1000;
  return startedAtMs > lastAliveMs ? 'it was restarted since the primary was last known to live' : null;
}

function doubtsOf({ facts, address }: Server, policy: DurabilityPolicy): readonly string[] {
  const { semiSync } = facts;
  const name = addressText(address);
  if (!semiSync.sourceEnabled) return [`${name} did not wait for its replicas: semi-sync is off there`];
  const says = (is: boolean, text: string): readonly string[] => (is ? [text] : []);
  return [
    ...says(!semiSync.sourceActive, `${name} had given up waiting for its replicas: its semi-sync status was OFF`),
    ...says(semiSync.waitCount < 1, `${name} waited for no replica (wait_for_replica_count)`),
    ...says(!semiSync.waitNoReplica, `${name} acknowledged alone when it had no replica (wait_no_replica is OFF)`),
    ...says(
      semiSync.timeoutMs < EFFECTIVELY_INFINITE_MS,
      `${name} acknowledged alone after ${String(semiSync.timeoutMs)} ms (its semi-sync timeout; a day or more is as good as infinite)`,
    ),
    ...says(
      semiSync.waitPoint !== 'after-sync',
      `${name} showed its commits to others before a replica had them (wait_point is not AFTER_SYNC)`,
    ),
    ...says(policy === 'cross-zone' && facts.dataCenter === '', `the data centre of ${name} is not known`),
  ];
}

/** How many of the possible ackers have to be reached. */
export function ackersNeeded({ ackers, waitCount }: DurabilityTerms): number {
  return Math.max(1, ackers.length - Math.max(1, waitCount) + 1);
}

/** Why the guarantee is not given when these replicas are reached; empty when it is. */
export function shortfalls(terms: DurabilityTerms, reached: ReadonlySet<ServerId>): readonly string[] {
  const { doubts, policy, primaryZone, waitCount } = terms;
  const proving = terms.ackers.filter(({ server, doubt }) => doubt === null && reached.has(server));
  const needed = ackersNeeded(terms);
  const reasons = [...doubts];
  if (terms.ackers.length === 0) {
    if (doubts.length === 0) reasons.push('no replica was set up to acknowledge');
  } else if (proving.length < needed) {
    const missing = terms.ackers
      .filter((acker) => !proving.includes(acker))
      .map(({ name, server, doubt }) => `${name}: ${reached.has(server) ? (doubt ?? '') : 'not reached'}`);
    const count = `${String(proving.length)} of ${String(terms.ackers.length)} replicas that may have acknowledged count and ${String(needed)} must, because ${String(waitCount)} had to acknowledge`;
    reasons.push(missing.length === 0 ? count : `${count} (${missing.join('; ')})`);
  }
  if (policy === 'cross-zone' && !proving.some(({ zone }) => isElsewhere(zone, primaryZone))) {
    reasons.push(`no replica that may have acknowledged was reached outside data centre "${primaryZone}"`);
  }
  return reasons;
}

/** Why this one, once promoted, could not do what the policy asks; null when it could. */
export function whyNotUnder(
  terms: DurabilityTerms,
  candidate: { readonly id: ServerId; readonly zone: string },
  reached: ReadonlySet<ServerId>,
): string | null {
  if (!terms.enforced) return null;
  const rest = terms.ackers.filter(({ server }) => server !== candidate.id && reached.has(server));
  const wanted = Math.max(1, terms.waitCount);
  if (rest.length < wanted) {
    return `would have ${String(rest.length)} replicas that acknowledge, and ${String(wanted)} are asked for (policy ${terms.policy})`;
  }
  if (terms.policy === 'cross-zone' && !rest.some(({ zone }) => isElsewhere(zone, candidate.zone))) {
    return `would have no replica that acknowledges outside data centre "${candidate.zone}" (policy cross-zone)`;
  }
  return null;
}

function isElsewhere(zone: string, other: string): boolean {
  return zone !== '' && other !== '' && zone !== other;
}

/** What a promotion by this record is worth; null for kinds, and records of old, to which the question does not apply. */
export function durabilityVerdict(recovery: Recovery): DurabilityVerdict | null {
  const terms = recovery.inputs.durability;
  if (terms === undefined) return null;
  const because = shortfalls(terms, reachedBy(recovery));
  return because.length === 0 ? { kind: 'guaranteed' } : { kind: 'not-guaranteed', because };
}

/** Those whose IO thread was stopped and who then said what they have received. */
export function reachedBy(recovery: Recovery): ReadonlySet<ServerId> {
  const replicas = recovery.inputs.participants.filter(({ role }) => role === 'replica');
  return new Set(
    replicas.map(({ id }) => id).filter((server) => standingOf(recovery, { kind: 'stop-io', server }).kind === 'done'),
  );
}
