// The variables and functions of a simulated server that a SELECT without a table may ask for.
import { type Cell, type ColumnType, type LiveNumber, neverTaught, SqlError } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';
import { executedGtids, serverId } from './tables.js';

export const VERSION = '9.7.4';
export const ACCOUNT = 'orchestrator@%';

const UNKNOWN_VARIABLE = 1193;

/** A million seconds: it keeps its width for three months. */
const startedMs = performance.now();
export const UPTIME: LiveNumber = {
  digits: 7,
  read: () => 1_000_000 + Math.floor((performance.now() - startedMs) / 1000),
};

type Value = readonly [type: ColumnType, cell: Cell];

const VARIABLES: Readonly<Record<string, (server: SimulatedServer) => Value>> = {
  server_uuid: ({ uuid }) => ['text', uuid],
  server_id: (server) => ['bigint', serverId(server)],
  // An address, so that a node that is told to go by host names finds the server all the same.
  hostname: ({ host }) => ['text', host],
  report_host: ({ reportHost }) => ['text', reportHost],
  report_port: ({ port }) => ['bigint', String(port)],
  port: ({ port }) => ['bigint', String(port)],
  version: () => ['text', VERSION],
  version_comment: () => ['text', 'simulated'],
  log_bin: () => ['bigint', '1'],
  log_replica_updates: () => ['bigint', '1'],
  read_only: ({ source }) => ['bigint', source === null ? '0' : '1'],
  super_read_only: () => ['bigint', '0'],
  offline_mode: () => ['bigint', '0'],
  binlog_format: () => ['text', 'ROW'],
  binlog_row_image: () => ['text', 'FULL'],
  gtid_mode: () => ['text', 'ON'],
  gtid_executed: (server) => ['text', executedGtids(server)],
  gtid_purged: () => ['text', ''],
};

/** Variables of plugins that are not loaded: a real server refuses these. */
const ABSENT = /^(?:rpl_semi_sync|group_replication|clone)_/;

export function variableOf(server: SimulatedServer, name: string): Value {
  const value = VARIABLES[name]?.(server);
  if (value !== undefined) return value;
  if (ABSENT.test(name)) throw new SqlError(UNKNOWN_VARIABLE, `Unknown system variable '${name}'`);
  throw neverTaught(`the variable ${name}`);
}

/** One row, a name and a value for each status variable that was asked for and that the server has. */
export function statusOf(name: string): Cell {
  if (name === 'Uptime') return [UPTIME];
  if (/^Rpl_semi_sync_/.test(name)) return null;
  throw neverTaught(`the status variable ${name}`);
}
