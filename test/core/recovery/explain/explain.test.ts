import { beforeEach, describe, expect, it } from 'vitest';
import type { Judgement, Lack } from '../../../../src/core/analysis/corroborate.js';
import { explain, type Explanation, type ExplainQuestion } from '../../../../src/core/recovery/explain/explain.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../../../src/core/topology/server.js';
import { judgementOf } from '../../../support/evidence.js';
import { addressOf, channelTo, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { filters, policyOf } from '../../../support/policy.js';
import { NO_DOUBT, type Seen, sightsOf } from '../../../support/sights.js';

const [P, A, B] = ['1', '2', '3'].map((digit) => `00000000-0000-0000-0000-00000000000${digit}`) as [
  string,
  string,
  string,
];
const LACKS: readonly Lack[] = [
  'reached',
  'too-young',
  'disagreement',
  'grace',
  'isolated-site',
  'site-unread',
  'receiving',
  'undecided-replica',
  'stopped-replicas',
];
const CALM = { executed: `${P}:1-10` };

let fed: FedLedger;
let cluster: ClusterId;
let seen: Record<string, Seen>;

beforeEach(() => {
  fed = new FedLedger();
  const servers = [P, A, B].map((id, at) => observed(id, at === 0 ? null : P, { serverNumber: at + 1 }));
  fed.feed({ kind: 'topology-observed', servers });
  cluster = fed.clusterOf(P) as ClusterId;
  seen = { [P]: CALM, [A]: CALM, [B]: CALM };
});

function ask(changes: Partial<ExplainQuestion> = {}): Explanation {
  const explanation = explain({
    belief: fed.state,
    policy: policyOf(),
    clusterId: cluster,
    sights: sightsOf(seen),
    hasQuorum: true,
    orchestrators: { voters: 3, live: 3 },
    ...NO_DOUBT,
    ...changes,
  });
  if (explanation === null) throw new Error('the cluster is known');
  return explanation;
}

const codes = ({ refusals }: Explanation): readonly string[] => refusals.map(({ code }) => code);

function change(id: string, facts: Parameters<typeof observed>[2]): void {
  const serverNumber = [P, A, B].indexOf(id) + 1;
  fed.feed({ kind: 'topology-observed', servers: [observed(id, id === P ? null : P, { serverNumber, ...facts })] });
}

describe('a cluster that would be failed over', () => {
  it('is told so, with the successor, why that one, and the steps', () => {
    const told = ask();
    expect(told).toMatchObject({ wouldFailOver: true, refusals: [], successor: { server: A }, warnings: [] });
    expect(told.successor?.because).toContain('it comes before');
    expect(told.successor?.because).toMatch(
      /; should it be late in applying what it received, one of its tier that has all as well and less left to apply goes before it$/,
    );
    expect(told.candidates.map(({ server, rank }) => [server, rank])).toEqual([
      [A, 1],
      [B, 2],
    ]);
    expect(told.candidates[1]?.behindBecause).toContain('its address alone');
    expect(told.plan[0]).toContain('stop the IO thread');
    expect(told.plan.join('\n')).toContain('open');
  });

  it('names the criterion that decided', () => {
    change(B, { promotionRule: 'prefer' });
    const told = ask();
    expect(told.successor).toMatchObject({ server: B });
    expect(told.successor?.because).toContain('promotion rule');
  });

  it('tells what only the primary had, what is errant, and who could not follow', () => {
    seen[P] = { executed: `${P}:1-12` };
    seen[B] = { executed: `${P}:1-10,${B}:1-3` };
    const { loss, successor } = ask();
    expect(successor).toMatchObject({ server: A });
    expect(loss.unreceived).toEqual({ gtids: `${P}:11-12`, count: 2 });
    expect(loss.errant).toMatchObject([{ server: B, gtids: `${B}:1-3` }]);
    expect(loss.setApart).toMatchObject([{ server: B }]);
  });

  it('counts as lost what only somebody has who would be left behind', () => {
    seen[P] = { executed: `${P}:1-12` };
    seen[A] = { executed: `${P}:1-12` };
    change(A, { logReplicaUpdates: false });
    const { loss, successor } = ask();
    expect(successor).toMatchObject({ server: B });
    expect(loss.setApart).toMatchObject([{ server: A }]);
    expect(loss.unreceived).toEqual({ gtids: `${P}:11-12`, count: 2 });
  });

  it('is told of two that replicate from each other why it would be the other one', () => {
    change(P, { channels: [channelTo(B)] });
    expect(ask().successor).toEqual({
      server: B,
      name: `${B}:3306`,
      because: `it and ${P}:3306 replicate from each other, so the role is its own`,
    });
  });

  it('catches up first when a better ranked one has received less, and no replica is left behind', () => {
    seen[A] = { executed: `${P}:1-8` };
    expect(ask()).toMatchObject({ wouldFailOver: true, successor: { server: B }, loss: { setApart: [] } });
    expect(ask().successor?.because).toContain('would rank before it');
  });

  it('says of a relay log that is not applied yet how long it is', () => {
    seen[A] = { executed: `${P}:1-7`, received: `${P}:1-10` };
    expect(ask().candidates.find(({ server }) => server === A)).toMatchObject({ unapplied: 3 });
  });
});

describe('every reason why a cluster would not be failed over, with what mends it', () => {
  it('several at once', () => {
    fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    const told = ask({ policy: policyOf({ primaryFilters: [] }), hasQuorum: false });
    expect(codes(told)).toEqual(['no-quorum', 'recoveries-disabled', 'not-covered']);
    expect(told.refusals.every(({ mend }) => mend !== '')).toBe(true);
    expect(told).toMatchObject({ wouldFailOver: false, successor: { server: A } });
  });

  it('filters by cluster and by host', () => {
    expect(codes(ask({ policy: policyOf({ primaryFilters: filters('elsewhere') }) }))).toEqual(['not-covered']);
    expect(codes(ask({ policy: policyOf({ ignoredHosts: [/^0/] }) }))).toEqual(['ignored-host']);
  });

  it('downtime and maintenance of the primary', () => {
    fed.feed({
      kind: 'downtime-begun',
      downtime: { server: serverId(P), owner: 'me', reason: 'disk', beganAtMs: 0, endsAtMs: fed.state.nowMs + 60_000 },
    });
    fed.feed({ kind: 'maintenance-begun', server: serverId(P), owner: 'me', reason: 'ram', durationMs: 60_000 });
    expect(codes(ask())).toEqual(['downtime', 'maintenance']);
  });

  it('a block: until when, because of which recovery, and how to acknowledge it', () => {
    const recovery = recoveryOf('7:a', cluster, P);
    fed.feed({ kind: 'recovery-opened', recovery });
    fed.feed({ kind: 'promoting', recoveryId: recovery.id, server: serverId(A), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict: { kind: 'succeeded' }, lost: [] });
    change(B, { channels: [channelTo(A)] });
    const [block] = ask({ policy: policyOf({ blockMs: 3_600_000 }) }).refusals;
    expect(block).toMatchObject({ code: 'blocked', mend: expect.stringContaining('ack-cluster-recoveries') as string });
    expect(block?.message).toContain('7:a');
    expect(block?.message).toMatch(/until \d{4}-\d\d-\d\dT/);
    expect(codes(ask({ policy: policyOf({ blockMs: 0 }) }))).not.toContain('blocked');
    fed.feed({ kind: 'recovery-acknowledged', recoveryId: '7:a' as RecoveryId, by: 'me', comment: 'seen' });
    expect(codes(ask({ policy: policyOf({ blockMs: 3_600_000 }) }))).not.toContain('blocked');
  });

  it('a recovery that is under way', () => {
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('7:a', cluster, P) });
    expect(codes(ask())).toContain('open-recovery');
  });

  it('no replica that may be promoted, with every reason of each', () => {
    change(A, { promotionRule: 'must_not', binlogEnabled: false });
    change(B, { logReplicaUpdates: false, gtidMode: 'OFF' });
    const told = ask();
    expect(codes(told)).toEqual(['no-candidate']);
    expect(told).toMatchObject({ successor: null, plan: [] });
    const against = new Map(told.candidates.map(({ server, refusals }) => [server, refusals.map(({ code }) => code)]));
    expect(against.get(serverId(A))).toEqual(['must-not', 'no-binlog']);
    expect(against.get(serverId(B))).toEqual(['no-replica-updates', 'no-gtid']);
  });

  it('too far behind, by the configured limit alone', () => {
    seen[A] = { ...CALM, lagSeconds: 120 };
    seen[B] = { ...CALM, lagSeconds: 119 };
    expect(ask({ policy: policyOf({ promotionLagMs: 120_000 }) })).toMatchObject({ successor: { server: B } });
    expect(codes(ask({ policy: policyOf({ promotionLagMs: 60_000 }) }))).toEqual(['no-candidate']);
    expect(ask()).toMatchObject({ wouldFailOver: true, successor: { server: A } });
  });

  it('relay log left to apply, where that forbids it', () => {
    for (const id of [A, B]) seen[id] = { executed: `${P}:1-7`, received: `${P}:1-10` };
    expect(codes(ask({ policy: policyOf({ promotesAppliedOnly: true }) }))).toEqual(['plan']);
    seen[B] = CALM;
    expect(ask({ policy: policyOf({ promotesAppliedOnly: true }) })).toMatchObject({ successor: { server: B } });
  });

  it('another data centre, where that is forbidden', () => {
    for (const id of [A, B]) change(id, { dataCenter: 'west' });
    change(P, { dataCenter: 'east' });
    const told = ask({ policy: policyOf({ preventCrossDataCenter: true }) });
    expect(codes(told)).toEqual(['no-candidate']);
    expect(told.refusals[0]?.message).toContain('PreventCrossDataCenterMasterFailover');
  });

  it('nobody who could tell of the death: replicas that do not answer, or whose IO threads an operator stopped', () => {
    for (const id of [A, B]) change(id, { channels: [channelTo(P, { ioThread: 'stopped' })] });
    expect(codes(ask())).toEqual(['no-witness']);
    const ioError = { number: 2003, text: 'cannot connect' };
    change(B, { channels: [channelTo(P, { ioThread: 'stopped', ioError })] });
    expect(codes(ask())).toEqual([]);
    for (const id of [A, B]) seen[id] = { ...CALM, answers: false };
    expect(codes(ask())).toEqual(['no-witness', 'plan']);
    seen[B] = CALM;
    expect(codes(ask())).toEqual([]);
    seen[A] = { ...CALM, answers: false, unread: 'error 1040: Too many connections' };
    expect(ask().refusals).toMatchObject([
      { code: 'no-witness', message: expect.stringMatching(/cannot be read, .*1040/) as string },
    ]);
  });

  it('a candidate that does not answer now, which may have answered by then', () => {
    seen[A] = { ...CALM, answers: false };
    const { candidates, successor, wouldFailOver } = ask();
    expect(candidates.map(({ name, refusals }) => [name, refusals.map(({ code }) => code)])).toEqual([
      [`${A}:3306`, ['silent']],
      [`${B}:3306`, []],
    ]);
    expect({ successor: successor?.server, wouldFailOver }).toEqual({ successor: B, wouldFailOver: true });
  });

  it('too few orchestrators, also where two need each other', () => {
    expect(codes(ask({ orchestrators: { voters: 3, live: 1 } }))).toEqual(['few-voters']);
    expect(codes(ask({ orchestrators: { voters: 2, live: 1 } }))).toEqual(['few-voters']);
    const two = ask({ orchestrators: { voters: 2, live: 2 } });
    expect(two.refusals).toEqual([]);
    expect(two.warnings.map(({ code }) => code)).toEqual(['voters']);
    expect(codes(ask({ orchestrators: { voters: 3, live: null } }))).toEqual([]);
  });

  it('the brake, and as many recoveries as may be', () => {
    const limits = policyOf({ brake: { clusters: 1, withinMs: 60_000 }, concurrentMax: 1 });
    expect(codes(ask({ policy: limits }))).toEqual([]);
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('7:a', 'other' as ClusterId, 'x') });
    expect(codes(ask({ policy: limits }))).toEqual(['brake', 'crowded']);
    fed.feed({ kind: 'brake-applied', reason: 'two at once' });
    expect(ask().refusals[0]).toMatchObject({
      code: 'brake',
      message: expect.stringContaining('two at once') as string,
    });
    fed.feed({ kind: 'brake-released', by: 'me' });
    expect(codes(ask({ policy: limits }))).toEqual(['crowded']);
  });
});

