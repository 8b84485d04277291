/** Whatever is refused, and whatever is said against a candidate: beside it stands what mends it, or it passes by itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Belief, PASSING, type Refusal } from '../../../src/core/recovery/belief.js';
import { explain } from '../../../src/core/recovery/explain/explain.js';
import { openTakeover } from '../../../src/core/recovery/openings/graceful-takeover.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { ClusterId, ServerFacts } from '../../../src/core/topology/server.js';
import { channelTo, observed, serverId } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { filters, policyOf } from '../../support/policy.js';
import { NO_DOUBT, type Seen, sightsOf } from '../../support/sights.js';

const RUNS = 500;
const P = uuidOf(1);
const rare = fc.constantFrom(false, false, false, true);
const usual = fc.constantFrom(true, true, true, false);

const replica = fc.record({
  promotionRule: fc.constantFrom('must', 'neutral', 'must_not'),
  binlogEnabled: usual,
  logReplicaUpdates: usual,
  isBinlogServer: rare,
  gtidMode: fc.constantFrom('ON', 'ON', 'OFF'),
  flavor: fc.constantFrom('MySQL', 'MySQL', 'MySQL', 'MariaDB'),
  binlogFormat: fc.constantFrom('ROW', 'ROW', 'STATEMENT'),
  dataCenter: fc.constantFrom('east', 'west'),
  major: fc.constantFrom(8, 9),
  delaySeconds: fc.constantFrom(0, 0, 60),
  hasFilters: rare,
  autoPosition: usual,
  ioThread: fc.constantFrom('running', 'running', 'stopped'),
  sqlError: rare,
  secondSource: rare,
  answers: usual,
  lagSeconds: fc.constantFrom(null, 0, 500),
});
type FoundReplica = typeof replica extends fc.Arbitrary<infer T> ? T : never;

const cluster = fc.record({
  replicas: fc.array(replica, { minLength: 0, maxLength: 3 }),
  covered: usual,
  enabled: usual,
  stays: fc.boolean(),
  open: rare,
  braked: rare,
  downtime: rare,
  quorum: usual,
  live: fc.constantFrom(3, 3, 1, null),
  durability: fc.constantFrom('none', 'semi-sync', 'cross-zone'),
  auto: fc.boolean(),
});
type FoundCluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

function factsOf(found: FoundReplica, at: number): Partial<ServerFacts> {
  const { promotionRule, binlogEnabled, logReplicaUpdates, isBinlogServer, gtidMode, flavor, binlogFormat } = found;
  const { delaySeconds, hasFilters, autoPosition, ioThread } = found;
  const sqlError = found.sqlError ? { number: 1062, text: 'duplicate' } : null;
  const channel = channelTo(P, { delaySeconds, hasFilters, autoPosition, ioThread, sqlError });
  return {
    ...{ promotionRule, binlogEnabled, logReplicaUpdates, isBinlogServer, gtidMode, flavor, binlogFormat },
    dataCenter: found.dataCenter,
    version: { text: `${String(found.major)}.0.0`, major: found.major, minor: 0, patch: 0 },
    channels: found.secondSource ? [channel, channelTo('elsewhere', { name: 'other' })] : [channel],
    serverNumber: at + 2,
  };
}

function believed(found: FoundCluster): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: [observed(P, null, { serverNumber: 1, dataCenter: 'east' })] });
  for (const [at, one] of found.replicas.entries()) {
    fed.feed({ kind: 'topology-observed', servers: [observed(uuidOf(at + 2), P, factsOf(one, at))] });
  }
  if (!found.enabled) fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
  if (found.braked) fed.feed({ kind: 'brake-applied', reason: 'many' });
  if (found.open) fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('7:a', clusterIn(fed), P) });
  if (found.downtime) {
    const endsAtMs = fed.state.nowMs + 60_000;
    const downtime = { server: serverId(P), owner: 'me', reason: 'disk', beganAtMs: 0, endsAtMs };
    fed.feed({ kind: 'downtime-begun', downtime });
  }
  return fed;
}

function clusterIn(fed: FedLedger): ClusterId {
  const clusterId = fed.clusterOf(P);
  if (clusterId === undefined) throw new Error('it was observed');
  return clusterId;
}

function refusalsOf(found: FoundCluster): readonly Refusal[] {
  const fed = believed(found);
  const seen: Record<string, Seen> = { [P]: { executed: `${P}:1-9` } };
  for (const [at, { answers, lagSeconds }] of found.replicas.entries()) {
    seen[uuidOf(at + 2)] = { executed: `${P}:1-9`, answers, lagSeconds };
  }
  const clusterId = clusterIn(fed);
  const belief: Belief = fed.state;
  const policy = policyOf({
    primaryFilters: found.covered ? filters('*') : [],
    preventCrossDataCenter: found.stays,
    preventCrossRegion: found.stays,
    promotionLagMs: 60_000,
    durability: filters('*').map((clusters) => ({ clusters, policy: found.durability })),
  });
  const told = explain({
    belief,
    policy,
    clusterId,
    sights: sightsOf(seen),
    hasQuorum: found.quorum,
    orchestrators: { voters: 3, live: found.live },
    ...NO_DOUBT,
  });
  const soft = {
    answers: (id: string) => seen[id]?.answers !== false,
    lagSeconds: (id: string) => seen[id]?.lagSeconds ?? null,
  };
  const wish = { clusterId, candidate: null, auto: found.auto, requestedBy: 'me' };
  const context = { id: '9:a' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
  const takeover = openTakeover(belief, policy, wish, soft, context);
  const { refusals = [], warnings = [], candidates = [] } = told ?? {};
  const against = candidates.flatMap((candidate) => candidate.refusals);
  return [...refusals, ...warnings, ...against, ...(takeover.ok ? [] : takeover.refusals)];
}

describe('whatever is refused', () => {
  it('has what mends it beside it, or passes by itself', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(cluster, (found) => {
        for (const { code, message, mend } of refusalsOf(found)) {
          met.add(code);
          const passes = PASSING.some((one) => one === code);
          expect(mend !== '' || passes, `${code}: ${message}`).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
    // A property of nothing would hold as well.
    expect(met.size).toBeGreaterThan(20);
  });
});
