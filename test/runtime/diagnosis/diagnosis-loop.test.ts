import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage } from '../../support/diagnosis-stage.js';

const TREE = { p: null, r1: 'p', r2: 'p' };

async function leading(options: ConstructorParameters<typeof DiagnosisStage>[1] = {}): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(TREE, options);
  await stage.leadWell();
  return stage;
}

describe('a primary that is killed', () => {
  it('is dead within the first rounds after the lost connection, and no poll is waited for', async () => {
    const stage = await leading();
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(500);
    expect(stage.tookUntil('p', 'DeadMaster', killedAtMs)).toBeLessThanOrEqual(10);
    expect(stage.latest.problems[0]).toMatchObject({ code: 'DeadMaster', reaction: 'recover-dead-primary' });
    expect(stage.because('p')).toContain('refused');
  });

  it('is dead as quickly when one of three nodes is down', async () => {
    const stage = await leading();
    stage.world.peers.set('n3', 'down');
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(500);
    expect(stage.tookUntil('p', 'DeadMaster', killedAtMs)).toBeLessThanOrEqual(10);
  });

  it('is dead as quickly when a replica was set up anew, and its former record is not replaced yet', async () => {
    const stage = await leading();
    const former = stage.ledger.state.servers.get(serverId('r1'));
    if (former === undefined) throw new Error('r1 is known');
    stage.world.rebuild('r1', 'r1-anew');
    const { address, facts } = former;
    stage.feed({ kind: 'topology-observed', servers: [{ id: serverId('r1-anew'), address, facts }] });
    await stage.pollAll();
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(500);
    expect(stage.tookUntil('p', 'DeadMasterAndSomeReplicas', killedAtMs)).toBeLessThanOrEqual(10);
    expect(stage.because('p')).toContain('r1:3306 is not there any more (r1-anew answers at its address)');
  });

  it('is not dead when two of three nodes are down', async () => {
    const stage = await leading();
    stage.world.peers.set('n2', 'down');
    stage.world.peers.set('n3', 'down');
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(20_000);
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.because('p')).toContain('no failover: too few nodes agree');
    expect(stage.published.every((one) => one.codes['p'] !== 'DeadMaster')).toBe(true);
  });

  it('is dead in the next round when its replicas need a moment to notice', async () => {
    const stage = await leading();
    for (const replica of ['r1', 'r2']) stage.world.setChannel(replica, {});
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(30);
    expect(stage.tookUntil('p', 'DeadMaster', killedAtMs)).toBeNull();
    for (const replica of ['r1', 'r2']) stage.world.setChannel(replica, null);
    await stage.clock.advance(200);
    expect(stage.tookUntil('p', 'DeadMaster', killedAtMs)).toBeLessThanOrEqual(60);
  });

  it('is written down once as an incident, with its name', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(5000);
    expect(stage.proposed('incident-opened').map(({ incident }) => incident)).toMatchObject([
      {
        server: 'p',
        code: 'DeadMaster',
        canary: null,
        openedAtMs: expect.closeTo(stage.clock.wall - 5000, -2) as number,
      },
    ]);
  });

  it('is told in one line, with the reasons', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(10_000);
    const told = stage.lines.filter((line) => line.startsWith('p:3306: DeadMaster'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('n1 and n2 refused');
    expect(told[0]).toContain('r1:3306 lost its source');
  });

  it('is found by a failed probe or by a replica when no connection of ours tells', async () => {
    const byProbe = await leading();
    byProbe.world.become('p', 'refuses');
    await byProbe.pollAll();
    expect(byProbe.codeOf('p')).toBe('DeadMaster');

    const byReplica = await leading();
    byReplica.world.become('p', 'refuses');
    const atMs = byReplica.clock.now;
    void byReplica.world.probe({ host: 'r2', port: 3306 }, 1000).then((result) => byReplica.look(result));
    await byReplica.clock.advance(500);
    expect(byReplica.tookUntil('p', 'DeadMaster', atMs)).toBeLessThanOrEqual(20);
  });

  it('is found by what a follower tells', async () => {
    const stage = await leading();
    const atMs = stage.clock.now;
    stage.world.become('p', 'refuses');
    stage.loop.noticeLostBy('n2', { host: 'p', port: 3306 }, 'lost its connection');
    await stage.clock.advance(500);
    expect(stage.tookUntil('p', 'DeadMaster', atMs)).toBeLessThanOrEqual(10);
  });
});

