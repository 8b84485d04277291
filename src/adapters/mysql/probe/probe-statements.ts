/**
 * What a probe asks, statement by statement. All go out as one query; one that fails would take the rest with it, so each
 * says what is lost without it and which right brings it back, and can be left out by itself. What only an operator's
 * hand changes is asked less often than what moves with the traffic.
 */
import type { Detected } from '../../../core/topology/report.js';
import type { Dialect } from '../dialect.js';
import type { RightName } from '../privileges.js';
import type { GroupName } from './probe-variables.js';

export type StatementName =
  | 'status'
  | 'replica-status'
  | 'connections'
  | 'binary-log'
  | 'replicas'
  | 'members'
  | 'clone'
  | 'account'
  | 'grants'
  | 'lag'
  | `detect ${keyof Detected}`;

export interface ProbeStatement {
  readonly name: StatementName;
  readonly sql: string;
  /** In words, for people. */
  readonly shows: string;
  /** Null where none is needed, or where only the operator knows which. */
  readonly right: RightName | null;
  readonly pace: 'each' | 'slow';
  /** Asked only while this group of variables is there: both belong to one plugin. */
  readonly plugin?: GroupName;
  /** The statement is the operator's: any error of it is left out, not the probe failed. */
  readonly isQuestion?: boolean;
  /** What to do about a refusal that no grant of ours mends. */
  readonly mend?: string;
  /** It may stand for as long as the server is in trouble, and the report is whole without it: what to do about that. */
  readonly whenItStands?: string;
}

const STATUS_NAMES = [
  'Uptime',
  'Rpl_semi_sync_source_status',
  'Rpl_semi_sync_source_clients',
  'Rpl_semi_sync_replica_status',
  'Rpl_semi_sync_master_status',
  'Rpl_semi_sync_master_clients',
  'Rpl_semi_sync_slave_status',
];

function statusSql({ can }: Dialect): string {
  const names = [
    ...STATUS_NAMES,
    ...(can('heartbeatStatus') ? ['Slave_last_heartbeat', 'Slave_heartbeat_period'] : []),
    ...(can('groupReplication') && !can('groupRoles') ? ['group_replication_primary_member'] : []),
  ];
  return `SHOW GLOBAL STATUS WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`;
}

/**
 * How long nothing has come from the source, by the replica's own clock: a heartbeat, a whole transaction, or the
 * beginning of one that is still coming in. A zero date (never) is smaller than any other, and gives NULL if alone.
 */
const ANY_SIGN =
  'GREATEST(s.LAST_HEARTBEAT_TIMESTAMP, s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP, ' +
  's.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP)';

function connectionsSql({ can }: Dialect): string {
  const sign = can('connectionTimes') ? ANY_SIGN : 's.LAST_HEARTBEAT_TIMESTAMP';
  return (
    'SELECT s.CHANNEL_NAME AS channel, c.HEARTBEAT_INTERVAL AS heartbeat, ' +
    `TIMESTAMPDIFF(MICROSECOND, ${sign}, NOW(6)) AS quiet, c.HOST AS host, c.PORT AS port, c.USER AS user, ` +
    'c.AUTO_POSITION AS auto_position, c.SSL_ALLOWED AS tls, s.SOURCE_UUID AS source_uuid, s.SERVICE_STATE AS io, ' +
    's.LAST_ERROR_NUMBER AS io_errno, s.LAST_ERROR_MESSAGE AS io_error, s.RECEIVED_TRANSACTION_SET AS received, ' +
    `${can('cipherSuites') ? 'c.TLS_CIPHERSUITES AS suites, ' : ''}a.SERVICE_STATE AS applier, p.DESIRED_DELAY AS delay ` +
    'FROM performance_schema.replication_connection_status s ' +
    'JOIN performance_schema.replication_connection_configuration c ON c.CHANNEL_NAME = s.CHANNEL_NAME ' +
    'LEFT JOIN performance_schema.replication_applier_status a ON a.CHANNEL_NAME = s.CHANNEL_NAME ' +
    'LEFT JOIN performance_schema.replication_applier_configuration p ON p.CHANNEL_NAME = s.CHANNEL_NAME'
  );
}

