/**
 * Points a replica at another source and keeps all else: its account, TLS, delays, and above all its relay log. Host and
 * port may change while the applier runs, and then nothing that was received is lost; with both threads stopped a CHANGE
 * empties the relay log, so that is done only when it was applied (SAFETY.md, "Relay logs").
 */
import type { StepFindings } from '../../../core/recovery/step.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import { changeSource, quoted, type SourceChange, startReplica, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { CHANGE_MS, DRAIN_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS, STOP_SQL_MS } from './limits.js';
import {
  applierError,
  hasUnapplied,
  readReplica,
  readReplicaOf,
  type ReplicaState,
  readServer,
} from './replica-state.js';
import { awaitApplied, firstWord } from './replication.js';
import { stopAskingForAcknowledgements } from './semi-sync.js';

/** How a server that has no source yet is to log in to one. Rejects with StepFailed when nobody knows. */
export type AccountFor = (hold: Hold) => Promise<Omit<SourceChange, 'address' | 'gtid' | 'coordinates'>>;

export async function repoint(
  hold: Hold,
  source: Address,
  start: boolean,
  accountFor: AccountFor,
): Promise<StepFindings> {
  const before = await readReplica(hold, READ_MS);
  const said: string[] = [];
  if (before === null) {
    await stopAskingForAcknowledgements(hold);
    await hold.change(
      changeSource(hold.dialect, { address: source, gtid: true, ...(await accountFor(hold)) }),
      CHANGE_MS,
    );
    said.push('it had no source');
  } else if (leadsTo(before, source)) {
    said.push('it was pointed there already');
  } else {
    await move(hold, before, source);
    said.push(`it followed ${before.host}:${String(before.port)}`);
  }
  said.push(start ? await startAndListen(hold, source) : await leaveStopped(hold));
  return { text: said.join('; ') };
}

function leadsTo(state: ReplicaState, source: Address): boolean {
  return state.host === source.host && state.port === source.port && state.autoPosition;
}

async function move(hold: Hold, before: ReplicaState, source: Address): Promise<void> {
  const { dialect } = hold;
  // The source cannot be changed while the IO thread runs (error 3021).
  if (before.io !== 'No') await hold.change(stopReplica(dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
  const { executed } = await readServer(hold, READ_MS);
  const stopped = await readReplicaOf(hold, READ_MS);
  const change = { address: source, ...(await heartbeatOf(hold, before.channel)) };
  if (!before.autoPosition) {
    await moveToAutoPosition(hold, stopped, change);
    return;
  }
  if (!stopped.sql && hasUnapplied(stopped, executed)) await startApplier(hold, stopped);
  await hold.change(changeSource(dialect, change, before.channel), CHANGE_MS);
}

/**
 * A CHANGE of host and port puts the heartbeat back to half of replica_net_timeout, 30 s by default (seen on 9.7); the
 * silence of the next primary would then be noticed that much later. Where it cannot be read it is left to the server.
 */
async function heartbeatOf(hold: Hold, channel: string): Promise<Pick<SourceChange, 'heartbeatSeconds'>> {
  if (!hold.dialect.hasConnectionTimes) return {};
  const [row] = await hold
    .read(
      'SELECT HEARTBEAT_INTERVAL AS heartbeat FROM performance_schema.replication_connection_configuration ' +
        `WHERE CHANNEL_NAME = ${quoted(channel)}`,
      READ_MS,
    )
    .catch((error: unknown) => {
      if (error instanceof StepFailed) return [];
      throw error;
    });
  const seconds = Number(row?.['heartbeat'] ?? Number.NaN);
  return Number.isFinite(seconds) ? { heartbeatSeconds: seconds } : {};
}

/** Auto-position can only be switched on with both threads stopped, so the relay log has to be applied before. */
async function moveToAutoPosition(hold: Hold, state: ReplicaState, change: SourceChange): Promise<void> {
  const { dialect } = hold;
  if (hasUnapplied(state, (await readServer(hold, READ_MS)).executed)) {
    await startApplier(hold, state);
    await awaitApplied(hold, state.retrieved, DRAIN_MS);
  }
  await hold.change(stopReplica(dialect, state.channel), STOP_SQL_MS);
  await hold.change(changeSource(dialect, { ...change, gtid: true }, state.channel), CHANGE_MS);
}

async function startApplier(hold: Hold, state: ReplicaState): Promise<void> {
  if (state.sql) return;
  const error = applierError(state);
  if (error === null) {
    await hold.change(startReplica(hold.dialect, state.channel, 'SQL_THREAD'), CHANGE_MS);
    return;
  }
  const text = 'its relay log is not applied and would be lost with a change of its source';
  throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped (${error}); ${text}`, false);
}

/** Connection errors pass by themselves: a source that is down for a moment, or full. */
const PASSING = new Set([0, 1040, 1053, 1129, 1203, 2002, 2003, 2005, 2006, 2013]);

async function startAndListen(hold: Hold, source: Address): Promise<string> {
  const before = await readReplicaOf(hold, READ_MS);
  const running = before.io !== 'No' && before.sql;
  if (!running) await hold.change(startReplica(hold.dialect, before.channel), CHANGE_MS);
  const after = await firstWord(hold, FIRST_WORD_MS);
  const error = applierError(after);
  if (error !== null)
    throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped: ${error}`, false);
  if (after.io === 'Yes') return 'it replicates';
  const said = `error ${String(after.ioErrno)}: ${after.ioError}`;
  if (after.io === 'Connecting' && PASSING.has(after.ioErrno)) {
    return after.ioErrno === 0 ? 'it is connecting' : `it will connect when ${addressText(source)} answers (${said})`;
  }
  throw new StepFailed(
    'state',
    `${addressText(hold.address)}: it cannot replicate from ${addressText(source)}: ${said}`,
    false,
  );
}

async function leaveStopped(hold: Hold): Promise<string> {
  const state = await readReplicaOf(hold, READ_MS);
  if (state.io !== 'No' || state.sql) await hold.change(stopReplica(hold.dialect, state.channel), STOP_SQL_MS);
  return 'its replication is left stopped';
}