describe('a primary that freezes', () => {
  it('is dead about two seconds later with heartbeats every second, and not before', async () => {
    const stage = await leading();
    stage.keepPolling(500);
    await stage.clock.advance(3000);
    const frozenAtMs = stage.clock.now;
    stage.world.become('p', 'frozen');
    await stage.clock.advance(10_000);
    const tookMs = stage.tookUntil('p', 'DeadMaster', frozenAtMs);
    expect(tookMs).toBeGreaterThan(1000);
    expect(tookMs).toBeLessThanOrEqual(2600);
    expect(stage.because('p')).toContain('got no heartbeat');
  });

  it('that thaws before is over without a word about death', async () => {
    const stage = await leading();
    stage.keepPolling(500);
    await stage.clock.advance(3000);
    stage.world.become('p', 'frozen');
    await stage.clock.advance(1200);
    stage.world.become('p', 'up');
    await stage.clock.advance(5000);
    expect(stage.codeOf('p')).toBeNull();
    expect(stage.lines.some((line) => line.includes('DeadMaster'))).toBe(false);
    expect(stage.ledger.state.incidents.size).toBe(0);
  });

  it('goes on being asked for as long as it takes, at a slower pace', async () => {
    const stage = await leading({ voters: ['n1', 'n2'] });
    stage.world.peers.set('n2', 'down');
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(1000);
    const early = stage.world.count('knock p');
    await stage.clock.advance(59_000);
    stage.world.calls.length = 0;
    await stage.clock.advance(10_000);
    expect(early).toBeGreaterThan(10);
    expect(stage.world.count('knock p')).toBeLessThanOrEqual(6);
    stage.world.peers.set('n2', 'same');
    await stage.clock.advance(4000);
    expect(stage.codeOf('p')).toBe('DeadMaster');
  });
});

describe('no false alarm', () => {
  it('for a connection that broke: the server greets, and nobody hears of it', async () => {
    const stage = await leading();
    stage.published.length = 0;
    stage.world.loseConnection('p');
    await stage.clock.advance(5000);
    expect(stage.published.every((one) => Object.keys(one.codes).length === 0)).toBe(true);
    expect(stage.proposals).toEqual([]);
    expect(stage.world.count('knock p')).toBe(1);
  });

  it('for a lost connection to a replica that nothing hangs on', async () => {
    const stage = await leading();
    stage.world.become('r1', 'refuses', true);
    await stage.clock.advance(2000);
    expect(stage.world.calls.filter((call) => call !== 'probe p')).toEqual([]);
  });

  it('for a primary that answers 1040', async () => {
    const stage = await leading();
    stage.world.become('p', 'full', true);
    stage.keepPolling(1000);
    await stage.clock.advance(10_000);
    expect(stage.lines.some((line) => line.includes('Dead') || line.includes('Unreachable'))).toBe(false);
    expect(stage.proposals).toEqual([]);
  });

  it('for a primary that greets and hangs, while its replicas receive', async () => {
    const stage = await leading();
    stage.world.become('p', 'hung', true);
    stage.keepPolling(1000);
    await stage.clock.advance(20_000);
    expect(stage.lines.some((line) => line.includes('Dead'))).toBe(false);
    // It is knocked at now and then, not ten times a second.
    expect(stage.world.count('knock p')).toBeLessThan(40);
  });

  it('when the leader alone is cut off: it says so once, and when it is over', async () => {
    const stage = await leading();
    stage.world.cutOff.add('p');
    stage.keepPolling(1000);
    await stage.clock.advance(40_000);
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.because('p')).toContain('n2 and n3 answered');
    expect(stage.ledger.state.incidents.get(serverId('p'))?.code).toBe('UnreachableMaster');
    expect(stage.lines.filter((line) => line.startsWith('p:3306: UnreachableMaster')).length).toBeLessThanOrEqual(2);
    stage.world.cutOff.clear();
    await stage.clock.advance(5000);
    expect(stage.codeOf('p')).toBeNull();
    expect(stage.ledger.state.incidents.size).toBe(0);
    expect(stage.lines).toContain('p:3306: UnreachableMaster is over');
    expect(stage.canaries).toEqual([]);
    // Somebody reaches it: nothing is urgent, and nobody is asked ten times a second.
    expect(stage.world.count('examine p')).toBeLessThanOrEqual(60);
  });

  it('when all nodes are cut off and the replicas are fed', async () => {
    const stage = await leading();
    stage.world.cutOff.add('p');
    stage.world.peers.set('n2', 'silent').set('n3', 'silent');
    stage.keepPolling(1000);
    await stage.clock.advance(120_000);
    expect(stage.published.some((one) => one.codes['p'] === 'DeadMaster')).toBe(false);
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.proposals.map((one) => one.kind)).toEqual(['incident-opened']);
    expect(stage.lines.filter((line) => line.startsWith('p:3306: UnreachableMaster')).length).toBeLessThanOrEqual(5);
  });

  it('after a pause of our own: looks that ran out of time meanwhile are no silence', async () => {
    const stage = await leading({ voters: ['n1'] });
    stage.world.heartbeatMs = 200;
    stage.world.become('p', 'frozen', true);
    await stage.clock.advance(300);
    // The process stops; the primary thaws and freezes again unseen. All timers fire late.
    stage.clock.now += 30_000;
    stage.clock.wall += 30_000;
    const resumedAtMs = stage.clock.now;
    await stage.clock.advance(900);
    expect(stage.codeOf('p')).not.toBe('DeadMaster');
    await stage.clock.advance(5000);
    expect(stage.tookUntil('p', 'DeadMaster', resumedAtMs)).toBeGreaterThanOrEqual(1000);
    expect(stage.lines.some((line) => line.includes('the clocks of silence start anew'))).toBe(true);
  });
});

