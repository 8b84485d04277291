/**
 * Which words a server understands, by flavour and version: one table, so that nothing else in this folder asks for a
 * version. MySQL changed the words of replication over several releases (8.0.22 SHOW REPLICA STATUS, 8.0.23 CHANGE
 * REPLICATION SOURCE, 8.0.26 variables, 8.2 SHOW BINARY LOG STATUS) and dropped the old ones in 8.4; MariaDB keeps the
 * old ones. Statements that change a server are built here and run only by a session that holds its barrier.
 */
import type { Address } from '../../core/topology/address.js';
import type { Flavor, Version } from '../../core/topology/server.js';
import { isAtLeast } from '../../core/topology/version.js';

export interface Dialect {
  readonly flavor: Flavor;
  readonly version: Version;
  readonly gtid: 'mysql' | 'mariadb' | 'none';
  /** Words of statements and of the columns of replica status: Source_Host or Master_Host, Replica_IO_Running or Slave_IO_Running. */
  readonly source: 'Source' | 'Master';
  readonly replica: 'Replica' | 'Slave';
  /** Several channels in one server, and `FOR CHANNEL`. */
  readonly hasChannels: boolean;
  readonly hasSuperReadOnly: boolean;
  readonly hasOfflineMode: boolean;
  /** binlog_row_image. */
  readonly hasRowImage: boolean;
  /** performance_schema.replication_connection_status with times of the last heartbeat and transaction. */
  readonly hasConnectionTimes: boolean;
  /** A CHANGE of host and port is allowed while the applier runs, which keeps the relay log. */
  readonly changesSourceWhileApplying: boolean;
  readonly logReplicaUpdatesVariable: 'log_replica_updates' | 'log_slave_updates';
  /** Prefixes of semi-sync variables, the likeliest first: which one exists depends on the plugin that was loaded. */
  readonly semiSyncPrefixes: readonly SemiSyncPrefixes[];
  readonly showReplicaStatus: string;
  readonly showReplicas: string;
  readonly showBinaryLogStatus: string;
  readonly resetBinaryLogs: string;
}

export interface SemiSyncPrefixes {
  readonly source: 'rpl_semi_sync_source' | 'rpl_semi_sync_master';
  readonly replica: 'rpl_semi_sync_replica' | 'rpl_semi_sync_slave';
  readonly waitNoReplica: string;
  /** Null where it is always one. */
  readonly waitCount: string | null;
  /** Null where it is always after the commit. */
  readonly waitPoint: string | null;
}

const NEW_SEMI_SYNC: SemiSyncPrefixes = {
  source: 'rpl_semi_sync_source',
  replica: 'rpl_semi_sync_replica',
  waitNoReplica: 'rpl_semi_sync_source_wait_no_replica',
  waitCount: 'rpl_semi_sync_source_wait_for_replica_count',
  waitPoint: 'rpl_semi_sync_source_wait_point',
};
const OLD_SEMI_SYNC: SemiSyncPrefixes = {
  source: 'rpl_semi_sync_master',
  replica: 'rpl_semi_sync_slave',
  waitNoReplica: 'rpl_semi_sync_master_wait_no_slave',
  waitCount: 'rpl_semi_sync_master_wait_for_slave_count',
  waitPoint: 'rpl_semi_sync_master_wait_point',
};
const MARIADB_SEMI_SYNC: SemiSyncPrefixes = { ...OLD_SEMI_SYNC, waitCount: null };
const OLDEST_SEMI_SYNC: SemiSyncPrefixes = { ...MARIADB_SEMI_SYNC, waitPoint: null };

export function dialectOf(flavor: Flavor, version: Version): Dialect {
  return flavor === 'MariaDB' ? mariaDbDialect(version) : mysqlDialect(flavor, version);
}

function mysqlDialect(flavor: Flavor, version: Version): Dialect {
  const modern = isAtLeast(version, 8, 0, 23);
  const newest = isAtLeast(version, 8, 2);
  return {
    flavor,
    version,
    gtid: isAtLeast(version, 5, 6) ? 'mysql' : 'none',
    source: modern ? 'Source' : 'Master',
    replica: modern ? 'Replica' : 'Slave',
    hasChannels: isAtLeast(version, 5, 7),
    hasSuperReadOnly: isAtLeast(version, 5, 7, 8),
    hasOfflineMode: isAtLeast(version, 5, 7, 5),
    hasRowImage: isAtLeast(version, 5, 6, 2),
    hasConnectionTimes: isAtLeast(version, 8, 0),
    changesSourceWhileApplying: isAtLeast(version, 5, 7, 4),
    logReplicaUpdatesVariable: isAtLeast(version, 8, 0, 26) ? 'log_replica_updates' : 'log_slave_updates',
    semiSyncPrefixes: mysqlSemiSync(version),
    showReplicaStatus: modern ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
    showReplicas: modern ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS',
    showBinaryLogStatus: newest ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    resetBinaryLogs: newest ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
  };
}

function mysqlSemiSync(version: Version): readonly SemiSyncPrefixes[] {
  if (isAtLeast(version, 9, 0)) return [NEW_SEMI_SYNC];
  if (isAtLeast(version, 8, 0, 26)) return [NEW_SEMI_SYNC, OLD_SEMI_SYNC];
  return [isAtLeast(version, 5, 7, 3) ? OLD_SEMI_SYNC : OLDEST_SEMI_SYNC];
}

