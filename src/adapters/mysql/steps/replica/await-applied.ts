/**
 * Waits until a server has applied what it is told, and no longer than it may. An applier that stands still without an error
 * is started. MySQL with GTID waits by itself; the others are looked at again and again, which costs a statement each time.
 *
 * Without GTID a source that died may have sent half a transaction. Nobody can apply that, and it was not committed
 * anywhere: all is applied when the IO thread has stopped and the appliers have nothing left to do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isNone, minus, readProgress } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { isLogMark } from '../../../../core/topology/log-marks.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { quoted, startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS, STOP_SQL_MS } from '../limits.js';
import { startApplier } from './relay-log.js';
import {
  neverToCome,
  progressOf,
  readOwnEnd,
  readReplica,
  readServer,
  type ReplicaState,
  type ServerState,
} from '../reading/replica-state.js';
import { appliersRest } from '../reading/resting.js';
import { checkpointTaken } from '../reading/checkpoint.js';
import { holdsHalf } from '../reading/half-transaction.js';

/**
 * After each slice both threads are looked at: one may have stopped, and then the wait would be in vain. Clients may be
 * waiting for a closed primary meanwhile, so the first look comes soon.
 */
const FIRST_SLICE_MS = 100;
const SLICE_MS = 1000;

/** Between two looks. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

interface Look {
  readonly server: ServerState;
  readonly replica: ReplicaState | null;
}

/** `byPlace`: where its own log stands is asked for, although it has GTIDs. */
export async function awaitApplied(
  hold: Hold,
  target: string,
  limitMs: number,
  byPlace = false,
): Promise<StepFindings> {
  const deadlineMs = monotonicNowMs() + limitMs;
  let sliceMs = FIRST_SLICE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const leftMs = Math.max(0, deadlineMs - monotonicNowMs());
    await waitInServer(hold, target, Math.min(sliceMs, leftMs));
    sliceMs = SLICE_MS;
    const look = await lookAt(hold);
    assertMayCome(hold, target, look);
    const reached = await reachedBy(hold, target, look);
    const findings = reached === null ? null : await settledFindings(hold, reached, byPlace);
    if (findings !== null) return findings;
    if (reached === null && look.replica !== null) await startApplier(hold, look.replica, look.server);
    if (leftMs === 0) {
      const within = `within ${String(limitMs / 1000)} s${whyLate(look.replica)}`;
      const text = `${addressText(hold.address)} has not applied ${target} ${within}`;
      throw new StepFailed('limit', text, false);
    }
    await sleep(Math.min(pauseMs, leftMs));
  }
}

async function lookAt(hold: Hold): Promise<Look> {
  const replica = await readReplica(hold, READ_MS);
  return { replica, server: await readServer(hold, READ_MS) };
}

/** Nobody may be waiting for what nobody fetches: somebody stopped its IO thread, or its source has nothing for it. */
function assertMayCome(hold: Hold, target: string, look: Look): void {
  const missing = missingOf(target, look);
  if (isNone(missing)) return;
  if (look.replica === null) {
    const text = `${addressText(hold.address)} lacks ${missing}, and replicates from nobody`;
    throw new StepFailed('state', text, false);
  }
  const { ioErrno, ioError } = look.replica;
  const never = neverToCome(missing, look.replica);
  if (isNone(never)) return;
  const error = ioErrno === 0 ? '' : ` with error ${String(ioErrno)}: ${ioError}`;
  const text = `${addressText(hold.address)} has not received ${never}, and its IO thread has stopped${error}`;
  throw new StepFailed('state', text, false);
}

/** A source that is lost may come back within the time; whoever reads of it afterwards is told that it was lost. */
function whyLate(replica: ReplicaState | null): string {
  if (replica === null || replica.io === 'Yes') return '';
  const { io, host, port, ioErrno, ioError } = replica;
  const state = io === 'No' ? 'has stopped' : `has no connection to ${addressText({ host, port })}`;
  return `; its IO thread ${state}${ioErrno === 0 ? '' : `: error ${String(ioErrno)}: ${ioError}`}`;
}

/** Spares the looks where the server can wait itself. */
async function waitInServer(hold: Hold, target: string, waitMs: number): Promise<void> {
  const isSet = target !== '' && target.split(',').every((item) => !isLogMark(item));
  if (!hold.dialect.can('waitsForGtidSets') || !isSet) return;
  // 0 means no limit to MySQL; a millisecond is the shortest wait.
  const seconds = Math.max(0.001, waitMs / 1000).toFixed(3);
  await hold.read(`SELECT WAIT_FOR_EXECUTED_GTID_SET(${quoted(target)}, ${seconds})`, waitMs + READ_MS);
}

/** Null while there is something left to apply. */
async function reachedBy(hold: Hold, target: string, look: Look): Promise<Look | null> {
  const { replica } = look;
  const missing = missingOf(target, look);
  if (isNone(missing)) return look;
  if (replica === null || !replica.sql || !replica.idle || !missing.split(',').every(isLogMark)) return null;
  const allCame = replica.io === 'No' || isNone(minus(target, replica.received));
  if (!allCame || !(await appliersRest(hold))) return null;
  // Of what workers have applied the status knows only after a while, or when the applier stops.
  const rested = await restedOnHalf(hold, replica);
  if (rested !== null) return rested;
  await hold.change(stopReplica(hold.dialect, replica.channel, 'SQL_THREAD'), STOP_SQL_MS);
  await hold.change(startReplica(hold.dialect, replica.channel, 'SQL_THREAD'), CHANGE_MS);
  const again = await lookAt(hold);
  return replica.io === 'No' || isNone(missingOf(target, again)) ? again : null;
}

/**
 * One that holds half a transaction cannot be stopped in order to know. It says by itself what else it has applied, within the
 * time that it is told to. Null where it holds none, or that time is long.
 */
async function restedOnHalf(hold: Hold, replica: ReplicaState): Promise<Look | null> {
  if (!hold.dialect.can('connectionTimes') || !(await holdsHalf(hold, replica))) return null;
  if (!(await checkpointTaken(hold))) return null;
  const again = await lookAt(hold);
  return again.replica !== null && (await holdsHalf(hold, again.replica)) ? again : null;
}

function missingOf(target: string, { server, replica }: Look): string {
  return minus(target, progressOf(server, replica));
}

/**
 * Without GTID, where the server's own log stands belongs to how far it has applied: the other replicas will begin there.
 * Null when something was written in between, by whomever; then both are read anew.
 */
async function settledFindings(hold: Hold, { server, replica }: Look, byPlace: boolean): Promise<StepFindings | null> {
  const executed = readProgress(progressOf(server, replica));
  const executedGtids = executed.ok ? executed.value : '';
  if ((server.hasGtids && !byPlace) || replica === null) return { executedGtids };
  const [before, again, after] = [
    await readOwnEnd(hold, READ_MS),
    await readReplica(hold, READ_MS),
    await readOwnEnd(hold, READ_MS),
  ];
  if (before === null || after === null) return { executedGtids };
  const same = before.file === after.file && before.position === after.position;
  return same && again?.appliedTo === replica.appliedTo ? { executedGtids, ownEnd: after } : null;
}
