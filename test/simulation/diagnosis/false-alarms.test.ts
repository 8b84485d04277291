/**
 * Many histories in which a primary is well although it does not look so from everywhere, and in each of which it dies in
 * the end: no false alarm, and no missed death. What happens when, to whom and for how long comes from the seed.
 */
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/core/base/rng.js';
import { DiagnosisStage, type StageOptions } from '../../support/diagnosis-stage.js';

const TRIALS = Number(process.env['DIAGNOSIS_TRIALS'] ?? 200);
const SEEDS = Array.from({ length: TRIALS }, (_, seed) => seed + 1);
/** A busy machine is no failure. */
const PATIENCE_MS = 900_000;
const GRACE_MS = 3000;
const REPLICAS = ['r1', 'r2', 'r3'];
const TREE = { p: null, r1: 'p', r2: 'p', r3: 'p' };

function between(rng: Rng, least: number, most: number): number {
  return least + Math.floor(rng.next() * (most - least + 1));
}

async function begin(rng: Rng, options: StageOptions = {}): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(TREE, options);
  stage.world.wayMs = between(rng, 1, 40);
  stage.world.heartbeatMs = [null, 500, 1000, 2000, 30_000][between(rng, 0, 4)] ?? null;
  await stage.leadWell();
  stage.keepPolling(between(rng, 300, 2000));
  await stage.clock.advance(between(rng, 0, 2000));
  return stage;
}

/** Nobody was to be replaced so far, and nobody was called dead. */
function expectNoAlarm(stage: DiagnosisStage, seed: number): void {
  const alarms = stage.published.filter(
    ({ codes, recovers }) => recovers.length > 0 || (codes['p'] ?? '').startsWith('Dead'),
  );
  expect(alarms, `seed ${String(seed)}`).toEqual([]);
}

/** The same node, with the same things on its mind, must still see a real death. */
async function expectDeathIsSeen(stage: DiagnosisStage, seed: number, withinMs: number): Promise<void> {
  for (const replica of REPLICAS) stage.world.setChannel(replica, null);
  stage.world.cutOff.clear();
  await stage.clock.advance(4000);
  const killedAtMs = stage.clock.now;
  stage.world.become('p', 'refuses', true);
  await stage.clock.advance(withinMs + 1000);
  expect(stage.tookUntil('p', 'DeadMaster', killedAtMs), `seed ${String(seed)}`).toBeLessThanOrEqual(withinMs);
}

describe('false alarms', () => {
  it(
    `none in ${String(TRIALS)} histories of a leader that is cut off from the primary alone`,
    async () => {
      for (const seed of SEEDS) {
        const rng = createRng(seed);
        const stage = await begin(rng);
        if (rng.next() < 0.3) stage.world.peers.set('n3', 'down');
        stage.world.cutOff.add('p');
        if (rng.next() < 0.7) stage.world.loseConnection('p');
        await stage.clock.advance(between(rng, 500, 6000));
        expectNoAlarm(stage, seed);
        await expectDeathIsSeen(stage, seed, 400);
      }
    },
    PATIENCE_MS,
  );

  it(
    `none in ${String(TRIALS)} histories of IO threads that an operator stops`,
    async () => {
      for (const seed of SEEDS) {
        const rng = createRng(seed);
        const stage = await begin(rng);
        for (const replica of REPLICAS) {
          stage.world.setChannel(replica, { ioThread: 'stopped' });
          await stage.clock.advance(between(rng, 0, 500));
          // Backups and operators break connections as well, and then everything is asked at once.
          if (rng.next() < 0.5) stage.world.loseConnection('p');
        }
        if (rng.next() < 0.3) stage.world.cutOff.add('p');
        await stage.clock.advance(between(rng, 500, 5000));
        expectNoAlarm(stage, seed);
        await expectDeathIsSeen(stage, seed, 400);
      }
    },
    PATIENCE_MS,
  );

  it(
    `none in ${String(TRIALS)} histories of a primary that is restarted within its time of grace`,
    async () => {
      for (const seed of SEEDS) {
        const rng = createRng(seed);
        const stage = await begin(rng, { rules: { restartGraceMs: () => GRACE_MS } });
        // A process that is restarted refuses at once; a host that is booted is silent first.
        const silentMs = rng.next() < 0.4 ? between(rng, 0, 1000) : 0;
        if (silentMs > 0) {
          stage.world.become('p', 'frozen');
          await stage.clock.advance(silentMs);
        }
        stage.world.become('p', 'refuses', true);
        await stage.clock.advance(between(rng, 50, GRACE_MS - silentMs - 100));
        stage.world.become('p', 'up');
        await stage.clock.advance(between(rng, 500, 3000));
        expectNoAlarm(stage, seed);
        await expectDeathIsSeen(stage, seed, GRACE_MS + 400);
      }
    },
    PATIENCE_MS,
  );
});