describe('a pause that ends with answers to questions from before it', () => {
  it('is noticed before anything is concluded from them', async () => {
    const stage = await leading({ voters: ['n1'] });
    for (const replica of ['r1', 'r2']) {
      stage.world.setChannel(replica, { ioThread: 'connecting', ioError: { number: 2003, text: 'lost' } });
    }
    await stage.clock.advance(30);
    stage.world.become('p', 'frozen', true);
    await stage.clock.advance(480);
    // The knock has 20 ms left; the watch over pauses looks again later than that.
    stage.clock.now += 4000;
    stage.clock.wall += 4000;
    await stage.clock.advance(1);
    expect(stage.codeOf('p')).not.toBe('DeadMaster');
    expect(stage.lines.some((line) => line.includes('the clocks of silence start anew'))).toBe(true);
  });
});

describe('a pause in which the silence seems to have lasted long enough', () => {
  it('is noticed before all servers are examined', async () => {
    const stage = await leading({ voters: ['n1'], pace: { gatherMs: 5 } });
    for (const replica of ['r1', 'r2']) {
      stage.world.setChannel(replica, { ioThread: 'connecting', ioError: { number: 2003, text: 'lost' } });
    }
    stage.world.become('p', 'frozen', true);
    await stage.clock.advance(510);
    stage.loop.noticeApplied();
    stage.clock.now += 3000;
    stage.clock.wall += 3000;
    const resumedAtMs = stage.clock.now;
    await stage.clock.advance(5000);
    expect(stage.tookUntilRecovery(0)).toBeGreaterThanOrEqual(resumedAtMs + 1000);
  });
});

describe('a replica that was refused before', () => {
  it('is no witness and holds nothing up', async () => {
    const stage = new DiagnosisStage(TREE);
    stage.world.setChannel('r2', { ioThread: 'connecting', ioError: { number: 1045, text: 'denied' } });
    await stage.leadWell();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(200);
    expect(stage.codeOf('p')).toBe('DeadMaster');
    expect(stage.because('p')).toContain('r2:3306 was refused with error 1045 before the suspicion arose');
  });
});

