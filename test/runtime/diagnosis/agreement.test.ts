import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage, type StageOptions } from '../../support/diagnosis-stage.js';

/** The primary and a replica stand in the east beside another cluster's server; the other replica in the west. */
const TREE = { p: null, east: 'p', west: 'p', near: null };
const SITES = {
  p: 'dc-east',
  east: 'dc-east',
  near: 'dc-east',
  west: 'dc-west',
  n1: 'dc-west',
  n2: 'dc-west',
  n3: 'dc-east',
};

async function leading(
  options: StageOptions = {},
  tree: Record<string, string | null> = TREE,
): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(tree, { sites: SITES, ...options });
  await stage.leadWell();
  return stage;
}

function silence(stage: DiagnosisStage, names: readonly string[]): void {
  for (const name of names) stage.world.become(name, 'frozen');
}

describe('a whole data centre that falls silent', () => {
  it('is taken for cut off, and its primary is not replaced', async () => {
    const stage = await leading();
    stage.world.peers.set('n3', 'down');
    silence(stage, ['p', 'east', 'near']);
    stage.world.setChannel('west', { ioThread: 'connecting', ioError: { number: 2003, text: '' } });
    await stage.clock.advance(10_000);
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.because('p')).toContain('the whole of data centre "dc-east" is silent');
    expect(stage.because('p')).toContain('RecoverSilentDataCenterClusterFilters');
    expect(stage.loop.emergencyOf(serverId('p'))).toMatchObject({
      kind: 'judged',
      judgement: { lack: 'isolated-site' },
    });
    expect(stage.published.flatMap(({ recovers }) => recovers)).toEqual([]);
  });

  it('is replaced all the same where the operators allow it', async () => {
    const stage = await leading({ rules: { recoversSilentSite: () => true } });
    stage.world.peers.set('n3', 'down');
    const silentAtMs = stage.clock.now;
    silence(stage, ['p', 'east', 'near']);
    stage.world.setChannel('west', { ioThread: 'connecting', ioError: { number: 2003, text: '' } });
    await stage.clock.advance(10_000);
    expect(stage.tookUntil('p', 'DeadMasterAndSomeReplicas', silentAtMs)).toBeLessThan(3500);
  });

  it('is not cut off while one server there answers, and that is known before the limit of silence is over', async () => {
    const stage = await leading();
    stage.world.peers.set('n3', 'down');
    const silentAtMs = stage.clock.now;
    silence(stage, ['p', 'east']);
    stage.world.setChannel('west', { ioThread: 'connecting', ioError: { number: 2003, text: '' } });
    stage.world.loseConnection('p');
    await stage.clock.advance(10_000);
    expect(stage.tookUntil('p', 'DeadMasterAndSomeReplicas', silentAtMs)).toBeLessThan(2000);
  });

  it('is not cut off while a node of ours there is heard', async () => {
    const stage = await leading();
    silence(stage, ['p', 'east', 'near']);
    stage.world.setChannel('west', { ioThread: 'connecting', ioError: { number: 2003, text: '' } });
    await stage.clock.advance(10_000);
    expect(stage.codeOf('p')).toBe('DeadMasterAndSomeReplicas');
  });

  it('is not cut off when connections to it are refused', async () => {
    const stage = await leading();
    stage.world.peers.set('n3', 'down');
    silence(stage, ['east', 'near']);
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(5000);
    expect(stage.codeOf('p')).toBe('DeadMasterAndSomeReplicas');
  });

  it('cannot be told from a dead host where nobody else stands', async () => {
    const stage = await leading({ sites: { p: 'dc-p', r: 'dc-r' } }, { p: null, r: 'p' });
    silence(stage, ['p']);
    await stage.clock.advance(10_000);
    expect(stage.codeOf('p')).toBe('DeadMaster');
  });
});

