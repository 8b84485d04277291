import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Belief } from '../../../../src/core/recovery/belief.js';
import { decide } from '../../../../src/core/recovery/decision.js';
import { explain } from '../../../../src/core/recovery/explain/explain.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import { observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { play } from '../../../support/worlds/plan-player.js';
import { filters, policyOf } from '../../../support/policy.js';
import { NO_DOUBT, type Seen, sightsOf } from '../../../support/sights.js';

const DEATH = { code: 'DeadMaster', description: '', reaction: 'recover-dead-primary' } as const;

const RUNS = 300;
const P = uuidOf(1);

/** A cluster as it may be found: how far each replica received and applied, how it is set up, and what operators said. */
const replica = fc.record({
  received: fc.integer({ min: 0, max: 8 }),
  rule: fc.constantFrom('must', 'prefer', 'neutral', 'prefer_not', 'must_not'),
  binlogEnabled: fc.constantFrom(true, true, true, false),
  gtidMode: fc.constantFrom('ON', 'ON', 'ON', 'ON_PERMISSIVE'),
  dataCenter: fc.constantFrom('east', 'west'),
});
const state = fc.record({
  replicas: fc.array(replica, { minLength: 0, maxLength: 4 }),
  covered: fc.constantFrom(true, true, true, false),
  enabled: fc.constantFrom(true, true, true, false),
  stays: fc.boolean(),
  open: fc.constantFrom(false, false, false, true),
  braked: fc.constantFrom(false, false, false, true),
});

type Found = typeof state extends fc.Arbitrary<infer T> ? T : never;

function believed({ replicas, enabled, open, braked }: Found): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: [observed(P, null, { serverNumber: 1, dataCenter: 'east' })] });
  for (const [at, { rule, binlogEnabled, gtidMode, dataCenter }] of replicas.entries()) {
    const facts = { serverNumber: at + 2, promotionRule: rule, binlogEnabled, gtidMode, dataCenter } as const;
    fed.feed({ kind: 'topology-observed', servers: [observed(uuidOf(at + 2), P, facts)] });
  }
  const cluster = fed.clusterOf(P);
  if (cluster === undefined) throw new Error('it was observed');
  if (!enabled) fed.feed({ kind: 'recoveries-switched', enabled, by: 'me' });
  if (braked) fed.feed({ kind: 'brake-applied', reason: 'many' });
  if (open) fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('7:a', cluster, P) });
  return fed;
}

/** The servers themselves, as they stand, and what was last seen of them, which is the same. */
function standing({ replicas }: Found): { readonly world: MysqlWorld; readonly seen: Readonly<Record<string, Seen>> } {
  const world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  const followers = replicas.map((_, at) => world.add(uuidOf(at + 2)));
  for (const follower of followers) world.follow(follower, primary);
  world.write(primary, 8);
  for (const [at, follower] of followers.entries()) world.receive(follower, replicas[at]?.received ?? 0);
  const seen: Record<string, Seen> = { [P]: { executed: gtidText(primary.executed) } };
  for (const { id, executed, relay } of followers) {
    seen[id] = { executed: gtidText(executed), received: gtidText(relay) };
  }
  primary.up = false;
  return { world, seen };
}

describe('what is explained is what happens', () => {
  it('for whatever a cluster may look like: opened or refused alike, and the same server is promoted', () => {
    let failovers = 0;
    fc.assert(
      fc.property(state, (found) => {
        const fed = believed(found);
        const { world, seen } = standing(found);
        const policy: RecoveryPolicy = policyOf({
          primaryFilters: found.covered ? filters('*') : [],
          preventCrossDataCenter: found.stays,
        });
        const clusterId = fed.clusterOf(P);
        if (clusterId === undefined) throw new Error('it was observed');
        const belief: Belief = fed.state;
        const asked = { belief, policy, sights: sightsOf(seen), hasQuorum: true };
        const told = explain({ ...asked, ...NO_DOUBT, clusterId, orchestrators: { voters: 3, live: 3 } });
        const problem = { server: serverId(P), clusterId, ...DEATH } as const;
        const context = { id: '9:a' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
        const { refusals, opening } = decide({ ...asked, problem }, context);
        if (refusals.length > 0 || !opening.ok) {
          expect(told?.wouldFailOver).toBe(false);
          expect(told?.refusals).toEqual(expect.arrayContaining([...refusals]));
          return;
        }
        const { ending, record } = play(opening.recovery, world);
        expect(told?.wouldFailOver).toBe(ending.verdict.kind === 'succeeded');
        expect(told?.successor?.server ?? null).toBe(record.promotion?.server ?? null);
        expect(told?.loss.setApart.map(({ server }) => server)).toEqual(ending.lost.map(({ server }) => server));
        failovers += 1;
      }),
      { numRuns: RUNS },
    );
    expect(failovers).toBeGreaterThan(RUNS / 30);
  });
});
