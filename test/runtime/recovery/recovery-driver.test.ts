import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { Step } from '../../../src/core/recovery/step.js';
import { OperationalError } from '../../../src/runtime/errors.js';
import { TestAuthority } from '../../support/authority.js';
import { gtidText, MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

function healthyWorld(): MysqlWorld {
  const world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  return world;
}

let world: MysqlWorld;
let nodes: WorldNodes;

async function begin(policy: ConstructorParameters<typeof WorldNodes>[1] = {}): Promise<void> {
  world = healthyWorld();
  nodes = new WorldNodes(world, policy);
  await nodes.start();
}

beforeEach(async () => {
  await begin();
});

async function killPrimary(): Promise<void> {
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
}

function kinds({ steps }: Recovery): readonly string[] {
  return steps.map(({ step }) => step.kind);
}

describe('a primary that is found dead', () => {
  it('is replaced, step by step in the log, and the cluster has a new primary', async () => {
    await killPrimary();
    const [recovery] = nodes.recoveries;
    expect(recovery).toMatchObject({
      verdict: { kind: 'succeeded' },
      promotion: { server: A, epoch: 1 },
      successor: A,
    });
    expect(recovery === undefined ? [] : kinds(recovery)).toEqual([
      'stop-io',
      'stop-io',
      'await-applied',
      'promise-promotion',
      'detach',
      'open',
      'repoint',
    ]);
    expect(nodes.ledger.state.clusters.get(nodes.cluster())).toMatchObject({ primary: A, epoch: 1 });
    expect(nodes.ledger.state.demotions.get(P)).toMatchObject({ state: 'owed' });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    expect(new Set(nodes.touched)).toEqual(new Set([A, B]));
  });

  it('is touched by no step whose intent is not committed, and opened only when the promotion is', async () => {
    nodes.sessions.beforeStep = (step: Step) => {
      const recovery = nodes.recoveries.find(({ closedAtMs }) => closedAtMs === null);
      const record = recovery?.steps.find((one) => one.step.kind === step.kind && one.step.server === step.server);
      expect(record).toMatchObject({ outcome: null, term: 1 });
      if (step.kind === 'open') expect(recovery?.promotion).toEqual({ server: step.server, epoch: 1 });
    };
    await killPrimary();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
  });

  it('is touched by nobody as long as the log has not taken what is meant', async () => {
    nodes.consensus.autoCommit = false;
    await killPrimary();
    await nodes.turns();
    expect(world.taken).toEqual([]);
    nodes.consensus.autoCommit = true;
    nodes.consensus.commit();
    await nodes.turns();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
  });

  it('is touched by nobody when the log holds other intents than those that were meant', async () => {
    nodes.sessions.beforeStep = ({ kind, server }: Step) => {
      if (kind === 'stop-io' && server === B) nodes.consensus.autoCommit = false;
    };
    await killPrimary();
    const [open] = nodes.recoveries;
    if (open === undefined) throw new Error('it was opened');
    const step = { kind: 'look', server: B } as const;
    void nodes.ledger.propose({
      kind: 'steps-intended',
      recoveryId: open.id,
      term: 1,
      steps: [{ number: 3, attempt: 1, step }],
    });
    const before = world.taken.length;
    nodes.consensus.autoCommit = true;
    nodes.consensus.commit();
    await nodes.turns();
    expect(world.taken).toHaveLength(before);
    expect(nodes.lines).toContain(`recovery ${open.id} stands still: the log holds other intents`);
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [] }]);
  });

  it('is followed in a new session by a replica whose session was ended in the middle of a step', async () => {
    let ended = false;
    nodes.sessions.beforeStep = async ({ kind, server }: Step) => {
      if (ended || kind !== 'repoint') return;
      ended = true;
      const address = { host: server, port: 3306 };
      // Whoever takes the barrier ends the session of the one before.
      await nodes.sessions.open({
        server,
        address,
        clusterId: nodes.cluster(),
        authority: new TestAuthority(),
        timeoutMs: 1000,
        barrierTimeoutMs: 1000,
      });
    };
    await killPrimary();
    await nodes.untilClosed();
    expect(ended).toBe(true);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [] }]);
  });

  it('is recovered once, however often it is reported', async () => {
    world.get(P).up = false;
    for (let times = 0; times < 5; times++) nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.recoveries).toHaveLength(1);
  });

  it('is left alone by a follower', async () => {
    nodes.consensus.follow(2, 'n2');
    await killPrimary();
    expect(nodes.recoveries).toEqual([]);
    expect(world.taken).toEqual([]);
  });

  it('is left alone by a leader that has not applied the past of its term', async () => {
    nodes.consensus.lead(2);
    await killPrimary();
    expect(nodes.recoveries).toEqual([]);
  });
});

