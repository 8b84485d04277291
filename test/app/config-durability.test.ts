import { expect, test } from 'vitest';
import { filterText } from '../../src/core/recovery/guards/filters.js';
import { faultsOf, load } from './config-files.js';

test('durability policies are read in the order in which they are written', async () => {
  const { config } = await load({ DurabilityPolicies: { 'alias=shop': 'cross-zone', '*': 'semi-sync' } });
  const read = config.recovery.durability.map(({ clusters, policy }) => [filterText(clusters), policy]);
  expect(read).toEqual([
    ['alias=shop', 'cross-zone'],
    ['*', 'semi-sync'],
  ]);
});

test('a policy that does not exist, or a cluster that cannot be understood, is a fault and not a policy of none', async () => {
  expect((await faultsOf({ DurabilityPolicies: { '*': 'semi' } })).join()).toContain('DurabilityPolicies');
  expect((await faultsOf({ DurabilityPolicies: { 'alias~=(': 'none' } })).join()).toContain('DurabilityPolicies');
});

test('limits of a promotion and of mass failures have their defaults, and zero means zero', async () => {
  const { recovery } = (await load({})).config;
  expect(recovery).toMatchObject({ promotionLagMs: 0, concurrentMax: 10, brake: { clusters: 25, withinMs: 60_000 } });
  expect(recovery).toMatchObject({ durability: [], semiSync: { exactReplicas: false, lockedMs: 10_000 } });
  const set = await load({
    RecoveryPeriodBlockSeconds: 0,
    RecoveryBrakeClusters: 0,
    FailMasterPromotionOnLagMinutes: 2,
    ReplicationLagQuery: 'SELECT 1',
  });
  expect(set.config.recovery).toMatchObject({ blockMs: 0, brake: { clusters: 0 }, promotionLagMs: 120_000 });
});
