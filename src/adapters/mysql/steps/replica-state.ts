/**
 * How a server replicates, read by the session that is about to change it: always from the server itself, never from what
 * a probe saw before, because a step that is run again has to look at what is already done.
 */
import { containsGtids, formatGtidSet, parseGtidSet } from '../../../core/topology/gtid-set.js';
import type { StepFindings } from '../../../core/recovery/step.js';
import type { Hold, TextRow } from '../hold.js';
import { READ_MS } from './limits.js';
import { StepFailed } from '../step-failed.js';
import { addressText } from '../../../core/topology/address.js';

export interface ReplicaState {
  readonly channel: string;
  readonly host: string;
  readonly port: number;
  readonly io: 'Yes' | 'No' | 'Connecting';
  readonly sql: boolean;
  readonly ioErrno: number;
  readonly ioError: string;
  readonly sqlErrno: number;
  readonly sqlError: string;
  readonly retrieved: string;
  readonly autoPosition: boolean;
}

/** The default channel, or the only one; null when the server is no replica. */
export async function readReplica(hold: Hold, timeoutMs: number): Promise<ReplicaState | null> {
  const rows = await hold.read(hold.dialect.showReplicaStatus, timeoutMs);
  const row = rows.find((one) => channelOf(one) === '') ?? rows[0];
  if (row === undefined) return null;
  const { source, replica } = hold.dialect;
  const io = cell(row, `${replica}_IO_Running`);
  return {
    channel: channelOf(row),
    host: cell(row, `${source}_Host`),
    port: Number(cell(row, `${source}_Port`)),
    io: io === 'Yes' || io === 'No' ? io : 'Connecting',
    sql: cell(row, `${replica}_SQL_Running`) === 'Yes',
    ioErrno: Number(cell(row, 'Last_IO_Errno')),
    ioError: cell(row, 'Last_IO_Error'),
    sqlErrno: Number(cell(row, 'Last_SQL_Errno')),
    sqlError: cell(row, 'Last_SQL_Error'),
    retrieved: oneLine(cell(row, 'Retrieved_Gtid_Set')),
    autoPosition: cell(row, 'Auto_Position') === '1',
  };
}

export async function readReplicaOf(hold: Hold, timeoutMs: number): Promise<ReplicaState> {
  const state = await readReplica(hold, timeoutMs);
  if (state === null) throw new StepFailed('state', `${addressText(hold.address)} is no replica`, false);
  return state;
}

/** Why the applier stands still and will not get on by itself; null when it runs, or would if it were started. */
export function applierError(state: ReplicaState): string | null {
  return !state.sql && state.sqlErrno !== 0 ? `error ${String(state.sqlErrno)}: ${state.sqlError}` : null;
}

export interface ServerState {
  readonly executed: string;
  readonly purged: string;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  readonly offlineMode: boolean;
}

export async function readServer(hold: Hold, timeoutMs: number): Promise<ServerState> {
  const row = await hold.readRow(
    'SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged, @@GLOBAL.read_only AS readOnly, ' +
      '@@GLOBAL.super_read_only AS superReadOnly, @@GLOBAL.offline_mode AS offlineMode',
    timeoutMs,
  );
  return {
    executed: oneLine(cell(row, 'executed')),
    purged: oneLine(cell(row, 'purged')),
    readOnly: cell(row, 'readOnly') === '1',
    superReadOnly: cell(row, 'superReadOnly') === '1',
    offlineMode: cell(row, 'offlineMode') === '1',
  };
}

/** Is there relay log that would be lost with it? What cannot be shown to be applied is taken to be missing. */
export function hasUnapplied(state: ReplicaState, executed: string): boolean {
  const received = parseGtidSet(state.retrieved);
  const applied = parseGtidSet(executed);
  return !received.ok || !applied.ok || !containsGtids(applied.value, received.value);
}

/** All that later steps may rest on, as it goes into the recovery's record. */
export async function readFindings(hold: Hold): Promise<StepFindings> {
  // Replication first: what is received in between is counted as executed at worst, and never missed.
  const replica = await readReplica(hold, READ_MS);
  const server = await readServer(hold, READ_MS);
  const error = replica === null ? null : applierError(replica);
  return {
    executedGtids: readable(hold, server.executed),
    receivedGtids: readable(hold, replica?.retrieved ?? ''),
    purgedGtids: readable(hold, server.purged),
    readOnly: server.readOnly,
    ...(error === null ? {} : { applierError: error }),
  };
}

/** The record holds nothing but sets that every node can read. */
function readable(hold: Hold, text: string): string {
  const set = parseGtidSet(text);
  if (set.ok) return formatGtidSet(set.value);
  throw new StepFailed('state', `${addressText(hold.address)}: ${set.error}`, false);
}

function channelOf(row: TextRow): string {
  return row['Channel_Name'] ?? row['Connection_name'] ?? '';
}

function cell(row: TextRow, name: string): string {
  return row[name] ?? '';
}

function oneLine(set: string): string {
  return set.replaceAll(/\s/g, '');
}
