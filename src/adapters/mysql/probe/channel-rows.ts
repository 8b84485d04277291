/**
 * Replication channels from two sources: replica status, which has everything but the time of the last heartbeat, and
 * performance_schema, which has that. Where the right to see replica status is missing, performance_schema stands in for
 * it: to take a replica for a primary because one grant is missing would be the worst of errors.
 */
import { replicationError } from '../../../core/topology/replication-error.js';
import {
  type Channel,
  type IoThread,
  PLAIN_TRANSPORT,
  type ServerId,
  type SqlThread,
} from '../../../core/topology/server.js';
import type { BinlogPosition, ChannelVitals } from '../../../core/topology/vitals.js';
import type { Dialect } from '../dialect.js';
import type { Row } from '../table.js';
import { transportOf } from './transport-rows.js';

export interface ReadChannel {
  /** Counted by the server since its start; '' where it does not tell. For `QuietWatch`. */
  readonly heartbeats: string;
  readonly channel: Channel;
  readonly vitals: ChannelVitals;
}

export function channelsOf(
  dialect: Dialect,
  status: readonly Row[] | null,
  connections: readonly Row[] | null,
): readonly ReadChannel[] {
  const byName = new Map((connections ?? []).map((row) => [row.text('channel'), row]));
  if (status !== null) {
    return status
      .filter((row) => isReplication(row, dialect))
      .map((row) => fromStatus(dialect, row, byName.get(nameOf(dialect, row)) ?? null));
  }
  // Group replication's own channels have no host to replicate from.
  return [...byName.values()]
    .filter((row) => row.text('host') !== '' && !isOfGroup(row.text('channel')))
    .map(fromConnection);
}

function isReplication(row: Row, dialect: Dialect): boolean {
  return row.text(`${dialect.source}_Host`) !== '' && !isOfGroup(nameOf(dialect, row));
}

/** group_replication_applier and group_replication_recovery: the group chooses their source, nobody points them. */
function isOfGroup(channel: string): boolean {
  return channel.startsWith('group_replication_');
}

function nameOf(dialect: Dialect, row: Row): string {
  return row.text(dialect.flavor === 'MariaDB' ? 'Connection_name' : 'Channel_Name');
}

function fromStatus(dialect: Dialect, row: Row, connection: Row | null): ReadChannel {
  const { source, replica } = dialect;
  const name = nameOf(dialect, row);
  const channel: Channel = {
    name,
    source: { host: row.text(`${source}_Host`), port: row.number(`${source}_Port`) ?? 0 },
    sourceId: idOf(row.text(`${source}_UUID`)),
    ioThread: ioThreadOf(row.text(`${replica}_IO_Running`)),
    sqlThread: sqlThreadOf(row.text(`${replica}_SQL_Running`)),
    ioError: replicationError(row.number('Last_IO_Errno') ?? 0, row.text('Last_IO_Error')),
    sqlError: replicationError(row.number('Last_SQL_Errno') ?? 0, row.text('Last_SQL_Error')),
    autoPosition: row.has('Using_Gtid') ? row.text('Using_Gtid') !== 'No' : row.flag('Auto_Position'),
    user: row.text(`${source}_User`),
    delaySeconds: row.number('SQL_Delay') ?? 0,
    tls: row.flag(`${source}_SSL_Allowed`),
    hasFilters: FILTER_COLUMNS.some((column) => row.text(column) !== ''),
    heartbeatIntervalMs: millisecondsOf(connection?.number('heartbeat') ?? row.number('Slave_heartbeat_period')),
    transport: transportOf(dialect, row, connection),
  };
  const vitals: ChannelVitals = {
    name,
    read: positionOf(row, `${source}_Log_File`, `Read_${source}_Log_Pos`),
    executed: positionOf(row, `Relay_${source}_Log_File`, `Exec_${source}_Log_Pos`),
    relay: positionOf(row, 'Relay_Log_File', 'Relay_Log_Pos'),
    retrievedGtids: oneLine(row.text(row.has('Gtid_IO_Pos') ? 'Gtid_IO_Pos' : 'Retrieved_Gtid_Set')),
    secondsBehind: nonNegative(row.number(`Seconds_Behind_${source}`)),
    quietMs: quietOf(connection),
  };
  return { channel, vitals, heartbeats: row.text('Slave_received_heartbeats') };
}

const FILTER_COLUMNS = [
  'Replicate_Do_DB',
  'Replicate_Ignore_DB',
  'Replicate_Do_Table',
  'Replicate_Ignore_Table',
  'Replicate_Wild_Do_Table',
  'Replicate_Wild_Ignore_Table',
  'Replicate_Rewrite_DB',
  'Replicate_Do_Domain_Ids',
  'Replicate_Ignore_Domain_Ids',
];

function fromConnection(row: Row): ReadChannel {
  const name = row.text('channel');
  const channel: Channel = {
    name,
    source: { host: row.text('host'), port: row.number('port') ?? 0 },
    sourceId: idOf(row.text('source_uuid')),
    ioThread: ioThreadOf(row.text('io')),
    sqlThread: sqlThreadOf(row.text('applier')),
    ioError: replicationError(row.number('io_errno') ?? 0, row.text('io_error')),
    sqlError: null,
    autoPosition: row.flag('auto_position'),
    user: row.text('user'),
    delaySeconds: row.number('delay') ?? 0,
    tls: row.flag('tls'),
    hasFilters: false,
    heartbeatIntervalMs: millisecondsOf(row.number('heartbeat')),
    transport: PLAIN_TRANSPORT,
  };
  const unseen = { read: null, executed: null, relay: null, secondsBehind: null };
  const vitals = { name, ...unseen, retrievedGtids: oneLine(row.text('received')), quietMs: quietOf(row) };
  return { channel, vitals, heartbeats: '' };
}

/** A replica that has never connected says nothing, or on old versions "No". */
function idOf(text: string): ServerId | null {
  return text === '' || text === 'No' ? null : (text as ServerId);
}

/** Replica status: Yes, Connecting, No, and Preparing on MariaDB. performance_schema: ON, CONNECTING, OFF. */
function ioThreadOf(text: string): IoThread {
  if (/^(?:yes|on)$/i.test(text)) return 'running';
  return /^(?:connecting|preparing)$/i.test(text) ? 'connecting' : 'stopped';
}

function sqlThreadOf(text: string): SqlThread {
  return /^(?:yes|on)$/i.test(text) ? 'running' : 'stopped';
}

function positionOf(row: Row, fileColumn: string, positionColumn: string): BinlogPosition | null {
  const file = row.text(fileColumn);
  return file === '' ? null : { file, position: row.number(positionColumn) ?? 0 };
}

/** GTID sets come in several lines. */
export function oneLine(gtids: string): string {
  return gtids.replaceAll(/\s+/g, '');
}

function millisecondsOf(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1000);
}

/** A clock that was set back makes the last sign of life lie ahead: it is then as fresh as can be. */
function quietOf(connection: Row | null): number | null {
  const microseconds = connection?.number('quiet') ?? null;
  return microseconds === null ? null : Math.max(0, Math.round(microseconds / 1000));
}

function nonNegative(seconds: number | null): number | null {
  return seconds === null ? null : Math.max(0, seconds);
}