describe('a leader that dies', () => {
  it('at any step leaves a recovery that the next one finishes as the first would have', async () => {
    await killPrimary();
    const expected = { taken: world.taken.length, servers: serversNow() };
    for (let at = 1; at <= expected.taken; at++) {
      for (const when of ['before', 'after'] as const) {
        await begin();
        await dieAt(at, when);
        expect({ at, when, servers: serversNow() }).toEqual({ at, when, servers: expected.servers });
        expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [] }]);
      }
    }
  });

  it('promotes nobody when the primary is back meanwhile: its replicas go on with it', async () => {
    for (const last of ['stop-io', 'await-applied'] as const) {
      await begin();
      let died = false;
      nodes.sessions.beforeStep = async ({ kind }: Step) => {
        if (died || kind !== last) return;
        died = true;
        world.get(P).up = true;
        await nodes.changeLeader();
      };
      await killPrimary();
      await nodes.untilClosed();
      const reason = expect.stringContaining('is back') as unknown;
      expect(nodes.recoveries).toMatchObject([{ promotion: null, verdict: { kind: 'undone', reason } }]);
      expect(world.writable.map(({ id }) => id)).toEqual([P]);
      for (const id of [A, B]) expect(world.get(id)).toMatchObject({ source: P, io: true, sql: true });
    }
  });

  it('promotes nobody when its own plan had to wait and the primary is back meanwhile, though nobody has seen it', async () => {
    nodes.sessions.beforeStep = async ({ kind }: Step) => {
      if (kind !== 'await-applied') return;
      world.get(P).up = true;
      await nodes.clock.advance(1001);
    };
    await killPrimary();
    await nodes.untilClosed();
    const reason = expect.stringContaining('is back') as unknown;
    expect(nodes.recoveries).toMatchObject([{ promotion: null, verdict: { kind: 'undone', reason } }]);
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('replaces a primary that came back closed: nobody would open it', async () => {
    await begin();
    let died = false;
    nodes.sessions.beforeStep = async ({ kind }: Step) => {
      if (died || kind !== 'await-applied') return;
      died = true;
      Object.assign(world.get(P), { up: true, readOnly: true });
      await nodes.changeLeader();
    };
    await killPrimary();
    await nodes.untilClosed();
    expect(nodes.recoveries[0]).toMatchObject({ verdict: { kind: 'succeeded' }, promotion: { server: A } });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
  });

  it('leaves servers that answer where the record says: none is moved while its recovery is open', async () => {
    let died = false;
    nodes.sessions.beforeStep = async ({ kind }: Step) => {
      if (died || kind !== 'await-applied') return;
      died = true;
      const moves = [{ server: A, address: { host: 'elsewhere', port: 3306 }, why: 'it was found there' }];
      await nodes.ledger.propose({ kind: 'servers-readdressed', moves, replaced: [] });
      await nodes.changeLeader();
    };
    await killPrimary();
    await nodes.untilClosed();
    expect(nodes.ledger.state.servers.get(A)?.address.host).toBe(A);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, successor: A, lost: [] }]);
  });

  it('or loses its right to act for a moment says nothing of the step that it did not take', async () => {
    const { consensus } = nodes;
    const { leaseNow, confirmRead } = consensus;
    nodes.sessions.beforeStep = () => {
      nodes.sessions.beforeStep = () => undefined;
      consensus.leaseNow = { ...leaseNow, until: 0 };
      consensus.confirmRead = () => Promise.reject(new OperationalError('NO_QUORUM', 'nobody answers'));
    };
    await killPrimary();
    const [open] = nodes.recoveries;
    // A failure in the record would have been answered with another attempt.
    expect(open?.steps.filter(({ outcome, attempt }) => outcome?.ok === false || attempt > 1)).toEqual([]);
    expect(open?.closedAtMs).toBeNull();
    Object.assign(consensus, { leaseNow, confirmRead });
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [] }]);
  });

  it('sends nothing any more from the turn on in which it learns that it does not lead', async () => {
    let steps = 0;
    nodes.sessions.beforeStep = () => {
      steps += 1;
      if (steps === 1) nodes.consensus.follow(2, 'n2');
    };
    await killPrimary();
    await nodes.clock.advance(10_000);
    expect(world.taken).toEqual([]);
    expect(nodes.recoveries).toMatchObject([{ closedAtMs: null, promotion: null }]);
  });
});

/** The leader dies right before or right after the step of this number was taken; another one takes over. */
async function dieAt(at: number, when: 'before' | 'after'): Promise<void> {
  let steps = 0;
  let died = false;
  const die = async (): Promise<void> => {
    died = true;
    await nodes.changeLeader();
  };
  nodes.sessions.beforeStep = async () => {
    if (died) return;
    steps += 1;
    if (when === 'before' && steps === at) await die();
    if (when === 'after' && steps === at) queueMicrotask(() => void die());
  };
  await killPrimary();
  await nodes.untilClosed();
  expect(died).toBe(true);
}

