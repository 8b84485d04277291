// The answers of MySQL 9.7 that have rows: replica status, SHOW REPLICAS, and the tables of performance_schema that the
// nodes read. Names, order and types of the columns are those of a real server; a test compares what is made of them.
import { BINLOG_FILE, QUIET, REPLICATION_USER, replicaStateOf, type ReplicaState } from './replica-state.js';
import type { Cell, Column, ColumnType, ResultSet } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';

type Row = readonly (readonly [name: string, type: ColumnType, cell: Cell])[];

function tableOf(rows: readonly Row[], pattern: Row): ResultSet {
  const columns: Column[] = pattern.map(([name, type]) => ({ name, type }));
  return { columns, rows: rows.map((row) => row.map(([, , cell]) => cell)) };
}

function empty(names: readonly string[]): (readonly [string, ColumnType, Cell])[] {
  return names.map((name) => [name, 'text', '']);
}

/** A server that follows nobody answers the columns without a row, as a real one does. */
export function showReplicaStatus(server: SimulatedServer): ResultSet {
  const state = replicaStateOf(server);
  const pattern = replicaStatusRow(server, state ?? { ...NOBODY, source: server });
  return tableOf(state === null ? [] : [pattern], pattern);
}

const NOBODY = { io: 'Connecting', ioState: '', errorNumber: 0, errorText: '', received: '' } as const;

function replicaStatusRow(server: SimulatedServer, state: ReplicaState): Row {
  const { source, errorNumber, errorText } = state;
  const position: Cell = [server.load.position];
  return [
    ['Replica_IO_State', 'text', state.ioState],
    ['Source_Host', 'text', source.host],
    ['Source_User', 'text', REPLICATION_USER],
    ['Source_Port', 'int', String(source.port)],
    ['Connect_Retry', 'int', '1'],
    ['Source_Log_File', 'text', BINLOG_FILE],
    ['Read_Source_Log_Pos', 'bigint', position],
    ['Relay_Log_File', 'text', 'relay.000011'],
    ['Relay_Log_Pos', 'bigint', position],
    ['Relay_Source_Log_File', 'text', BINLOG_FILE],
    ['Replica_IO_Running', 'text', state.io],
    ['Replica_SQL_Running', 'text', 'Yes'],
    ...empty(['Replicate_Do_DB', 'Replicate_Ignore_DB', 'Replicate_Do_Table', 'Replicate_Ignore_Table']),
    ...empty(['Replicate_Wild_Do_Table', 'Replicate_Wild_Ignore_Table']),
    ['Last_Errno', 'int', '0'],
    ['Last_Error', 'text', ''],
    ['Skip_Counter', 'int', '0'],
    ['Exec_Source_Log_Pos', 'bigint', position],
    ['Relay_Log_Space', 'bigint', position],
    ['Until_Condition', 'text', 'None'],
    ['Until_Log_File', 'text', ''],
    ['Until_Log_Pos', 'bigint', '0'],
    ['Source_SSL_Allowed', 'text', 'Yes'],
    ...empty(['Source_SSL_CA_File', 'Source_SSL_CA_Path', 'Source_SSL_Cert', 'Source_SSL_Cipher', 'Source_SSL_Key']),
    ['Seconds_Behind_Source', 'bigint', state.io === 'Yes' ? '0' : null],
    ['Source_SSL_Verify_Server_Cert', 'text', 'No'],
    ['Last_IO_Errno', 'int', String(errorNumber)],
    ['Last_IO_Error', 'text', errorText],
    ['Last_SQL_Errno', 'int', '0'],
    ['Last_SQL_Error', 'text', ''],
    ['Replicate_Ignore_Server_Ids', 'text', ''],
    ['Source_Server_Id', 'int', serverId(source)],
    ['Source_UUID', 'text', source.uuid],
    ['Source_Info_File', 'text', 'mysql.slave_master_info'],
    ['SQL_Delay', 'int', '0'],
    ['SQL_Remaining_Delay', 'int', null],
    ['Replica_SQL_Running_State', 'text', 'Replica has read all relay log; waiting for more updates'],
    ['Source_Retry_Count', 'bigint', '86400'],
    ['Source_Bind', 'text', ''],
    ['Last_IO_Error_Timestamp', 'text', ''],
    ['Last_SQL_Error_Timestamp', 'text', ''],
    ...empty(['Source_SSL_Crl', 'Source_SSL_Crlpath']),
    ['Retrieved_Gtid_Set', 'text', state.received],
    ['Executed_Gtid_Set', 'text', executedGtids(server)],
    ['Auto_Position', 'int', '1'],
    ...empty(['Replicate_Rewrite_DB', 'Channel_Name', 'Source_TLS_Version', 'Source_public_key_path']),
    ['Get_Source_public_key', 'int', '1'],
    ['Network_Namespace', 'text', ''],
  ];
}

