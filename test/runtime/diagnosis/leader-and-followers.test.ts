// Who judges: a leader that is new, former or not ready yet, and a follower, who tells the leader what it sees.
import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage, leading, TREE } from '../../support/diagnosis-stage.js';

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
