/**
 * How a server replicates, read by the session that is about to change it: always from the server itself, never from what
 * a probe saw before, because a step that is run again has to look at what is already done.
 *
 * How far it has come is told in the words of its flavour (core/recovery/progress/gtids.ts): sets of GTIDs, the writers of MariaDB's
 * binary log, or, without GTID, places in the log of its source.
 */
import { logOf, logOfNumber, minus, unionOf } from '../../../../core/recovery/progress/gtids.js';
import { addressText, DETACHED } from '../../../../core/topology/address.js';
import { isLogMark, logMarkText } from '../../../../core/topology/log-marks.js';
import type { ServerId } from '../../../../core/topology/server.js';
import type { BinlogPosition } from '../../../../core/topology/vitals.js';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { committingIn } from './owned.js';

export interface ReplicaState {
  readonly channel: string;
  readonly host: string;
  readonly port: number;
  /** The uuid of the source that it is connected to; '' where that is not known. */
  readonly sourceUuid: string;
  readonly io: 'Yes' | 'No' | 'Connecting';
  readonly sql: boolean;
  readonly ioErrno: number;
  readonly ioError: string;
  readonly sqlErrno: number;
  readonly sqlError: string;
  /** How far it has applied, in the log of its source, whatever it follows by. */
  readonly sourceFile: string;
  readonly sourcePosition: number;
  /** What it has fetched: GTIDs where it follows by them, else a place in the log of its source. */
  readonly received: string;
  /** Up to where it has applied, in the log of its source; '' where it follows by GTID. */
  readonly appliedTo: string;
  /** It follows by GTID: auto-position, or MariaDB's Using_Gtid. */
  readonly byGtid: boolean;
  /** The applier has read all there is, by its own word. */
  readonly idle: boolean;
  /** It has no other channel, by which something could come. */
  readonly alone: boolean;
  /** Its applier was told to stop somewhere (START ... UNTIL), and will. */
  readonly stopsSomewhere: boolean;
  /** Null where the status does not tell. */
  readonly heartbeatSeconds: number | null;
}

/** The channel that the step is about; else the default one, or the only one. Null when there is none: it is no replica. */
export async function readReplica(hold: Hold, timeoutMs: number): Promise<ReplicaState | null> {
  const all = await readReplicas(hold, timeoutMs);
  const usual = (): ReplicaState | undefined => all.find(({ channel }) => channel === '') ?? all[0];
  return (hold.channel === null ? usual() : all.find(({ channel }) => channel === hold.channel)) ?? null;
}

/** Every channel. */
export async function readReplicas(hold: Hold, timeoutMs: number): Promise<readonly ReplicaState[]> {
  const rows = await hold.read(hold.dialect.showReplicaStatus, timeoutMs);
  return rows.map((row) => stateIn(row, hold, rows.length === 1));
}

function stateIn(row: TextRow, hold: Hold, alone: boolean): ReplicaState {
  const { source, replica, flavor } = hold.dialect;
  const io = cell(row, `${replica}_IO_Running`);
  const byGtid = flavor === 'MariaDB' ? cell(row, 'Using_Gtid') !== 'No' : cell(row, 'Auto_Position') === '1';
  const heartbeat = cell(row, 'Slave_heartbeat_period');
  return {
    channel: channelOf(row),
    host: cell(row, `${source}_Host`),
    port: Number(cell(row, `${source}_Port`)),
    sourceUuid: cell(row, `${source}_UUID`).replace(/^No$/, '').toLowerCase(),
    io: io === 'Yes' || io === 'No' ? io : 'Connecting',
    sql: cell(row, `${replica}_SQL_Running`) === 'Yes',
    ioErrno: Number(cell(row, 'Last_IO_Errno')),
    ioError: cell(row, 'Last_IO_Error'),
    sqlErrno: Number(cell(row, 'Last_SQL_Errno')),
    sqlError: cell(row, 'Last_SQL_Error'),
    sourceFile: cell(row, `Relay_${source}_Log_File`),
    sourcePosition: Number(cell(row, `Exec_${source}_Log_Pos`)),
    received: receivedOf(row, hold, byGtid),
    appliedTo: byGtid ? '' : markOf(row, hold, `Relay_${source}_Log_File`, `Exec_${source}_Log_Pos`),
    byGtid,
    idle: /has read all relay log/i.test(cell(row, `${replica}_SQL_Running_State`)),
    alone,
    stopsSomewhere: !/^(?:|None)$/i.test(cell(row, 'Until_Condition')),
    heartbeatSeconds: heartbeat === '' ? null : Number(heartbeat),
  };
}

/** GTIDs of what a replica without auto-position has fetched are of use too, where its source wrote any. */
function receivedOf(row: TextRow, hold: Hold, byGtid: boolean): string {
  const gtids = oneLine(row['Gtid_IO_Pos'] ?? row['Retrieved_Gtid_Set'] ?? '');
  if (byGtid) return gtids;
  const { source } = hold.dialect;
  const place = markOf(row, hold, `${source}_Log_File`, `Read_${source}_Log_Pos`);
  return [gtids, place].filter((text) => text !== '').join(',');
}

function markOf(row: TextRow, hold: Hold, file: string, position: string): string {
  const name = cell(row, file);
  if (name === '') return '';
  return logMarkText({ file: name, position: Number(cell(row, position)) }, sourceLogOf(row, hold));
}

