/**
 * Lets a replica that follows by place apply up to one place in the log of its source and not beyond, so that where its own log
 * stands then can be told to those who stand at that same place. The server itself stops its applier there (START ... UNTIL).
 * It does so only when it meets the next event, though, so one that has come to the place and rests is stopped here.
 */
import { isNone, minus, onlyPlace } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { startReplica, startUntil } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { applierError, readOwnEnd, readReplicaOf, type ReplicaState } from '../reading/replica-state.js';
import { stopApplier } from './stop-applier.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

export async function runUntil(hold: Hold, until: string, limitMs: number): Promise<StepFindings> {
  const place = onlyPlace(until);
  const first = await readReplicaOf(hold, READ_MS);
  if (place === null || first.byGtid) throw wrong(hold, 'it follows by GTID, and cannot be told a place', false);
  if (isThere(first, until)) return await standing(hold, first, until);
  assertNotBeyond(hold, first, until);
  if (first.sql) await stopApplier(hold, first.channel, 'SQL_THREAD');
  await hold.change(startUntil(hold.dialect, first.channel, place), CHANGE_MS);
  if (first.io === 'No') await hold.change(startReplica(hold.dialect, first.channel, 'IO_THREAD'), CHANGE_MS);
  const deadlineMs = monotonicNowMs() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const now = await readReplicaOf(hold, READ_MS);
    if (isThere(now, until)) return await standing(hold, now, until);
    assertNotBeyond(hold, now, until);
    const error = applierError(now);
    if (error !== null) throw wrong(hold, `its applier has stopped: ${error}`, false);
    if (!now.sql || monotonicNowMs() + pauseMs > deadlineMs) {
      if (now.sql) await stopApplier(hold, now.channel, 'SQL_THREAD');
      // What its workers have done it says for certain when it has stopped.
      const last = await readReplicaOf(hold, READ_MS);
      if (isThere(last, until)) return await standing(hold, last, until);
      const text = `it stands at ${last.appliedTo} and did not come to ${until} within ${String(limitMs / 1000)} s`;
      throw new StepFailed('limit', `${addressText(hold.address)}: ${text}`, false);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Stopped there, and looked at once more. */
async function standing(hold: Hold, state: ReplicaState, until: string): Promise<StepFindings> {
  if (state.sql) await stopApplier(hold, state.channel, 'SQL_THREAD');
  const last = await readReplicaOf(hold, READ_MS);
  if (!isThere(last, until)) throw wrong(hold, `it went beyond ${until}, to ${last.appliedTo}`, false);
  const ownEnd = await readOwnEnd(hold, READ_MS);
  if (ownEnd === null) throw wrong(hold, 'it writes no binary log', false);
  return { executedGtids: last.appliedTo, ownEnd };
}

function isThere({ appliedTo }: ReplicaState, until: string): boolean {
  return isNone(minus(until, appliedTo)) && isNone(minus(appliedTo, until));
}

function assertNotBeyond(hold: Hold, { appliedTo }: ReplicaState, until: string): void {
  if (!isNone(minus(until, appliedTo))) return;
  throw wrong(hold, `it stands at ${appliedTo}, which is beyond ${until}`, false);
}

function wrong(hold: Hold, text: string, retriable: boolean): StepFailed {
  return new StepFailed('state', `${addressText(hold.address)}: ${text}`, retriable);
}
