import { describe, expect, it } from 'vitest';
import { channelTo, observed, serverId } from '../../support/facts.js';
import { DiagnosisStage } from '../../support/diagnosis-stage.js';

const TREE = { p: null, r1: 'p', r2: 'p' };

async function leading(): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(TREE);
  await stage.leadWell();
  return stage;
}

describe('a recovery at work', () => {
  it('stops the asking, and the finding that called for it stands', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(200);
    stage.openRecovery('p');
    for (const replica of ['r1', 'r2']) stage.world.setChannel(replica, { ioThread: 'stopped' });
    stage.world.calls.length = 0;
    await stage.clock.advance(3000);
    expect(stage.world.calls).toEqual([]);
    expect(stage.codeOf('p')).toBe('DeadMaster');
  });

  it.each(['move', 'read-only-primary', 'semi-sync'] as const)(
    'on a server that is well (%s) keeps nobody from seeing that it died',
    async (kind) => {
      const stage = await leading();
      stage.openRecovery('p', kind);
      stage.world.setChannel('r1', { ioThread: 'stopped' });
      stage.world.become('p', 'refuses', true);
      await stage.clock.advance(500);
      expect(stage.codeOf('p')).toBe('DeadMaster');
    },
  );

  it('that ends without a new primary lets the inquest go on with new clocks', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(200);
    stage.openRecovery('p');
    await stage.clock.advance(3000);
    const id = [...stage.ledger.state.recoveries.keys()][0];
    if (id === undefined) throw new Error('a recovery is open');
    stage.world.calls.length = 0;
    stage.feed({ kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'failed', reason: 'test' }, lost: [] });
    expect(stage.world.count('knock p')).toBe(1);
    await stage.clock.advance(500);
    expect(stage.codeOf('p')).toBe('DeadMaster');
  });

  it('that gave the role to another ends the incident', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(200);
    stage.openRecovery('p');
    const id = [...stage.ledger.state.recoveries.keys()][0];
    if (id === undefined) throw new Error('a recovery is open');
    stage.feed({ kind: 'promoting', recoveryId: id, server: serverId('r1'), epoch: 1 });
    stage.feed({
      kind: 'topology-observed',
      servers: [observed('r1'), observed('r2', null, { channels: [channelTo('r1')] })],
    });
    stage.feed({ kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'succeeded' }, lost: [] });
    await stage.clock.advance(3000);
    expect(stage.codeOf('p')).toBeNull();
    expect(stage.ledger.state.incidents.size).toBe(0);
    stage.world.calls.length = 0;
    await stage.clock.advance(3000);
    expect(stage.world.calls.filter((call) => !call.endsWith(' r1'))).toEqual([]);
  });
});

describe('a proof', () => {
  const deadIncident = (stage: DiagnosisStage): void => {
    const clusterId = stage.ledger.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    const incident = { id: 'i1', server: serverId('p'), clusterId, openedAtMs: 1, code: 'DeadMaster', canary: null };
    stage.feed({ kind: 'incident-opened', incident });
  };

  it('of an earlier leader is shown and not acted upon: the primary may be back', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    deadIncident(stage);
    await stage.clock.advance(1000);
    expect(stage.codeOf('p')).toBe('DeadMaster');
    stage.loop.lead(2);
    await stage.clock.advance(5000);
    expect(stage.codeOf('p')).toBeNull();
    expect(stage.tookUntilRecovery(0)).toBeNull();
  });

  it('of an earlier leader is brought anew by the next one', async () => {
    const stage = new DiagnosisStage(TREE);
    await stage.pollAll();
    stage.world.become('p', 'frozen');
    deadIncident(stage);
    await stage.clock.advance(10_000);
    const ledFromMs = stage.clock.now;
    stage.loop.lead(2);
    await stage.clock.advance(5000);
    expect(stage.tookUntilRecovery(0)).toBeGreaterThanOrEqual(ledFromMs + 1000);
  });

  it('from before a pause of ours is not acted upon after it', async () => {
    const stage = await leading();
    stage.world.become('p', 'frozen', true);
    await stage.clock.advance(5000);
    expect(stage.tookUntilRecovery(0)).not.toBeNull();
    stage.clock.now += 20_000;
    stage.clock.wall += 20_000;
    const resumedAtMs = stage.clock.now;
    await stage.clock.advance(5000);
    expect(stage.tookUntilRecovery(resumedAtMs)).toBeGreaterThanOrEqual(1000);
  });

  it('from before a recovery that failed is not acted upon after it', async () => {
    const stage = await leading();
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(200);
    stage.openRecovery('p');
    await stage.clock.advance(3000);
    const id = [...stage.ledger.state.recoveries.keys()][0];
    if (id === undefined) throw new Error('a recovery is open');
    stage.world.become('p', 'frozen');
    const closedAtMs = stage.clock.now;
    stage.feed({ kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'failed', reason: 'test' }, lost: [] });
    await stage.clock.advance(5000);
    expect(stage.tookUntilRecovery(closedAtMs)).toBeGreaterThanOrEqual(1000);
  });
});