describe('while the primary cannot be reached', () => {
  const judged = (lack: Lack, changes: Partial<Judgement> = {}): Partial<ExplainQuestion> => ({
    emergency: {
      kind: 'judged',
      judgement: { ...judgementOf('unproven'), lack, missing: `no failover: ${lack}`, ...changes },
    },
  });

  it.each(LACKS)('and %s is missing for a proof, that is the first reason, with what mends it', (lack) => {
    const told = ask(judged(lack));
    expect(told.wouldFailOver).toBe(false);
    const [first] = told.refusals;
    expect(first?.code).toBe(lack === 'grace' || lack === 'isolated-site' ? lack : 'unproven');
    expect(first?.message).toContain(`no failover: ${lack}`);
    expect(first?.mend).not.toBe('');
  });

  it('an isolated data centre is told by its name, and what allows a failover of it', () => {
    const [first] = ask(judged('isolated-site')).refusals;
    expect(first?.mend).toContain('RecoverSilentDataCenterClusterFilters');
    expect(first?.mend).toContain('force-master-failover');
  });

  it('a leader that is blind is told as a warning, for whom others see is not dead', () => {
    const told = ask(judged('reached', { settled: false, blindness: 'n1, which leads, cannot reach it, and n2 can' }));
    expect(told.refusals).toEqual([]);
    expect(told.warnings).toMatchObject([
      { code: 'blind-leader', message: expect.stringContaining('n2 can') as string },
    ]);
  });

  it('a suspicion that is fresh, or a death that is proven, is no reason against a failover', () => {
    expect(ask(judged('disagreement', { settled: false })).wouldFailOver).toBe(true);
    const dead = { ...judgementOf('dead'), missing: null, lack: null };
    expect(ask({ emergency: { kind: 'judged', judgement: dead } }).wouldFailOver).toBe(true);
  });

  it('a follower tells whom to ask, as long as nothing is proven', () => {
    const told = ask({ emergency: { kind: 'told', code: 'UnreachableMaster', leader: 'n2' } });
    expect(told.refusals).toMatchObject([{ code: 'unproven', mend: 'ask n2, who knows what is missing' }]);
    expect(ask({ emergency: { kind: 'told', code: 'DeadMaster', leader: 'n2' } }).refusals).toEqual([]);
  });
});