function serversNow(): unknown {
  return [...world.servers.values()].map(({ executed, relay, ...rest }) => ({
    ...rest,
    has: gtidText([...executed, ...relay]),
  }));
}

describe('a right to act that lapses', () => {
  it('stops the plan, commits no outcome for want of it, and lets it go on when it is back', async () => {
    let steps = 0;
    nodes.sessions.beforeStep = () => {
      steps += 1;
      if (steps === 3) nodes.consensus.leaseNow = { term: 1, until: 0 };
    };
    nodes.consensus.confirmRead = () => Promise.reject(new Error('no quorum'));
    await killPrimary();
    expect(nodes.recoveries).toMatchObject([{ closedAtMs: null, promotion: null }]);
    expect(nodes.recoveries[0]?.steps.at(-1)).toMatchObject({ step: { kind: 'await-applied' }, outcome: null });
    nodes.consensus.leaseNow = { term: 1, until: Number.MAX_SAFE_INTEGER };
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
    expect(nodes.recoveries[0]?.steps.at(2)).toMatchObject({ step: { kind: 'await-applied' }, attempt: 2 });
  });
});

describe('what keeps a leader from acting', () => {
  it('is told once for each change and shown as long as it holds', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    for (let times = 0; times < 3; times++) await killPrimary();
    expect(nodes.lines.filter((line) => line.includes('nothing is done'))).toHaveLength(1);
    expect(nodes.driver.restraints.get(P)).toMatchObject([expect.stringContaining('enable-global-recoveries')]);
    expect(nodes.recoveries).toEqual([]);
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: true, by: 'me' });
    await killPrimary();
    expect(nodes.driver.restraints.size).toBe(0);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
  });

  it('is a failover of a moment ago, and time or an acknowledgement ends that', async () => {
    await begin({ blockMs: 60_000 });
    await killPrimary();
    await nodes.observe();
    const next = { ...nodes.deadMaster(A), server: A };
    world.get(A).up = false;
    nodes.driver.noticeProblems([next]);
    await nodes.turns();
    expect(nodes.driver.restraints.get(A)?.[0]).toContain('RecoveryPeriodBlockSeconds');
    expect(nodes.recoveries).toHaveLength(1);
    await nodes.clock.advance(61_000);
    nodes.driver.noticeProblems([next]);
    await nodes.turns();
    expect(nodes.recoveries).toHaveLength(2);
    expect(world.writable.map(({ id }) => id)).toEqual([B]);
  });

  it('goes with the problem', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    await killPrimary();
    nodes.driver.noticeProblems([]);
    expect(nodes.driver.restraints.size).toBe(0);
  });

  it('is shown by a follower too, which does not write it into its log', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    nodes.consensus.follow(2, 'n2');
    await killPrimary();
    expect(nodes.driver.restraints.get(P)).toHaveLength(1);
    expect(nodes.lines).toEqual([]);
  });

  it('is not for a follower to say of what it sees alone or by hearsay: the leader decides', async () => {
    const seen = { ...nodes.deadMaster(P), reaction: 'none' } as const;
    nodes.consensus.follow(2, 'n2');
    nodes.driver.noticeProblems([seen]);
    expect(nodes.driver.restraints.get(P)).toEqual(['what is done about it is for the leader to decide (n2)']);
    nodes.consensus.follow(3, null);
    nodes.driver.noticeProblems([seen]);
    expect(nodes.driver.restraints.get(P)).toEqual([
      'there is no leader, who alone could do something about it (to mend it: bring a majority of the nodes back)',
    ]);
    await nodes.turns();
    expect(nodes.lines).toEqual([]);
  });
});

describe('a canary', () => {
  const server = (id: typeof A) => {
    const found = nodes.ledger.state.servers.get(id);
    if (found === undefined) throw new Error('not observed');
    return found;
  };

  it('is restarted through a session like any other', async () => {
    await nodes.driver.restartCanary(server(A));
    expect(world.taken).toEqual([{ kind: 'restart-io', server: A }]);
    expect(nodes.driver.bestCandidateOf(P)).toBe(A);
  });

  it('is left alone by a follower and while a recovery holds its barrier', async () => {
    let answer: unknown = null;
    nodes.sessions.beforeStep = async () => {
      answer ??= await nodes.driver.restartCanary(server(A)).catch((error: unknown) => error);
    };
    await killPrimary();
    expect(answer).toMatchObject({ code: 'MYSQL_BARRIER' });
    nodes.consensus.follow(2, 'n2');
    await expect(nodes.driver.restartCanary(server(A))).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });
});
