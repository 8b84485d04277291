// A leader is frozen with SIGSTOP in the middle of a step, on real servers and real nodes, and wakes when the next one has
// finished, or too late. What it had begun to say changes nothing: the server refuses it with error 1242, or the session
// has been taken from it. The long run freezes at every moment of every change that is listed.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import type { Said } from '../../../tools/lab/door/said.js';
import { FREEZES, playFrozen } from '../../support/crash/freeze.js';
import { PLAN_CONFIG, PLAN_KINDS } from '../../support/crash/plan-kinds.js';
import { playPlan, withLogs } from '../../support/crash/play-plan.js';
import { CrashStage } from '../../support/crash/stage.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);

const OPTIONS = { config: PLAN_CONFIG };

/** By the kind of plan, the changes in the middle of which its leader freezes. */
const CHANGES: Readonly<Record<string, readonly RegExp[]>> = {
  'graceful-takeover': [
    /^SET GLOBAL super_read_only = 1/,
    /^RESET REPLICA ALL/,
    /^SET GLOBAL read_only = 0/,
    /^CHANGE /,
  ],
  'dead-primary': [/^STOP REPLICA IO_THREAD/, /^SET GLOBAL rpl_semi_sync_source_timeout/, /^CHANGE /],
  'dead-intermediate': [/^STOP REPLICA IO_THREAD/, /^CHANGE /],
  'read-only-primary': [/^SET GLOBAL read_only = 0/],
  'semi-sync': [/^SET GLOBAL rpl_semi_sync_replica_enabled = /],
  'former-primary': [/^SET GLOBAL offline_mode = 1/, /^SET GLOBAL super_read_only = 1/, /^CHANGE /],
};

describe(`a leader that freezes in the middle of a step (CRASH_SEED=${String(SEED)})`, () => {
  const rng = createRng(SEED);
  let stage: CrashStage;

  beforeAll(async () => {
    stage = await CrashStage.open(OPTIONS);
  });
  afterAll(async () => {
    await stage.close();
  });

  for (const [name, changes] of Object.entries(CHANGES)) {
    describe(`of the kind ${name}`, () => {
      let said: readonly Said[] = [];
      const kind = PLAN_KINDS.find((one) => one.name === name);

      beforeAll(async () => {
        if (kind === undefined) throw new Error(`there is no kind ${name}`);
        ({ said } = await playPlan(stage, kind, null));
      });

      for (const change of changes) {
        const freezes = LONG ? FREEZES : [FREEZES[rng.integer(FREEZES.length)] ?? 'late'];
        it.each(freezes)(`changes nothing any more when it wakes: ${change.source}, %s`, async (freeze) => {
          if (kind === undefined) throw new Error(`there is no kind ${name}`);
          try {
            await withLogs(stage, `${name}, frozen, ${freeze}`, () =>
              playFrozen(stage, { kind, change, said }, freeze),
            );
          } catch (error) {
            // Whatever is wrong with these servers now is no matter of the next test.
            await stage.close();
            stage = await CrashStage.open(OPTIONS);
            throw error;
          }
        });
      }
    });
  }
});