describe('the time of grace for a restart', () => {
  const GRACE = { rules: { restartGraceMs: () => 15_000 } };

  it('keeps a primary that comes back within it', async () => {
    const stage = await leading(GRACE);
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(14_000);
    expect(stage.codeOf('p')).toBe('UnreachableMaster');
    expect(stage.because('p')).toContain('it may be restarting, which this cluster allows 15 s for');
    stage.world.become('p', 'up');
    await stage.clock.advance(20_000);
    expect(stage.codeOf('p')).toBeNull();
    expect(stage.published.flatMap(({ recovers }) => recovers)).toEqual([]);
  });

  it('ends, and then the primary is dead', async () => {
    const stage = await leading(GRACE);
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(20_000);
    const took = stage.tookUntil('p', 'DeadMaster', killedAtMs) ?? 0;
    expect(took).toBeGreaterThanOrEqual(15_000);
    expect(took).toBeLessThan(15_400);
  });

  it('that is long ends on time as well, when nobody asks in a hurry any more', async () => {
    const stage = await leading({ rules: { restartGraceMs: () => 61_000 } });
    const killedAtMs = stage.clock.now;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(65_000);
    const took = stage.tookUntil('p', 'DeadMaster', killedAtMs) ?? 0;
    expect(took).toBeGreaterThanOrEqual(61_000);
    expect(took).toBeLessThan(61_100);
  });

  it('is the same for a host that is booted, which is silent meanwhile', async () => {
    const stage = await leading(GRACE);
    silence(stage, ['p']);
    await stage.clock.advance(14_000);
    expect(stage.published.flatMap(({ recovers }) => recovers)).toEqual([]);
  });

  it('is not given to intermediate sources', async () => {
    const stage = await leading(GRACE, { p: null, m: 'p', r1: 'm', r2: 'm' });
    stage.world.become('m', 'refuses', true);
    await stage.clock.advance(1000);
    expect(stage.codeOf('m')).toBe('DeadIntermediateMaster');
  });
});

describe('a leader that cannot reach a primary which others reach', () => {
  const TWO = { p: null, r1: 'p', q: null };

  async function blind(others: 'alive' | 'silent' = 'alive'): Promise<DiagnosisStage> {
    const stage = await leading({ sites: {} }, TWO);
    stage.world.peers.set('n2', others);
    stage.world.cutOff.add('p');
    stage.world.loseConnection('p');
    return stage;
  }

  it('says so, and hands leadership to one that sees', async () => {
    const stage = await blind();
    await stage.clock.advance(20_000);
    expect(stage.because('p')).toContain('n1, which leads, cannot reach it, and n2');
    const blindness = expect.stringContaining('n1, which leads, cannot reach it, and n2') as string;
    expect(stage.loop.emergencyOf(serverId('p'))).toMatchObject({ kind: 'judged', judgement: { blindness } });
    expect(stage.loop.emergencyOf(serverId('q'))).toBeNull();
    stage.loop.follow();
    expect(stage.loop.emergencyOf(serverId('p'))).toEqual({ kind: 'told', code: 'UnreachableMaster', leader: 'n2' });
    expect(stage.handedOver[0]?.nodes).toContain('n2');
    expect(stage.lines.filter((line) => line.includes('this node leads and cannot reach p:3306'))).toHaveLength(1);
    expect(stage.published.flatMap(({ recovers }) => recovers)).toEqual([]);
  });

  it('does not at once, nor again and again', async () => {
    const stage = await blind();
    await stage.clock.advance(4000);
    expect(stage.handedOver).toEqual([]);
    await stage.clock.advance(50_000);
    expect(stage.handedOver.length).toBeLessThanOrEqual(2);
  });

  it('does not amid a recovery', async () => {
    const stage = await blind();
    stage.openRecovery('q');
    await stage.clock.advance(20_000);
    expect(stage.handedOver).toEqual([]);
  });

  it('leads on when nobody sees all that it sees', async () => {
    const stage = await leading({ sites: {}, voters: ['n1', 'n2'] }, TWO);
    stage.world.examineWith('n2', (host) => (host === 'p' ? 'alive' : 'silent'));
    stage.world.cutOff.add('p');
    stage.world.loseConnection('p');
    await stage.clock.advance(20_000);
    expect(stage.handedOver).toEqual([]);
    expect(stage.lines.some((line) => line.includes('nobody else sees all that it sees'))).toBe(true);
  });
});
