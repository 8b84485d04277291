import { beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { Step } from '../../../src/core/recovery/step.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

/** The primary feeds a replica and a source with two replicas of its own. */
const [P, REPLICA, SOURCE, O1, O2] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4), uuidOf(5)];

let world: MysqlWorld;
let nodes: WorldNodes;

async function begin(policy: Partial<RecoveryPolicy> = {}): Promise<void> {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [REPLICA, SOURCE]) world.follow(world.add(id), primary);
  for (const id of [O1, O2]) world.follow(world.add(id), world.get(SOURCE));
  world.write(primary, 5);
  world.settle();
  nodes = new WorldNodes(world, policy);
  await nodes.start();
}

beforeEach(async () => {
  await begin();
});

const lostSource = () => nodes.problem(SOURCE, 'DeadIntermediateMaster', 'recover-dead-intermediate');

async function kill(id: typeof P): Promise<void> {
  world.get(id).up = false;
  nodes.driver.noticeProblems([id === P ? nodes.deadMaster(P) : lostSource()]);
  await nodes.turns();
}

const sources = (): readonly unknown[] => [O1, O2].map((id) => world.get(id).source);

describe('a source in the middle of the tree that is found dead', () => {
  it('is replaced for its replicas by the server beside it, and nobody is promoted', async () => {
    await kill(SOURCE);
    expect(nodes.recoveries).toMatchObject([
      { kind: 'dead-intermediate', verdict: { kind: 'succeeded' }, promotion: null, successor: REPLICA, lost: [] },
    ]);
    expect(sources()).toEqual([REPLICA, REPLICA]);
    expect(nodes.ledger.state.clusters.get(nodes.cluster())).toMatchObject({ primary: P, epoch: 0 });
    expect(nodes.ledger.state.demotions.size).toBe(0);
    expect(nodes.ledger.state.downtimes.size).toBe(0);
    expect(nodes.lines.at(-1)).toContain('takes its place');
  });

  it('is left alone where automatic recovery of such is off, whatever is set for primaries', async () => {
    await begin({ intermediateFilters: [] });
    await kill(SOURCE);
    expect(nodes.recoveries).toEqual([]);
    expect(nodes.driver.restraints.get(SOURCE)?.[0]).toContain('RecoverIntermediateMasterClusterFilters');
  });

  it('is taken up by the next leader at the step where it stood', async () => {
    let died = false;
    nodes.sessions.beforeStep = async (step: Step) => {
      if (died || step.kind !== 'repoint') return;
      died = true;
      await nodes.changeLeader();
    };
    await kill(SOURCE);
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
    expect(sources()).toEqual([REPLICA, REPLICA]);
  });
});

describe('a primary that dies in the middle of such a recovery', () => {
  /** The primary dies when the replicas of the lost source have been stopped and not pointed elsewhere. */
  async function killPrimaryMeanwhile(): Promise<void> {
    let killed = false;
    nodes.sessions.beforeStep = (step: Step) => {
      if (killed || step.kind !== 'repoint') return;
      killed = true;
      world.get(P).up = false;
      nodes.driver.noticeProblems([nodes.deadMaster(P), lostSource()]);
    };
    await kill(SOURCE);
    await nodes.untilClosed();
  }

  it('comes first; the replicas that were stopped are seen to when it has been replaced', async () => {
    await killPrimaryMeanwhile();
    await nodes.observe();
    await nodes.untilClosed();
    const [interrupted, failover, again] = nodes.recoveries;
    expect(interrupted?.verdict).toMatchObject({ kind: 'undone', gaveWayTo: failover?.id });
    expect(failover).toMatchObject({ kind: 'dead-primary', verdict: { kind: 'succeeded' }, successor: REPLICA });
    expect(again).toMatchObject({
      kind: 'dead-intermediate',
      failed: SOURCE,
      verdict: { kind: 'succeeded' },
      lost: [],
    });
    expect(nodes.recoveries).toHaveLength(3);
    expect([O1, O2].map((id) => world.get(id).io)).toEqual([true, true]);
    expect(sources()).not.toContain(SOURCE);
  });

  it('and a leader that dies with it is followed by one that sees to them', async () => {
    let failovers = 0;
    nodes.sessions.beforeStep = async (step: Step) => {
      if (step.kind === 'open' && failovers === 0) {
        failovers += 1;
        await nodes.changeLeader();
      } else if (step.kind === 'repoint' && failovers === 0 && world.get(P).up) {
        world.get(P).up = false;
        nodes.driver.noticeProblems([nodes.deadMaster(P)]);
      }
    };
    await kill(SOURCE);
    for (let times = 0; times < 3; times++) {
      await nodes.untilClosed();
      await nodes.turns();
    }
    expect(failovers).toBe(1);
    expect([O1, O2].map((id) => world.get(id).io)).toEqual([true, true]);
    expect(sources()).not.toContain(SOURCE);
  });
});

describe('recoveries of different kinds', () => {
  it('do not block each other, and do block their own kind for a while', async () => {
    await begin({ blockMs: 3_600_000 });
    await kill(SOURCE);
    await kill(P);
    expect(nodes.recoveries.map(({ kind, verdict }) => [kind, verdict?.kind])).toEqual([
      ['dead-intermediate', 'succeeded'],
      ['dead-primary', 'succeeded'],
    ]);
    nodes.driver.noticeProblems([lostSource()]);
    await nodes.turns();
    expect(nodes.recoveries).toHaveLength(2);
    expect(nodes.driver.restraints.get(SOURCE)?.join()).toContain('were given another source not long ago');
  });

  it('wait for each other in one cluster, and the lesser waits for the graver', async () => {
    world.get(P).up = false;
    world.get(SOURCE).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P), lostSource()]);
    await nodes.turns();
    expect(nodes.recoveries.map(({ kind }) => kind)).toEqual(['dead-primary']);
    await nodes.observe();
    nodes.driver.noticeProblems([lostSource()]);
    await nodes.turns();
    expect(nodes.recoveries).toMatchObject([{}, { kind: 'dead-intermediate', verdict: { kind: 'succeeded' } }]);
    // Nobody stands beside it any more, so one of its own takes its place.
    expect(sources()).toEqual([REPLICA, O1]);
  });
});