describe('a data centre that could fall silent as a whole', () => {
  const silentSite = ({ warnings }: Explanation): boolean => warnings.some(({ code }) => code === 'silent-site');

  it('is warned of where that would prevent a failover to another one', () => {
    for (const id of [P, A]) change(id, { dataCenter: 'east' });
    expect(silentSite(ask({ recoversSilentSite: false }))).toBe(false);
    change(B, { dataCenter: 'west' });
    expect(silentSite(ask({ recoversSilentSite: false }))).toBe(true);
    expect(silentSite(ask({ recoversSilentSite: true }))).toBe(false);
  });

  it('is not spoken of where nobody knows of data centres', () => {
    expect(silentSite(ask({ recoversSilentSite: false }))).toBe(false);
  });
});

it('what a probe could not read for want of a grant is a warning with the statement that mends it', () => {
  change(A, { blindSpots: [{ what: 'replica status', error: 'denied', mend: 'GRANT x' }] });
  expect(ask().warnings).toMatchObject([{ code: 'blind-spot', mend: 'GRANT x' }]);
});

it('a right that a recovery would miss is known before there is one: nobody is promoted who could not be opened', () => {
  const right = { privilege: 'RELOAD', purpose: 'RESET REPLICA', mend: 'GRANT RELOAD x' };
  change(A, { missingRights: [{ ...right, stops: 'promotion' }] });
  const one = ask();
  expect(one).toMatchObject({ wouldFailOver: true, successor: { server: B } });
  expect(one.candidates.find(({ server }) => server === A)?.refusals).toMatchObject([
    { code: 'missing-grant', mend: 'GRANT RELOAD x' },
  ]);
  expect(one.warnings).toMatchObject([{ code: 'missing-grant', mend: 'GRANT RELOAD x' }]);
  change(B, { missingRights: [{ ...right, stops: 'promotion' }] });
  expect(ask().refusals).toMatchObject([{ code: 'no-candidate', mend: 'GRANT RELOAD x' }]);
});

