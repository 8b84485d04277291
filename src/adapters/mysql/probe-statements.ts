/**
 * What a probe asks, statement by statement. All go out as one query; one that fails would take the rest with it, so each
 * says what is lost without it and which GRANT brings it back, and can be left out by itself. Variables of plugins stand
 * in groups that come and go together.
 */
import { isAtLeast } from '../../core/topology/version.js';
import type { Dialect } from './dialect.js';

export type StatementName = 'status' | 'replica-status' | 'connections' | 'binary-log' | 'replicas';

export interface ProbeStatement {
  readonly name: StatementName;
  readonly sql: string;
  /** In words, for people. */
  readonly shows: string;
  /** What stands between GRANT and TO; null where no grant is needed. */
  readonly grant: string | null;
}

/** Names of what is read; the same for every flavour. */
export type VariableName =
  | 'serverNumber'
  | 'readOnly'
  | 'superReadOnly'
  | 'offlineMode'
  | 'binlogFormat'
  | 'binlogRowImage'
  | 'gtidMode'
  | 'gtidExecuted'
  | 'gtidPurged'
  | 'semiSourceEnabled'
  | 'semiSourceTimeout'
  | 'semiSourceWaitNoReplica'
  | 'semiSourceWaitCount'
  | 'semiSourceWaitPoint'
  | 'semiReplicaEnabled';

export type GroupName =
  | 'basic'
  | 'semi-sync source'
  | 'semi-sync replica'
  | 'old semi-sync source'
  | 'old semi-sync replica';

export interface VariableGroup {
  readonly name: GroupName;
  readonly variables: readonly { readonly name: VariableName; readonly expression: string }[];
}

/** What cannot change while the server process lives, so it is asked once a connection. */
export const FIXED_COLUMNS = [
  'account',
  'serverUuid',
  'hostname',
  'reportHost',
  'port',
  'versionComment',
  'binlogEnabled',
  'logReplicaUpdates',
] as const;

export type FixedName = (typeof FIXED_COLUMNS)[number];

export function fixedStatement(dialect: Dialect): string {
  const expressions: Record<FixedName, string> = {
    account: 'CURRENT_USER()',
    serverUuid: dialect.gtid === 'mysql' ? '@@global.server_uuid' : "''",
    hostname: '@@global.hostname',
    reportHost: '@@global.report_host',
    port: '@@global.port',
    versionComment: '@@global.version_comment',
    binlogEnabled: '@@global.log_bin',
    logReplicaUpdates: `@@global.${dialect.logReplicaUpdatesVariable}`,
  };
  return `SELECT ${FIXED_COLUMNS.map((name) => expressions[name]).join(', ')}`;
}

export function variableGroups(dialect: Dialect): readonly VariableGroup[] {
  const groups: VariableGroup[] = [{ name: 'basic', variables: basicVariables(dialect) }];
  dialect.semiSyncPrefixes.forEach((prefixes, at) => {
    const old = at > 0;
    groups.push({
      name: old ? 'old semi-sync source' : 'semi-sync source',
      variables: [
        { name: 'semiSourceEnabled', expression: `@@global.${prefixes.source}_enabled` },
        { name: 'semiSourceTimeout', expression: `@@global.${prefixes.source}_timeout` },
        { name: 'semiSourceWaitNoReplica', expression: `@@global.${prefixes.waitNoReplica}` },
        ...optional('semiSourceWaitCount', prefixes.waitCount),
        ...optional('semiSourceWaitPoint', prefixes.waitPoint),
      ],
    });
    groups.push({
      name: old ? 'old semi-sync replica' : 'semi-sync replica',
      variables: [{ name: 'semiReplicaEnabled', expression: `@@global.${prefixes.replica}_enabled` }],
    });
  });
  return groups;
}

function optional(name: VariableName, variable: string | null): VariableGroup['variables'] {
  return variable === null ? [] : [{ name, expression: `@@global.${variable}` }];
}