/** One that has not reached its source since it was started (5.6, MariaDB) or pointed there knows no more than its address. */
function sourceLogOf(row: TextRow, { dialect: { source }, serverAt }: Hold): string {
  const uuid = cell(row, `${source}_UUID`);
  if (uuid !== '' && uuid !== 'No') return logOf(uuid as ServerId);
  const number = Number(cell(row, `${source}_Server_Id`));
  const host = cell(row, `${source}_Host`);
  // One that was detached goes by what it followed.
  const followed = host.startsWith(DETACHED) ? host.slice(DETACHED.length) : host;
  const known = number === 0 ? serverAt({ host: followed, port: Number(cell(row, `${source}_Port`)) }) : null;
  return known === null ? logOfNumber(number) : logOf(known);
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

/**
 * What it lacks of `missing` and has not received either, though nobody fetches it any more: no wait will bring it. '' while
 * it may come, and where that cannot be told, because what was received is told in other words than what is missing.
 */
export function neverToCome(missing: string, { io, alone, byGtid, received }: ReplicaState): string {
  const comparable = byGtid || missing.split(',').every(isLogMark);
  return io === 'No' && alone && comparable ? minus(missing, received) : '';
}

export interface ServerState {
  /** '' where it has no GTIDs. */
  readonly executed: string;
  /** GTIDs of transactions that are being committed; MySQL alone says so. */
  readonly committing: string;
  /** MySQL alone says it so; see purged.ts. */
  readonly purged: string;
  readonly readOnly: boolean;
  /** Null where there is no such thing. */
  readonly superReadOnly: boolean | null;
  readonly offlineMode: boolean;
  /** gtid_mode is ON, or it is MariaDB. */
  readonly hasGtids: boolean;
}

export async function readServer(hold: Hold, timeoutMs: number): Promise<ServerState> {
  const { dialect } = hold;
  const columns = [
    '@@GLOBAL.read_only AS readOnly',
    ...(dialect.hasSuperReadOnly ? ['@@GLOBAL.super_read_only AS superReadOnly'] : []),
    ...(dialect.hasOfflineMode ? ['@@GLOBAL.offline_mode AS offlineMode'] : []),
    ...(dialect.gtid === 'mariadb'
      ? ['@@GLOBAL.gtid_binlog_state AS written, @@GLOBAL.gtid_slave_pos AS applied']
      : []),
    ...(dialect.gtid === 'mysql'
      ? // In this order: what is committed in between is in both, and never in neither.
        [
          '@@GLOBAL.gtid_owned AS owned, @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged, @@GLOBAL.gtid_mode AS mode',
        ]
      : []),
  ];
  const row = await hold.readRow(`SELECT ${columns.join(', ')}`, timeoutMs);
  // MariaDB 11.7 and later: read_only has levels, of which the third keeps even administrators out.
  const readOnly = cell(row, 'readOnly').toUpperCase();
  const hasGtids = dialect.gtid === 'mariadb' || /^(?:ON|ON_PERMISSIVE)$/i.test(cell(row, 'mode'));
  return {
    executed: hasGtids ? executedOf(row) : '',
    committing: committingIn(oneLine(cell(row, 'owned'))),
    purged: hasGtids ? oneLine(cell(row, 'purged')) : '',
    readOnly: readOnly !== '0' && readOnly !== 'OFF',
    superReadOnly: dialect.hasSuperReadOnly ? cell(row, 'superReadOnly') === '1' : null,
    offlineMode: cell(row, 'offlineMode') === '1',
    hasGtids,
  };
}

function executedOf(row: TextRow): string {
  const texts = [row['executed'], row['written'], row['applied']].map((text) => oneLine(text ?? ''));
  return texts.filter((text) => text !== '').join(',');
}

/** The end of its own binary log; null when it writes none. */
export async function readOwnEnd(hold: Hold, timeoutMs: number): Promise<BinlogPosition | null> {
  const [row] = await hold.read(hold.dialect.showBinaryLogStatus, timeoutMs);
  const file = row?.['File'] ?? '';
  return row === undefined || file === '' ? null : { file, position: Number(row['Position'] ?? '0') };
}

/** The name of its own log in the marks of others. */
export async function readOwnLog(hold: Hold, timeoutMs: number): Promise<string> {
  const { gtid } = hold.dialect;
  const name = gtid === 'mysql' ? '@@GLOBAL.server_uuid' : '@@GLOBAL.server_id';
  const { self = '' } = await hold.readRow(`SELECT ${name} AS self`, timeoutMs);
  return gtid === 'mysql' ? logOf(self as ServerId) : logOfNumber(Number(self));
}

/** All that it has applied, GTIDs and places. */
export function progressOf(server: ServerState, replica: ReplicaState | null): string {
  return unionOf(server.executed, replica?.appliedTo ?? '');
}

function channelOf(row: TextRow): string {
  return row['Channel_Name'] ?? row['Connection_name'] ?? '';
}

export function isClosed({ readOnly, superReadOnly }: ServerState): boolean {
  return readOnly && superReadOnly !== false;
}

function cell(row: TextRow, name: string): string {
  return row[name] ?? '';
}

export function oneLine(set: string): string {
  return set.replaceAll(/\s/g, '');
}