function mariaDbDialect(version: Version): Dialect {
  return {
    flavor: 'MariaDB',
    version,
    gtid: isAtLeast(version, 10, 0, 2) ? 'mariadb' : 'none',
    source: 'Master',
    replica: 'Slave',
    hasChannels: isAtLeast(version, 10, 0, 1),
    hasSuperReadOnly: false,
    hasOfflineMode: false,
    hasRowImage: isAtLeast(version, 10, 1, 6),
    hasConnectionTimes: false,
    changesSourceWhileApplying: false,
    logReplicaUpdatesVariable: 'log_slave_updates',
    semiSyncPrefixes: [isAtLeast(version, 10, 1, 3) ? MARIADB_SEMI_SYNC : OLDEST_SEMI_SYNC],
    showReplicaStatus: isAtLeast(version, 10, 0, 1) ? 'SHOW ALL SLAVES STATUS' : 'SHOW SLAVE STATUS',
    showReplicas: 'SHOW SLAVE HOSTS',
    showBinaryLogStatus: 'SHOW MASTER STATUS',
    resetBinaryLogs: 'RESET MASTER',
  };
}

/** What to change of a channel's source; what is absent stays as it is. `user` and `password` go together. */
export interface SourceChange {
  readonly address?: Address;
  /** MySQL: auto-position. MariaDB: slave_pos. False turns it off, which on MySQL needs coordinates or drops them. */
  readonly gtid?: boolean;
  readonly coordinates?: { readonly file: string; readonly position: number };
  readonly credentials?: { readonly user: string; readonly password: string };
  readonly tls?: boolean;
  /** Lets caching_sha2_password work without TLS (MySQL 8.0.4 and later). */
  readonly getPublicKey?: boolean;
  readonly heartbeatSeconds?: number;
  readonly connectRetrySeconds?: number;
  /** How often the connection is tried before the IO thread gives up; 10 by default since 8.4. */
  readonly retryCount?: number;
}

export function changeSource(dialect: Dialect, change: SourceChange, channel = ''): string {
  const word = dialect.source.toUpperCase();
  const options: string[] = [];
  if (change.address !== undefined) {
    options.push(`${word}_HOST=${quoted(change.address.host)}`, `${word}_PORT=${String(change.address.port)}`);
  }
  if (change.credentials !== undefined) {
    options.push(`${word}_USER=${quoted(change.credentials.user)}`);
    options.push(`${word}_PASSWORD=${quoted(change.credentials.password)}`);
  }
  if (change.gtid !== undefined) options.push(gtidOption(dialect, change.gtid));
  if (change.coordinates !== undefined) {
    options.push(`${word}_LOG_FILE=${quoted(change.coordinates.file)}`);
    options.push(`${word}_LOG_POS=${String(change.coordinates.position)}`);
  }
  if (change.tls !== undefined) options.push(`${word}_SSL=${change.tls ? '1' : '0'}`);
  if (change.getPublicKey !== undefined) options.push(`GET_${word}_PUBLIC_KEY=${change.getPublicKey ? '1' : '0'}`);
  if (change.heartbeatSeconds !== undefined) {
    options.push(`${word}_HEARTBEAT_PERIOD=${String(change.heartbeatSeconds)}`);
  }
  if (change.connectRetrySeconds !== undefined) {
    options.push(`${word}_CONNECT_RETRY=${String(change.connectRetrySeconds)}`);
  }
  if (change.retryCount !== undefined) options.push(`${word}_RETRY_COUNT=${String(change.retryCount)}`);
  const verb = dialect.source === 'Source' ? 'CHANGE REPLICATION SOURCE' : 'CHANGE MASTER';
  return dialect.flavor === 'MariaDB'
    ? `${verb}${connectionName(channel)} TO ${options.join(', ')}`
    : `${verb} TO ${options.join(', ')}${forChannel(dialect, channel)}`;
}

function gtidOption(dialect: Dialect, gtid: boolean): string {
  if (dialect.flavor === 'MariaDB') return `MASTER_USE_GTID=${gtid ? 'slave_pos' : 'no'}`;
  return `${dialect.source.toUpperCase()}_AUTO_POSITION=${gtid ? '1' : '0'}`;
}

export type ReplicaThread = 'IO_THREAD' | 'SQL_THREAD';

export function startReplica(dialect: Dialect, channel = '', thread?: ReplicaThread): string {
  return replicaVerb(dialect, 'START', channel, thread);
}

export function stopReplica(dialect: Dialect, channel = '', thread?: ReplicaThread): string {
  return replicaVerb(dialect, 'STOP', channel, thread);
}

/** Forgets the source. Throws relay log away, so only a server whose relay log is applied or given up may be told this. */
export function resetReplicaAll(dialect: Dialect, channel = ''): string {
  const word = dialect.replica.toUpperCase();
  return dialect.flavor === 'MariaDB'
    ? `RESET ${word}${connectionName(channel)} ALL`
    : `RESET ${word} ALL${forChannel(dialect, channel)}`;
}

function replicaVerb(dialect: Dialect, verb: string, channel: string, thread?: ReplicaThread): string {
  const word = dialect.replica.toUpperCase();
  const which = thread === undefined ? '' : ` ${thread}`;
  return dialect.flavor === 'MariaDB'
    ? `${verb} ${word}${connectionName(channel)}${which}`
    : `${verb} ${word}${which}${forChannel(dialect, channel)}`;
}

function forChannel(dialect: Dialect, channel: string): string {
  // The default channel is named too: without a name the statement would reach every channel of the server.
  return dialect.hasChannels ? ` FOR CHANNEL ${quoted(channel)}` : '';
}

function connectionName(channel: string): string {
  return channel === '' ? '' : ` ${quoted(channel)}`;
}

/** A text literal. Every connection of this folder runs without NO_BACKSLASH_ESCAPES and in utf8mb4, which this rests on. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}