describe('the leader changes', () => {
  it('and what it saw as a follower is no part of its silence', async () => {
    const stage = new DiagnosisStage(TREE);
    stage.keepPolling(500);
    await stage.clock.advance(2000);
    stage.world.become('p', 'frozen');
    await stage.clock.advance(10_000);
    const ledFromMs = stage.clock.now;
    stage.loop.lead(2);
    await stage.clock.advance(5000);
    expect(stage.tookUntil('p', 'DeadMaster', ledFromMs)).toBeGreaterThanOrEqual(1000);
  });

  it('and the new one goes on with the open incident at once, with clocks of its own', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    stage.world.become('p', 'frozen');
    const clusterId = stage.ledger.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    stage.feed({
      kind: 'incident-opened',
      incident: { id: 'i1', server: serverId('p'), clusterId, openedAtMs: 1, code: 'UnreachableMaster', canary: null },
    });
    await stage.clock.advance(10_000);
    stage.world.calls.length = 0;
    const ledFromMs = stage.clock.now;
    stage.loop.lead(2);
    expect(stage.world.calls).toEqual(expect.arrayContaining(['knock p', 'examine p', 'probe r1', 'probe r2']));
    await stage.clock.advance(5000);
    expect(stage.tookUntil('p', 'DeadMaster', ledFromMs)).toBeGreaterThanOrEqual(1000);
    expect(stage.ledger.state.incidents.get(serverId('p'))).toMatchObject({ id: 'i1', code: 'DeadMaster' });
  });

  it('and a former leader asks nobody any more', async () => {
    const stage = await leading();
    stage.world.become('p', 'frozen', true);
    await stage.clock.advance(200);
    stage.loop.follow();
    stage.world.calls.length = 0;
    await stage.clock.advance(10_000);
    expect(stage.world.calls).toEqual([]);
    expect(stage.proposals).toEqual([]);
  });

  it('and an incident that nothing speaks for any more is closed', async () => {
    const stage = new DiagnosisStage(TREE);
    const clusterId = stage.ledger.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    const incident = { id: 'i1', server: serverId('p'), clusterId, openedAtMs: 1, code: 'DeadMaster', canary: null };
    stage.feed({ kind: 'incident-opened', incident });
    stage.loop.lead(2);
    await stage.clock.advance(3000);
    expect(stage.ledger.state.incidents.size).toBe(0);
  });
});

describe('a follower', () => {
  it('tells the leader what it lost, not more often than the limit, and asks nobody itself', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    stage.world.calls.length = 0;
    stage.world.become('p', 'refuses', true);
    stage.world.loseConnection('p');
    await stage.clock.advance(100);
    expect(stage.world.reports).toEqual(['p: lost its connection: closed by the server']);
    expect(stage.world.calls).toEqual([]);
    await stage.clock.advance(300);
    stage.world.loseConnection('p');
    expect(stage.world.reports).toHaveLength(2);
  });

  it('tells of a probe that failed only when the one before did not', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    stage.world.become('p', 'frozen');
    await stage.pollAll();
    await stage.pollAll();
    expect(stage.world.reports).toEqual(['p: could not reach it (silent)']);
  });

  it('says that what it sees is its own view', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    stage.world.become('p', 'refuses');
    await stage.pollAll();
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.because('p')).toContain('seen by this node alone');
    expect(stage.latest.problems.every((problem) => problem.reaction !== 'recover-dead-primary')).toBe(true);
  });

  it('tells what the leader found', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    const clusterId = stage.ledger.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    const incident = { id: 'i1', server: serverId('p'), clusterId, openedAtMs: 1, code: 'DeadMaster', canary: null };
    stage.feed({ kind: 'incident-opened', incident });
    await stage.clock.advance(500);
    expect(stage.codeOf('p')).toBe('DeadMaster');
    expect(stage.because('p')).toBe('found by the leader');
  });
});

describe('the watch over sources', () => {
  it('finds a freeze between two polls that are far apart', async () => {
    const stage = await leading();
    await stage.clock.advance(3000);
    const frozenAtMs = stage.clock.now;
    stage.world.become('p', 'frozen');
    await stage.clock.advance(10_000);
    expect(stage.tookUntil('p', 'DeadMaster', frozenAtMs)).toBeLessThanOrEqual(2500);
  });

  it('asks sources alone, each about once a second, and only in the gaps between polls', async () => {
    const stage = await leading();
    await stage.clock.advance(10_000);
    expect(stage.world.calls.every((call) => call === 'probe p')).toBe(true);
    expect(stage.world.calls.length).toBeGreaterThanOrEqual(8);
    expect(stage.world.calls.length).toBeLessThanOrEqual(11);
    stage.keepPolling(500);
    stage.world.calls.length = 0;
    await stage.clock.advance(10_000);
    expect(stage.world.count('probe p')).toBeLessThanOrEqual(21);
  });

  it('keeps to its looks a second when there are many sources', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`p${String(number)}`, null]));
    const stage = new DiagnosisStage(many, { pace: { watchesPerSecondMax: 10 } });
    await stage.leadWell();
    await stage.clock.advance(10_000);
    expect(stage.world.calls.length).toBeGreaterThan(60);
    expect(stage.world.calls.length).toBeLessThanOrEqual(140);
    expect(new Set(stage.world.calls).size).toBe(40);
  });

  it('ends with the leadership', async () => {
    const stage = await leading();
    stage.loop.follow();
    stage.world.calls.length = 0;
    await stage.clock.advance(5000);
    expect(stage.world.calls).toEqual([]);
  });

  it('makes nothing of an answer that is merely late', async () => {
    const stage = await leading();
    stage.world.wayMs = 400;
    stage.published.length = 0;
    await stage.clock.advance(20_000);
    expect(stage.published.every((one) => Object.keys(one.codes).length === 0)).toBe(true);
    expect(stage.proposals).toEqual([]);
    expect(stage.lines).toEqual([]);
  });
});

