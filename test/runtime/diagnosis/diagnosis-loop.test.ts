// What a leader makes of deaths, freezes, and of what is neither: when it is known, and that nobody is called dead who lives.
import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage, leading, TREE } from '../../support/diagnosis-stage.js';

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