it('a right whose want stops no promotion is warned of', () => {
  change(A, { missingRights: [{ privilege: 'C', purpose: 'ending sessions', stops: 'fence', mend: 'GRANT C x' }] });
  expect(ask()).toMatchObject({ wouldFailOver: true, successor: { server: A }, warnings: [{ code: 'missing-grant' }] });
});

it('a right whose want makes a failover wait is told where nothing else would spare that: without GTID, or of a lone replica', () => {
  const lacks = { missingPromptRights: [{ privilege: 'S', purpose: 'KILL of an applier', mend: 'GRANT S x' }] };
  const told = (): readonly string[] =>
    ask()
      .warnings.filter(({ code }) => code === 'slow-without-grant')
      .map(({ mend }) => mend);
  change(A, { ...lacks, gtidMode: 'ON' });
  expect(told()).toEqual([]);
  change(A, { ...lacks, gtidMode: 'OFF' });
  expect(told()).toEqual(['GRANT S x']);
});

it('of a cluster that is not known nothing is explained', () => {
  const nobody = { clusterId: 'nobody' as ClusterId, sights: sightsOf(), hasQuorum: true, ...NO_DOUBT };
  const orchestrators = { voters: 1, live: 1 };
  expect(explain({ belief: fed.state, policy: policyOf(), orchestrators, ...nobody })).toBeNull();
});

