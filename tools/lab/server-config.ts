// The my.cnf of a lab server: small (a test starts four of them on two cores) and not durable, which is right for a
// killed process and would be wrong for a crashed machine.
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Flavor } from './dialect.js';

/** The program of a flavour and, when it was fetched rather than given, the folder whose files go with it. */
export interface Program {
  readonly flavor: Flavor;
  readonly mysqld: string;
  readonly tree: string | undefined;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  /** Where its source is to say that it answers. */
  readonly reportPort: number;
  readonly directory: string;
  readonly gtid: boolean;
  readonly semiSync: boolean;
  readonly readOnlyAtStart: boolean;
  /** Further lines, such as `max_connections=20`. */
  readonly extra: readonly string[];
}

/** A server that was not installed has to be told where its own files are. */
function ownFiles(program: Program): string[] {
  if (program.tree === undefined) return [];
  const [base, share] = program.flavor === 'mysql56' ? ['', 'share'] : ['usr', 'usr/share/mysql'];
  const plugins = { mysql97: 'usr/lib/mysql/plugin', mysql56: 'plugin', mariadb: 'usr/lib/mysql/plugin' };
  return [
    `basedir=${join(program.tree, base)}`,
    `lc_messages_dir=${join(program.tree, share)}`,
    `character_sets_dir=${join(program.tree, share, 'charsets')}`,
    `plugin_dir=${join(program.tree, plugins[program.flavor])}`,
  ];
}

const BASE: Readonly<Record<Flavor, readonly string[]>> = {
  mysql97: [
    'loose_innodb_redo_log_capacity=8M',
    'loose_innodb_doublewrite=OFF',
    'innodb_use_native_aio=OFF',
    'innodb_buffer_pool_size=8M',
    'loose_mysqlx=OFF',
  ],
  mysql56: [
    'innodb_log_file_size=4M',
    'innodb_use_native_aio=OFF',
    'innodb_doublewrite=OFF',
    'innodb_buffer_pool_size=8M',
    'explicit_defaults_for_timestamp=ON',
    'loose_skip_ndbcluster',
  ],
  mariadb: [
    'innodb_log_file_size=8M',
    'innodb_use_native_aio=OFF',
    'innodb_doublewrite=OFF',
    'innodb_buffer_pool_size=8M',
    'innodb_undo_tablespaces=0',
    'aria_pagecache_buffer_size=1M',
    'aria_log_file_size=8M',
  ],
};

/** What must be the same when the data directory is made and when it is served. */
export function baseLines(program: Program): string[] {
  const { username, uid } = userInfo();
  return ['[mysqld]', ...(uid === 0 ? [`user=${username}`] : []), ...ownFiles(program), ...BASE[program.flavor]];
}

function switches(gtid: boolean): string[] {
  const state = gtid ? 'ON' : 'OFF';
  return [`gtid_mode=${state}`, `enforce_gtid_consistency=${state}`];
}

/** Performance schema stays on for its replication tables; what only counts waits and statements goes. */
const QUIET_PERFORMANCE_SCHEMA = [
  "performance_schema_instrument='memory/%=OFF'",
  "performance_schema_instrument='wait/%=OFF'",
  "performance_schema_instrument='stage/%=OFF'",
  ...['digests_size', 'error_size', 'accounts_size', 'hosts_size', 'users_size', 'max_index_stat'].map(
    (name) => `loose_performance_schema_${name}=0`,
  ),
  ...['statements', 'stages', 'waits', 'transactions'].flatMap((events) => [
    `performance_schema_events_${events}_history_size=0`,
    `performance_schema_events_${events}_history_long_size=0`,
  ]),
  ...['mutex', 'rwlock', 'cond', 'file', 'socket', 'memory', 'stage', 'statement'].map(
    (name) => `performance_schema_max_${name}_classes=0`,
  ),
  ...['table_instances', 'table_handles', 'program_instances', 'prepared_statements_instances', 'metadata_locks'].map(
    (name) => `performance_schema_max_${name}=0`,
  ),
  'performance_schema_max_digest_length=0',
  'performance_schema_max_thread_instances=256',
];

function flavorLines(flavor: Flavor, { gtid, semiSync }: ServerSettings): string[] {
  switch (flavor) {
    case 'mysql97':
      return [
        ...switches(gtid),
        'log_replica_updates=ON',
        'relay_log_recovery=ON',
        'replica_net_timeout=4',
        'replica_parallel_workers=1',
        'replica_preserve_commit_order=ON',
        'loose_temptable_max_ram=2M',
        'loose_innodb_ddl_threads=1',
        'innodb_page_cleaners=1',
        'performance_schema=ON',
        ...QUIET_PERFORMANCE_SCHEMA,
        ...(semiSync
          ? [
              'plugin_load_add=semisync_source.so',
              'plugin_load_add=semisync_replica.so',
              'rpl_semi_sync_replica_enabled=ON',
            ]
          : []),
      ];
    case 'mysql56':
      if (semiSync) throw new Error('the MySQL 5.6 that can be fetched has no semi-sync plugins');
      return [
        ...switches(gtid),
        'log_slave_updates=ON',
        'relay_log_recovery=ON',
        'relay_log_info_repository=TABLE',
        'master_info_repository=TABLE',
        'binlog_format=ROW',
        'slave_net_timeout=4',
        'performance_schema=OFF',
      ];
    case 'mariadb':
      return [
        'log_slave_updates=ON',
        'relay_log_recovery=ON',
        'binlog_format=ROW',
        'gtid_domain_id=0',
        `gtid_strict_mode=${gtid ? 'ON' : 'OFF'}`,
        'slave_net_timeout=4',
        'performance_schema=OFF',
        ...(semiSync ? ['rpl_semi_sync_slave_enabled=ON'] : []),
      ];
  }
}

export function serverConfig(program: Program, settings: ServerSettings): string {
  const { host, port, reportPort, directory } = settings;
  const lines = [
    ...baseLines(program),
    `datadir=${join(directory, 'data')}`,
    `tmpdir=${join(directory, 'tmp')}`,
    `secure_file_priv=${join(directory, 'tmp')}`,
    `log_error=${join(directory, 'error.log')}`,
    `pid_file=${join(directory, 'mysqld.pid')}`,
    `socket=${join(directory, 's')}`,
    `port=${String(port)}`,
    `bind_address=${host}`,
    `server_id=${String(port)}`,
    `report_host=${host}`,
    `report_port=${String(reportPort)}`,
    'skip_name_resolve=ON',
    `log_bin=${join(directory, 'data', 'binlog')}`,
    `relay_log=${join(directory, 'data', 'relay')}`,
    'max_binlog_size=64M',
    'sync_binlog=0',
    'innodb_flush_log_at_trx_commit=2',
    'innodb_log_buffer_size=1M',
    'innodb_read_io_threads=1',
    'innodb_write_io_threads=1',
    'innodb_purge_threads=1',
    'max_connections=150',
    'table_open_cache=200',
    'table_definition_cache=400',
    'thread_cache_size=8',
    'key_buffer_size=64K',
    `read_only=${settings.readOnlyAtStart ? 'ON' : 'OFF'}`,
    ...flavorLines(program.flavor, settings),
    ...settings.extra,
  ];
  return `${lines.join('\n')}\n`;
}