function basicVariables(dialect: Dialect): VariableGroup['variables'] {
  const variables: [VariableName, string][] = [
    ['serverNumber', 'server_id'],
    ['readOnly', 'read_only'],
    ['binlogFormat', 'binlog_format'],
  ];
  if (dialect.hasSuperReadOnly) variables.push(['superReadOnly', 'super_read_only']);
  if (dialect.hasOfflineMode) variables.push(['offlineMode', 'offline_mode']);
  if (dialect.hasRowImage) variables.push(['binlogRowImage', 'binlog_row_image']);
  if (dialect.gtid === 'mysql') {
    variables.push(['gtidMode', 'gtid_mode'], ['gtidExecuted', 'gtid_executed'], ['gtidPurged', 'gtid_purged']);
  }
  if (dialect.gtid === 'mariadb') variables.push(['gtidExecuted', 'gtid_current_pos']);
  return variables.map(([name, variable]) => ({ name, expression: `@@global.${variable}` }));
}

export function variablesSql(groups: readonly VariableGroup[]): string {
  return `SELECT ${groups.flatMap((group) => group.variables.map(({ expression }) => expression)).join(', ')}`;
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

/**
 * How long nothing has come from the source, by the replica's own clock: a heartbeat, a whole transaction, or the
 * beginning of one that is still coming in. A zero date (never) is smaller than any other, and gives NULL if alone.
 */
const QUIET_MICROSECONDS =
  'TIMESTAMPDIFF(MICROSECOND, GREATEST(s.LAST_HEARTBEAT_TIMESTAMP, s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP, ' +
  's.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP), NOW(6))';

const CONNECTIONS_SQL =
  'SELECT s.CHANNEL_NAME AS channel, c.HEARTBEAT_INTERVAL AS heartbeat, ' +
  `${QUIET_MICROSECONDS} AS quiet, c.HOST AS host, c.PORT AS port, c.USER AS user, c.AUTO_POSITION AS auto_position, ` +
  'c.SSL_ALLOWED AS tls, s.SOURCE_UUID AS source_uuid, s.SERVICE_STATE AS io, s.LAST_ERROR_NUMBER AS io_errno, ' +
  's.LAST_ERROR_MESSAGE AS io_error, s.RECEIVED_TRANSACTION_SET AS received, a.SERVICE_STATE AS applier, ' +
  'p.DESIRED_DELAY AS delay FROM performance_schema.replication_connection_status s ' +
  'JOIN performance_schema.replication_connection_configuration c ON c.CHANNEL_NAME = s.CHANNEL_NAME ' +
  'LEFT JOIN performance_schema.replication_applier_status a ON a.CHANNEL_NAME = s.CHANNEL_NAME ' +
  'LEFT JOIN performance_schema.replication_applier_configuration p ON p.CHANNEL_NAME = s.CHANNEL_NAME';

export function probeStatements(dialect: Dialect): readonly ProbeStatement[] {
  const privileges = privilegesOf(dialect);
  const statements: ProbeStatement[] = [
    {
      name: 'status',
      sql: `SHOW GLOBAL STATUS WHERE Variable_name IN (${STATUS_NAMES.map((name) => `'${name}'`).join(', ')})`,
      shows: 'uptime and semi-sync status',
      grant: null,
    },
    {
      name: 'replica-status',
      sql: dialect.showReplicaStatus,
      shows: 'positions and lag of replication',
      grant: `${privileges.replicaStatus} ON *.*`,
    },
    {
      name: 'binary-log',
      sql: dialect.showBinaryLogStatus,
      shows: 'the end of the binary log',
      grant: `${privileges.binaryLog} ON *.*`,
    },
    {
      name: 'replicas',
      sql: dialect.showReplicas,
      shows: 'the replicas of this server',
      grant: `${privileges.replicas} ON *.*`,
    },
  ];
  if (dialect.hasConnectionTimes) {
    statements.push({
      name: 'connections',
      sql: CONNECTIONS_SQL,
      shows: 'heartbeats of replication',
      grant: 'SELECT ON performance_schema.*',
    });
  }
  return statements;
}

/** MariaDB 10.5 split REPLICATION CLIENT and REPLICATION SLAVE into rights of their own. */
function privilegesOf(dialect: Dialect): Record<'replicaStatus' | 'binaryLog' | 'replicas', string> {
  if (dialect.flavor === 'MariaDB' && isAtLeast(dialect.version, 10, 5, 9)) {
    return { replicaStatus: 'REPLICA MONITOR', binaryLog: 'BINLOG MONITOR', replicas: 'REPLICATION MASTER ADMIN' };
  }
  return { replicaStatus: 'REPLICATION CLIENT', binaryLog: 'REPLICATION CLIENT', replicas: 'REPLICATION SLAVE' };
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
