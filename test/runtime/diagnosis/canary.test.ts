import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage } from '../../support/diagnosis-stage.js';

const TREE = { p: null, r1: 'p', r2: 'p', r3: 'p' };

/** Heartbeats every 30 s: nobody notices for a minute. */
async function frozen(best: string | null = 'r1'): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(TREE);
  stage.world.heartbeatMs = 30_000;
  stage.best = best;
  await stage.leadWell();
  stage.world.become('p', 'frozen', true);
  return stage;
}

describe('the canary of an incident', () => {
  it('is committed before it is touched, and finds that the source lets nobody in', async () => {
    const stage = await frozen();
    const frozenAtMs = stage.clock.now;
    stage.onCanary = (canary) => {
      expect(stage.ledger.state.incidents.get(serverId('p'))?.canary).toBe(canary);
      stage.world.setChannel(canary, { ioThread: 'connecting' });
    };
    await stage.clock.advance(10_000);
    expect(stage.canaries.map((order) => order.canary.id)).toEqual(['r2']);
    expect(stage.codeOf('p')).toBe('DeadMaster');
    expect(stage.tookUntil('p', 'DeadMaster', frozenAtMs)).toBeLessThanOrEqual(3000);
    expect(stage.because('p')).toContain('r2:3306 has tried to connect');
  });

  it('that is let in again proves life, and is used once', async () => {
    const stage = await frozen();
    stage.onCanary = () => {
      stage.world.become('p', 'frozen');
    };
    await stage.clock.advance(25_000);
    expect(stage.canaries).toHaveLength(1);
    expect(stage.proposed('canary-used')).toHaveLength(1);
    expect(stage.published.some((one) => one.codes['p'] === 'DeadMaster')).toBe(false);
  });

  it('is never the best candidate, and nobody when that is not known', async () => {
    const other = await frozen('r2');
    await other.clock.advance(5000);
    expect(other.canaries.map((order) => order.canary.id)).toEqual(['r1']);
    const unknown = await frozen(null);
    await unknown.clock.advance(10_000);
    expect(unknown.canaries).toEqual([]);
    expect(unknown.because('p')).toContain('no canary: it is not known which replica would be promoted');
  });

  it('is nobody after a node reached the source', async () => {
    const stage = await frozen();
    stage.world.peers.set('n3', 'alive');
    await stage.clock.advance(700);
    stage.world.peers.set('n3', 'same');
    await stage.clock.advance(20_000);
    expect(stage.canaries).toEqual([]);
    expect(stage.because('p')).toContain('no canary: n3 reached it since the suspicion arose');
  });

  it('is nobody while recoveries are switched off', async () => {
    const stage = await frozen();
    stage.feed({ kind: 'recoveries-switched', enabled: false, by: 'test' });
    await stage.clock.advance(10_000);
    expect(stage.canaries).toEqual([]);
  });

  it('is not touched when the source answers between the commit and the act', async () => {
    const stage = await frozen();
    const feed = stage.feed.bind(stage);
    stage.feed = (command) => {
      feed(command);
      if (command.kind === 'canary-used') stage.loop.follow();
    };
    await stage.clock.advance(10_000);
    expect(stage.proposed('canary-used')).toHaveLength(1);
    expect(stage.canaries).toEqual([]);
  });

  it('is not touched when another leader has used one in the same incident', async () => {
    const stage = await frozen();
    const feed = stage.feed.bind(stage);
    stage.feed = (command) => {
      if (command.kind === 'canary-used') feed({ ...command, canary: serverId('r3') });
      feed(command);
    };
    await stage.clock.advance(10_000);
    expect(stage.ledger.state.incidents.get(serverId('p'))?.canary).toBe('r3');
    expect(stage.canaries).toEqual([]);
  });

  it('is not used again by the next leader', async () => {
    const stage = await frozen();
    stage.onCanary = (canary) => {
      stage.world.setChannel(canary, { ioThread: 'connecting' });
      stage.loop.follow();
    };
    await stage.clock.advance(10_000);
    const ledFromMs = stage.clock.now;
    stage.loop.lead(2);
    await stage.clock.advance(10_000);
    expect(stage.canaries).toHaveLength(1);
    expect(stage.tookUntil('p', 'DeadMaster', ledFromMs)).toBeLessThanOrEqual(2000);
  });
});
