/**
 * What a server can do and which words it knows, by flavour and version: the one table that is asked. Nothing else in
 * this folder compares versions, so a new release is a matter of this file. Each line says since when (and, where words
 * were dropped, until when); what is not true of a flavour at all is null. Percona Server follows MySQL, and so does a
 * server whose flavour is unknown. The pages named are those of the MySQL 8.4 manual and of MariaDB's documentation.
 */
import type { Flavor, Version } from '../../core/topology/server.js';
import { isAtLeast } from '../../core/topology/version.js';

/** Major, minor, patch. */
type Release = readonly [number, number, number];

interface Span {
  readonly since: Release;
  /** The first release without it. */
  readonly until?: Release;
}

interface Availability {
  readonly mysql: Span | null;
  readonly mariadb: Span | null;
}

const since = (major: number, minor: number, patch = 0): Span => ({ since: [major, minor, patch] });
const between = (from: Release, until: Release): Span => ({ since: from, until });

const TABLE = {
  /** server_uuid, gtid_mode, gtid_executed, gtid_purged ("Global Transaction ID System Variables"). */
  gtidSets: { mysql: since(5, 6, 5), mariadb: null },
  /** gtid_current_pos, gtid_slave_pos, MASTER_USE_GTID (MariaDB, "Global Transaction ID"). */
  gtidPositions: { mysql: null, mariadb: since(10, 0, 2) },
  /** Several channels in one server ("MySQL Multi-Source Replication"; MariaDB, "Multi-Source Replication"). */
  channels: { mysql: since(5, 7, 6), mariadb: since(10, 0, 1) },
  /** SHOW ALL SLAVES STATUS: one row a connection; SHOW SLAVE STATUS has the default connection alone. */
  showAllSlaves: { mysql: null, mariadb: since(10, 0, 1) },
  /** SHOW REPLICA STATUS (8.0.22) and CHANGE REPLICATION SOURCE TO (8.0.23), with their columns; the later counts. */
  sourceWords: { mysql: since(8, 0, 23), mariadb: null },
  /** SHOW BINARY LOG STATUS and RESET BINARY LOGS AND GTIDS; the old words ended with 8.4. */
  binaryLogWords: { mysql: since(8, 2), mariadb: null },
  /** log_replica_updates and the like. */
  replicaVariables: { mysql: since(8, 0, 26), mariadb: null },
  superReadOnly: { mysql: since(5, 7, 8), mariadb: null },
  offlineMode: { mysql: since(5, 7, 5), mariadb: null },
  binlogRowImage: { mysql: since(5, 6, 2), mariadb: since(10, 1, 6) },
  /** Plugins semisync_source and semisync_replica, with variables of those names. */
  newSemiSync: { mysql: since(8, 0, 26), mariadb: null },
  /** Plugins semisync_master and semisync_slave; in MariaDB a part of the server since 10.3. */
  oldSemiSync: { mysql: between([5, 5, 0], [9, 0, 0]), mariadb: since(5, 5) },
  semiSyncWaitCount: { mysql: since(5, 7, 3), mariadb: null },
  semiSyncWaitPoint: { mysql: since(5, 7, 2), mariadb: since(10, 1, 3) },
  /** performance_schema.replication_connection_status and its neighbours. */
  connectionTables: { mysql: since(5, 7, 2), mariadb: null },
  /** Its columns on transactions as they come in, and threads with their user variables. */
  connectionTimes: { mysql: since(8, 0, 1), mariadb: null },
  /** Compression of a channel: which, and how hard zstd tries. */
  compressedChannels: { mysql: since(8, 0, 18), mariadb: null },
  /** SOURCE_TLS_VERSION of a channel. */
  tlsVersions: { mysql: since(5, 7, 10), mariadb: null },
  /** TLS_CIPHERSUITES of a channel. */
  cipherSuites: { mysql: since(8, 0, 19), mariadb: null },
  /** Status variables Slave_last_heartbeat and Slave_heartbeat_period, which 5.7 hides behind show_compatibility_56. */
  heartbeatStatus: { mysql: between([5, 6, 1], [5, 7, 0]), mariadb: null },
  /** Group replication; its members have roles since 8.0.2. */
  groupReplication: { mysql: since(5, 7, 17), mariadb: null },
  groupRoles: { mysql: since(8, 0, 2), mariadb: null },
  /** The clone plugin and performance_schema.clone_status. */
  clone: { mysql: since(8, 0, 17), mariadb: null },
  /** mysql.slave_master_info, from which the account of a replica can be read. */
  sourceInfoTable: { mysql: since(5, 6, 2), mariadb: null },
  /** A change of host and port is allowed while the applier runs, which keeps the relay log. */
  changesSourceWhileApplying: { mysql: since(5, 7, 4), mariadb: null },
  /** WAIT_FOR_EXECUTED_GTID_SET(); the function of before waits for the applier of one channel. */
  waitsForGtidSets: { mysql: since(5, 7, 5), mariadb: null },
  /** GET_SOURCE_PUBLIC_KEY of a channel, for caching_sha2_password without TLS. */
  publicKeys: { mysql: since(8, 0, 4), mariadb: null },
  /** GTIDs with tags. */
  gtidTags: { mysql: since(8, 3, 0), mariadb: null },
  /** sql_replica_skip_counter. */
  replicaSkipCounter: { mysql: since(8, 0, 26), mariadb: null },
  /** SOURCE_RETRY_COUNT of a channel. */
  retryCounts: { mysql: since(5, 6, 1), mariadb: null },
  /** SET PERSIST and privileges such as REPLICATION_SLAVE_ADMIN ("Dynamic Privileges") in place of SUPER. */
  dynamicPrivileges: { mysql: since(8, 0, 4), mariadb: null },
  /** Sessions of accounts with SYSTEM_USER, and threads of the server's own, are ended by such accounts alone. */
  systemUser: { mysql: since(8, 0, 16), mariadb: null },
  /** SUPER and REPLICATION CLIENT split into BINLOG MONITOR, REPLICATION SLAVE ADMIN ... (MariaDB, "GRANT"). */
  splitPrivileges: { mysql: null, mariadb: since(10, 5, 2) },
  /** REPLICA MONITOR, which BINLOG MONITOR had included before. */
  replicaMonitor: { mysql: null, mariadb: since(10, 5, 9) },
  /** READ ONLY ADMIN no longer comes with SUPER. */
  readOnlyAdminApart: { mysql: null, mariadb: since(10, 11, 0) },
} as const satisfies Record<string, Availability>;

export type Capability = keyof typeof TABLE;

export function isCapable(flavor: Flavor, version: Version, capability: Capability): boolean {
  const availability: Availability = TABLE[capability];
  const span = flavor === 'MariaDB' ? availability.mariadb : availability.mysql;
  if (span === null || !isAtLeast(version, ...span.since)) return false;
  return span.until === undefined || !isAtLeast(version, ...span.until);
}
