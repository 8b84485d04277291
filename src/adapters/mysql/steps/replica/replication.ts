/** Steps on replication threads: stop-io and restart-io. Neither can lose relay log. */
import { minus } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { findingsOf, type FindingTerms } from '../reading/findings.js';
import { halfReceived } from '../reading/half-received.js';
import { heartbeatOf } from './heartbeat.js';
import { CHANGE_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS } from '../limits.js';
import { readBeforeOldestLog } from '../reading/purged.js';
import { losesByRestart, stopFetching } from './relay-log.js';
import { stopBetween } from './stop-between.js';
import { readReplicaOf, type ReplicaState, readServer } from '../reading/replica-state.js';

/**
 * The IO thread only: the applier goes on with what was received. `byPlace`: its source lives, and nothing is left half. What
 * can be known before it stops is asked before: clients may be reading from a replica that gets nothing meanwhile.
 */
export async function stopIo(hold: Hold, byPlace = false): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  const purged = await readAhead(hold, before);
  if (byPlace) await stopBetween(hold);
  else await stopFetching(hold, before);
  // Replication first: what is received in between is counted as executed at worst, and never missed.
  const replica = await readReplicaOf(hold, READ_MS);
  if (!byPlace && before.io !== 'No' && replica.io !== 'No')
    throw new StepFailed('state', `${addressText(hold.address)}: its IO thread runs again`, true);
  const server = await readServer(hold, READ_MS);
  const findings = await findingsOf(hold, replica, server, { byPlace, ...purged });
  const half = byPlace ? '' : await halfReceived(hold, { replica, server });
  const receivedGtids = minus(findings.receivedGtids ?? '', half);
  return { ...findings, receivedGtids, text: before.io === 'No' ? 'it was stopped already' : `it was ${before.io}` };
}

/** Its heartbeat is remembered for the change that follows. Where a server has to search its logs for what is gone, that is told. */
async function readAhead(hold: Hold, before: ReplicaState): Promise<Pick<FindingTerms, 'purged'>> {
  await heartbeatOf(hold, before);
  return hold.dialect.gtid === 'mariadb' ? { purged: await readBeforeOldestLog(hold) } : {};
}

/** What the IO thread meets when it connects anew; the last look before the answer is given is the text. */
export async function restartIo(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io === 'No') return { text: 'its IO thread was stopped, so it was left alone' };
  if (losesByRestart(hold, before)) {
    return { text: 'its applier was stopped, so it was left alone: MariaDB might delete its relay log' };
  }
  const stop = stopReplica(hold.dialect, before.channel, 'IO_THREAD');
  const start = startReplica(hold.dialect, before.channel, 'IO_THREAD');
  // In one breath: a leader that dies while the thread stops has asked for its start too. Nobody else would start it.
  await hold.change(`${stop}; ${start}`, STOP_IO_MS + CHANGE_MS);
  const after = await firstWord(hold, FIRST_WORD_MS);
  return { text: after.io === 'Yes' ? 'it connected' : `${after.io}: ${after.ioError || 'no error yet'}` };
}

/**
 * Looks until the IO thread has connected or says why not, or the time is up. `named`: and has asked its source for its uuid,
 * which MySQL does a moment after it says that it has connected.
 */
export async function firstWord(hold: Hold, limitMs: number, named = false): Promise<ReplicaState> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    // Before the look: a process that stood still meanwhile looks once more.
    const lookedAtMs = monotonicNowMs();
    const state = await readReplicaOf(hold, READ_MS);
    const connected = state.io === 'Yes' && (state.sourceUuid !== '' || !named);
    if (connected || state.ioErrno !== 0 || lookedAtMs + pauseMs > deadlineMs) return state;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
