/**
 * How to speak to a server: the statements of probing, and those that change it, in the words that its flavour and version
 * understand (`capabilities.ts` knows which). MySQL changed the words of replication over several releases and dropped the
 * old ones in 8.4; MariaDB keeps the old ones. Statements that change a server are built here and run only by a session
 * that holds its barrier.
 */
import type { Address } from '../../core/topology/address.js';
import type { Flavor, Version } from '../../core/topology/server.js';
import type { BinlogPosition } from '../../core/topology/vitals.js';
import { type Capability, isCapable } from './capabilities.js';

export interface Dialect {
  readonly flavor: Flavor;
  readonly version: Version;
  can(capability: Capability): boolean;
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

export function dialectOf(flavor: Flavor, version: Version): Dialect {
  const can = (capability: Capability): boolean => isCapable(flavor, version, capability);
  const modern = can('sourceWords');
  const slaveStatus = can('showAllSlaves') ? 'SHOW ALL SLAVES STATUS' : 'SHOW SLAVE STATUS';
  return {
    flavor,
    version,
    can,
    gtid: can('gtidSets') ? 'mysql' : can('gtidPositions') ? 'mariadb' : 'none',
    source: modern ? 'Source' : 'Master',
    replica: modern ? 'Replica' : 'Slave',
    hasChannels: can('channels'),
    hasSuperReadOnly: can('superReadOnly'),
    hasOfflineMode: can('offlineMode'),
    hasRowImage: can('binlogRowImage'),
    hasConnectionTimes: can('connectionTimes'),
    changesSourceWhileApplying: can('changesSourceWhileApplying'),
    logReplicaUpdatesVariable: can('replicaVariables') ? 'log_replica_updates' : 'log_slave_updates',
    semiSyncPrefixes: semiSyncOf(can),
    showReplicaStatus: modern ? 'SHOW REPLICA STATUS' : slaveStatus,
    showReplicas: modern ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS',
    showBinaryLogStatus: can('binaryLogWords') ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    resetBinaryLogs: can('binaryLogWords') ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
  };
}

function semiSyncOf(can: (capability: Capability) => boolean): readonly SemiSyncPrefixes[] {
  const old: SemiSyncPrefixes = {
    ...OLD_SEMI_SYNC,
    waitCount: can('semiSyncWaitCount') ? OLD_SEMI_SYNC.waitCount : null,
    waitPoint: can('semiSyncWaitPoint') ? OLD_SEMI_SYNC.waitPoint : null,
  };
  return [...(can('newSemiSync') ? [NEW_SEMI_SYNC] : []), ...(can('oldSemiSync') ? [old] : [])];
}

/** Since when there is a word for it. */
export const TRANSPORT_OPTIONS = {
  TLS_VERSION: 'tlsVersions',
  TLS_CIPHERSUITES: 'cipherSuites',
  PUBLIC_KEY_PATH: 'publicKeys',
  COMPRESSION_ALGORITHMS: 'compressedChannels',
  ZSTD_COMPRESSION_LEVEL: 'compressedChannels',
} as const satisfies Readonly<Record<string, Capability>>;

export type TransportOption = keyof typeof TRANSPORT_OPTIONS;

/**
 * What to change of a channel's source; what is absent stays as it is, and what the server has no word for is left out.
 * `user` and `password` go together.
 */
export interface SourceChange {
  readonly address?: Address;
  /** MySQL: auto-position. MariaDB: slave_pos. False turns it off, which on MySQL needs coordinates or drops them. */
  readonly gtid?: boolean;
  readonly coordinates?: { readonly file: string; readonly position: number };
  readonly credentials?: { readonly user: string; readonly password: string };
  readonly tls?: boolean;
  readonly verifiesServer?: boolean;
  /** What the statement calls them behind `SSL_`, and paths on the server; '' for none. */
  readonly tlsFiles?: Readonly<Record<string, string>>;
  /** How the bytes travel, by what the statement calls it behind `SOURCE_`; what the server has no word for is left out. */
  readonly transport?: Readonly<Partial<Record<TransportOption, string>>>;
  /** Lets caching_sha2_password work without TLS (MySQL 8.0.4 and later). */
  readonly getPublicKey?: boolean;
  readonly heartbeatSeconds?: number;
  readonly connectRetrySeconds?: number;
  /** How often the connection is tried before the IO thread gives up; 10 by default since 8.4. */
  readonly retryCount?: number;
  /** How late it applies. */
  readonly delaySeconds?: number;
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
  options.push(...linkOptions(dialect, change));
  const verb = dialect.source === 'Source' ? 'CHANGE REPLICATION SOURCE' : 'CHANGE MASTER';
  return dialect.flavor === 'MariaDB'
    ? `${verb}${connectionName(channel)} TO ${options.join(', ')}`
    : `${verb} TO ${options.join(', ')}${forChannel(dialect, channel)}`;
}

/** How it connects and how long it is patient. */
function linkOptions(dialect: Dialect, change: SourceChange): readonly string[] {
  const word = dialect.source.toUpperCase();
  const option = (name: string, value: number | boolean | undefined): readonly string[] =>
    value === undefined ? [] : [`${name}=${String(Number(value))}`];
  return [
    ...option(`${word}_SSL`, change.tls),
    ...Object.entries(change.tlsFiles ?? {}).map(([name, path]) => `${word}_SSL_${name}=${quoted(path)}`),
    ...option(`${word}_SSL_VERIFY_SERVER_CERT`, change.verifiesServer),
    ...transportOptions(dialect, change.transport ?? {}),
    ...(dialect.can('publicKeys') ? option(`GET_${word}_PUBLIC_KEY`, change.getPublicKey) : []),
    ...option(`${word}_HEARTBEAT_PERIOD`, change.heartbeatSeconds),
    ...option(`${word}_CONNECT_RETRY`, change.connectRetrySeconds),
    ...option(`${word}_DELAY`, change.delaySeconds),
    ...(dialect.can('retryCounts') ? option(`${word}_RETRY_COUNT`, change.retryCount) : []),
  ];
}

function transportOptions(dialect: Dialect, transport: NonNullable<SourceChange['transport']>): readonly string[] {
  const names = Object.keys(TRANSPORT_OPTIONS) as TransportOption[];
  return names.flatMap((name) => {
    const value = transport[name] ?? '';
    if (value === '' || !dialect.can(TRANSPORT_OPTIONS[name])) return [];
    const text = name === 'ZSTD_COMPRESSION_LEVEL' ? String(Number(value)) : quoted(value);
    return [`${dialect.source.toUpperCase()}_${name}=${text}`];
  });
}

function gtidOption(dialect: Dialect, gtid: boolean): string {
  if (dialect.flavor === 'MariaDB') return `MASTER_USE_GTID=${gtid ? 'slave_pos' : 'no'}`;
  return `${dialect.source.toUpperCase()}_AUTO_POSITION=${gtid ? '1' : '0'}`;
}

export type ReplicaThread = 'IO_THREAD' | 'SQL_THREAD';

export function startReplica(dialect: Dialect, channel = '', thread?: ReplicaThread): string {
  return replicaVerb(dialect, 'START', channel, thread);
}

/** Its applier applies up to this place in the log of its source, and stops there. */
export function startUntil(dialect: Dialect, channel: string, { file, position }: BinlogPosition): string {
  const word = dialect.source.toUpperCase();
  const until = `UNTIL ${word}_LOG_FILE = ${quoted(file)}, ${word}_LOG_POS = ${String(position)}`;
  const verb = `START ${dialect.replica.toUpperCase()}`;
  return dialect.flavor === 'MariaDB'
    ? `${verb}${connectionName(channel)} SQL_THREAD ${until}`
    : `${verb} SQL_THREAD ${until}${forChannel(dialect, channel)}`;
}

export function stopReplica(dialect: Dialect, channel = '', thread?: ReplicaThread): string {
  return replicaVerb(dialect, 'STOP', channel, thread);
}

/** As `startUntil`, by GTID. MariaDB starts both threads with it. */
export function startUntilGtids(dialect: Dialect, channel: string, gtids: string): string {
  const word = dialect.replica.toUpperCase();
  return dialect.flavor === 'MariaDB'
    ? `START ${word}${connectionName(channel)} UNTIL master_gtid_pos = ${quoted(gtids)}`
    : `START ${word} SQL_THREAD UNTIL SQL_AFTER_GTIDS = ${quoted(gtids)}${forChannel(dialect, channel)}`;
}

/** Forgets the source. Throws relay log away, so only a server whose relay log is applied or given up may be told this. */
export function resetReplicaAll(dialect: Dialect, channel = ''): string {
  const word = dialect.replica.toUpperCase();
  return dialect.flavor === 'MariaDB'
    ? `RESET ${word}${connectionName(channel)} ALL`
    : `RESET ${word} ALL${forChannel(dialect, channel)}`;
}

/** Throws relay log away and keeps what is known of the source; the same care is needed. */
export function resetReplica(dialect: Dialect, channel = ''): string {
  return replicaVerb(dialect, 'RESET', channel);
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