describe('a node that leads before its loops have started', () => {
  it('begins to look when they have', async () => {
    const stage = new DiagnosisStage(TREE, { start: false });
    const clusterId = stage.ledger.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    const incident = { id: 'i1', server: serverId('p'), clusterId, openedAtMs: 1, code: 'DeadMaster', canary: null };
    stage.feed({ kind: 'incident-opened', incident });
    stage.loop.lead(1);
    await stage.clock.advance(1000);
    expect(stage.world.calls).toEqual([]);
    stage.loop.start();
    expect(stage.world.calls).toContain('knock p');
  });
});

describe('bounds', () => {
  it('are kept to the number of inquests at a time; who waits comes next', async () => {
    const stage = new DiagnosisStage({ p: null, m1: 'p', m2: 'p', a: 'm1', b: 'm2' }, { pace: { inquiriesMax: 1 } });
    await stage.leadWell();
    stage.world.become('m1', 'frozen', true);
    stage.world.loseConnection('m2');
    await stage.clock.advance(400);
    expect(stage.world.count('knock m2')).toBe(0);
    stage.world.become('m1', 'up');
    await stage.clock.advance(2000);
    expect(stage.world.count('knock m2')).toBe(1);
  });

  it('hold for the log: a code that wavers is written once a second at most, and what failed is tried again', async () => {
    const stage = await leading();
    stage.proposeFails = true;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(3000);
    expect(
      stage.lines.filter((line) => line.startsWith('incident-opened was not committed')).length,
    ).toBeLessThanOrEqual(4);
    stage.proposeFails = false;
    await stage.clock.advance(3000);
    expect(stage.ledger.state.incidents.get(serverId('p'))?.code).toBe('DeadMaster');
  });
});

describe('answers that come one after the other', () => {
  it('do not make a story of replicas that stopped before the death is known', async () => {
    const stage = await leading();
    // The replicas answer first, and this node's own knock last.
    stage.world.become('p', 'frozen', true);
    for (const replica of ['r1', 'r2']) {
      stage.world.setChannel(replica, { ioThread: 'connecting', ioError: { number: 2003, text: 'lost' } });
    }
    await stage.clock.advance(3000);
    const codes = stage.published.map((one) => one.codes['p']).filter((code) => code !== undefined);
    expect([...new Set(codes)]).toEqual(['UnreachableMaster', 'DeadMaster']);
    expect(stage.proposed('incident-opened').map(({ incident }) => incident.code)).toEqual([
      'UnreachableMaster',
      'DeadMaster',
    ]);
  });
});

describe('an examination of all servers', () => {
  async function published(tookMs: number): Promise<number> {
    const stage = await leading();
    stage.keepPolling(100);
    await stage.clock.advance(5000);
    stage.onPublished = () => {
      stage.clock.now += tookMs;
    };
    const before = stage.published.length;
    await stage.clock.advance(20_000);
    return stage.published.length - before;
  }

  it('is made several times a second', async () => {
    expect(await published(0)).toBeGreaterThan(60);
  });

  it('takes a tenth of the time at most, however long it takes', async () => {
    const count = await published(100);
    expect(count).toBeLessThanOrEqual(21);
    expect(count).toBeGreaterThan(15);
  });

  it('is not put off for long by a process that was stopped in the middle of it', async () => {
    expect(await published(1000)).toBeGreaterThan(5);
  });
});