const CLONE_SQL =
  'SELECT STATE AS state, SOURCE AS donor, ERROR_NO AS number, ERROR_MESSAGE AS text ' +
  'FROM performance_schema.clone_status';

/** One row always; the account itself stays on the server. */
const ACCOUNT_SQL = "SELECT COUNT(*) > 0 AND MAX(User_name) <> '' FROM mysql.slave_master_info";

function membersSql({ can }: Dialect): string {
  const role = can('groupRoles') ? 'MEMBER_ROLE' : "''";
  return (
    'SELECT MEMBER_ID AS id, MEMBER_HOST AS host, MEMBER_PORT AS port, MEMBER_STATE AS state, ' +
    `${role} AS role FROM performance_schema.replication_group_members`
  );
}

/** `showsAccount`: whether the server is to be asked for the account that it replicates with. */
export function probeStatements(dialect: Dialect, showsAccount = true): readonly ProbeStatement[] {
  const statements: ProbeStatement[] = [
    {
      name: 'status',
      sql: statusSql(dialect),
      shows: 'uptime and semi-sync status',
      right: null,
      pace: 'each',
    },
    {
      name: 'replica-status',
      sql: dialect.showReplicaStatus,
      shows: 'positions and lag of replication',
      right: 'replica status',
      pace: 'each',
    },
    {
      name: 'binary-log',
      sql: dialect.showBinaryLogStatus,
      shows: 'the end of the binary log',
      right: 'binary log',
      pace: 'each',
      // It waits for whoever writes that log, and with a full disk he waits for room (seen on 9.7): the replication of such a
      // replica could not be read, and no failover of its primary was proven.
      whenItStands: 'see what holds up its writes: is its disk full?',
    },
    {
      name: 'replicas',
      sql: dialect.showReplicas,
      shows: 'the replicas of this server',
      right: 'replicas',
      pace: 'each',
    },
  ];
  // Needs no right, and says what rights there are.
  statements.push({ name: 'grants', sql: 'SHOW GRANTS', shows: 'its own rights', right: null, pace: 'slow' });
  const schema = { right: 'performance schema' } as const;
  if (dialect.can('connectionTables')) {
    const sql = connectionsSql(dialect);
    statements.push({ name: 'connections', sql, shows: 'heartbeats of replication', pace: 'each', ...schema });
  }
  if (dialect.can('groupReplication')) {
    const [sql, plugin] = [membersSql(dialect), 'group replication'] as const;
    statements.push({ name: 'members', sql, shows: 'the members of its group', pace: 'each', plugin, ...schema });
  }
  if (dialect.can('clone')) {
    statements.push({ name: 'clone', sql: CLONE_SQL, shows: 'the state of a clone', pace: 'slow', ...schema });
  }
  if (showsAccount && dialect.can('sourceInfoTable')) {
    const shows = 'the account that it replicates with';
    // Promotions change it: of two nodes that look in turn, one would tell for seconds what it was before, and each word of
    // theirs that contradicts the last is an entry of the log.
    statements.push({ name: 'account', sql: ACCOUNT_SQL, shows, right: 'replication account', pace: 'each' });
  }
  return statements;
}

/**
 * Where dump threads come from, with the uuid of the replica behind each. The uuid is what matches a thread to a row of
 * SHOW REPLICAS without a host; a process list alone has the host and not the port, which would have to be guessed.
 */
export function dumpThreadsSql(dialect: Dialect): string {
  return dialect.hasConnectionTimes
    ? 'SELECT t.PROCESSLIST_HOST, CONVERT(v.VARIABLE_VALUE USING utf8mb4) FROM performance_schema.threads t ' +
        'LEFT JOIN performance_schema.user_variables_by_thread v ON v.THREAD_ID = t.THREAD_ID ' +
        "AND v.VARIABLE_NAME IN ('replica_uuid', 'slave_uuid') WHERE t.PROCESSLIST_COMMAND LIKE 'Binlog Dump%'"
    : // Without the client's port: what stands before the last colon, since the host may be IPv6.
      "SELECT LEFT(HOST, CHAR_LENGTH(HOST) - LOCATE(':', REVERSE(HOST))), '' FROM information_schema.PROCESSLIST " +
        "WHERE COMMAND LIKE 'Binlog Dump%'";
}