it('a source further down is spoken of when its replicas would be left without one, and hinders nothing', () => {
  const leaf = '00000000-0000-0000-0000-000000000004';
  fed.feed({ kind: 'topology-observed', servers: [observed(leaf, A, { serverNumber: 4 })] });
  expect(ask().warnings).toEqual([]);
  const told = ask({ policy: policyOf({ intermediateFilters: [] }) });
  expect(told).toMatchObject({ wouldFailOver: true, warnings: [{ code: 'branch' }] });
  expect(told.warnings[0]?.message).toMatch(
    /if 0.*2:3306 died, its 1 replicas would not be given another source: .*RecoverIntermediateMasterClusterFilters/,
  );
  expect(told.warnings[0]?.mend).toContain('RecoverIntermediateMasterClusterFilters');
});

it('a former primary that some still seem to follow is no branch', () => {
  const leaf = '00000000-0000-0000-0000-000000000004';
  fed.feed({ kind: 'topology-observed', servers: [observed(leaf, A, { serverNumber: 4 })] });
  const demoted = {
    server: serverId(A),
    clusterId: cluster,
    epoch: 1,
    state: 'owed',
    sinceMs: 0,
    extraGtids: '',
  } as const;
  const demotions = new Map([[demoted.server, { ...demoted, recoveryId: '1:a' as RecoveryId, keepStopped: false }]]);
  const policy = policyOf({ intermediateFilters: [] });
  expect(ask({ policy, belief: { ...fed.state, demotions } }).warnings).toEqual([]);
});

it('a replica that somebody opened is warned of by its name, and hinders nothing', () => {
  expect(ask().warnings).toEqual([]);
  change(A, { readOnly: false, superReadOnly: false });
  const told = ask();
  expect(told).toMatchObject({ wouldFailOver: true, warnings: [{ code: 'writable-replica' }] });
  expect(told.warnings[0]?.message).toContain(`${A}:3306 takes writes beside its source ${P}:3306`);
  expect(told.warnings[0]?.mend).toContain(`set-read-only -i ${A}:3306`);
  // One that is dead takes nothing, however it was seen last.
  seen[A] = { ...CALM, answers: false };
  expect(ask().warnings.map(({ code }) => code)).not.toContain('writable-replica');
});

it('says of a server that was detached and takes writes that clients may write to both', () => {
  const detached = [channelTo(P, { source: addressOf(`//${P}`), sourceId: null, ioThread: 'stopped' })];
  change(B, { channels: detached });
  expect(ask().warnings.map(({ code }) => code)).not.toContain('writable-apart');
  change(B, { channels: detached, readOnly: false, superReadOnly: false });
  const told = ask().warnings.find(({ code }) => code === 'writable-apart');
  expect(told?.message).toContain(`${B}:3306 takes writes beside ${P}:3306`);
  expect(told?.mend).toContain(`set-read-only -i ${B}:3306`);
});