export function serverId(server: SimulatedServer): string {
  return String(server.number + 1);
}

export function executedGtids(server: SimulatedServer): Cell {
  return [`${server.load.uuid}:1-`, server.load.transactions];
}

export function showReplicas(server: SimulatedServer): ResultSet {
  const row = (replica: SimulatedServer): Row => [
    ['Server_Id', 'int', serverId(replica)],
    ['Host', 'text', replica.reportHost],
    ['Port', 'int', String(replica.port)],
    ['Source_Id', 'int', serverId(server)],
    ['Replica_UUID', 'text', replica.uuid],
  ];
  return tableOf(attached(server).map(row), row(server));
}

/** A server that cannot be reached has lost its replicas; a replica that cannot reach others is still attached. */
function attached(server: SimulatedServer): readonly SimulatedServer[] {
  return server.replicas.filter(({ fault }) => fault !== 'refuse');
}

export function showBinaryLogStatus(server: SimulatedServer): ResultSet {
  const row: Row = [
    ['File', 'text', BINLOG_FILE],
    ['Position', 'bigint', [server.load.position]],
    ...empty(['Binlog_Do_DB', 'Binlog_Ignore_DB']),
    ['Executed_Gtid_Set', 'text', executedGtids(server)],
  ];
  return tableOf([row], row);
}

/** Rows of a table or a join, by the names of its columns; `null` where the simulator has no such column. */
export type Lookup = (expression: string) => readonly [type: ColumnType, cell: Cell] | null;

export function channelRows(server: SimulatedServer): readonly Lookup[] {
  const state = replicaStateOf(server);
  if (state === null) return [];
  const on = { Yes: 'ON', Connecting: 'CONNECTING' } as const;
  const columns = new Map<string, readonly [ColumnType, Cell]>([
    ['replication_connection_status.CHANNEL_NAME', ['text', '']],
    ['replication_connection_status.GROUP_NAME', ['text', '']],
    ['replication_connection_status.SOURCE_UUID', ['text', state.source.uuid]],
    ['replication_connection_status.SERVICE_STATE', ['text', on[state.io]]],
    ['replication_connection_status.LAST_ERROR_NUMBER', ['int', String(state.errorNumber)]],
    ['replication_connection_status.LAST_ERROR_MESSAGE', ['text', state.errorText]],
    ['replication_connection_status.RECEIVED_TRANSACTION_SET', ['text', state.received]],
    ['replication_connection_configuration.HOST', ['text', state.source.host]],
    ['replication_connection_configuration.PORT', ['int', String(state.source.port)]],
    ['replication_connection_configuration.USER', ['text', REPLICATION_USER]],
    ['replication_connection_configuration.AUTO_POSITION', ['text', '1']],
    ['replication_connection_configuration.SSL_ALLOWED', ['text', 'YES']],
    ['replication_connection_configuration.TLS_CIPHERSUITES', ['text', null]],
    ['replication_connection_configuration.HEARTBEAT_INTERVAL', ['double', '1']],
    ['replication_applier_status.SERVICE_STATE', ['text', 'ON']],
    ['replication_applier_configuration.DESIRED_DELAY', ['int', '0']],
  ]);
  return [
    (expression) => (QUIET_EXPRESSION.test(expression) ? ['bigint', [QUIET]] : (columns.get(expression) ?? null)),
  ];
}

/** Microseconds from the last of several times of the connection to now. */
const QUIET_EXPRESSION = /^TIMESTAMPDIFF\(MICROSECOND, .*LAST_HEARTBEAT_TIMESTAMP.*, NOW\(6\)\)$/s;

export function dumpThreadRows(server: SimulatedServer): readonly Lookup[] {
  return attached(server).map((replica) => {
    const columns = new Map<string, readonly [ColumnType, Cell]>([
      ['threads.PROCESSLIST_HOST', ['text', replica.host]],
      ['CONVERT(user_variables_by_thread.VARIABLE_VALUE USING utf8mb4)', ['text', replica.uuid]],
    ]);
    return (expression) => columns.get(expression) ?? null;
  });
}

/** Whether the account is known by which a server replicates; one row, whoever is asked. */
export function accountRows(server: SimulatedServer): readonly Lookup[] {
  const isKnown = server.source === null ? '0' : '1';
  return [(expression) => (expression === "COUNT(*) > 0 AND MAX(User_name) <> ''" ? ['bigint', isKnown] : null)];
}
