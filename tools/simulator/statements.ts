// Statement to answer. Whatever is not recognised here is refused in a way that no node can take for a missing right:
// when the probes learn a new question, the simulator must be taught the answer, or its figures would be about another
// program than the real one.
import { type Column, neverTaught, type ResultSet, SqlError } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';
import { listItems, type Select, selectIn } from './sql-text.js';
import {
  accountRows,
  channelRows,
  dumpThreadRows,
  type Lookup,
  showBinaryLogStatus,
  showReplicas,
  showReplicaStatus,
} from './tables.js';
import { ACCOUNT, statusOf, variableOf } from './variables.js';

const SHOWS: Readonly<Record<string, (server: SimulatedServer) => ResultSet>> = {
  'SHOW REPLICA STATUS': showReplicaStatus,
  'SHOW REPLICAS': showReplicas,
  'SHOW GRANTS': showGrants,
  'SHOW BINARY LOG STATUS': showBinaryLogStatus,
};

const SESSION_VARIABLES = new Set(['sql_mode', 'time_zone', 'wait_timeout']);

function showGrants(): ResultSet {
  const account = ACCOUNT.replace('@', '`@`');
  return { columns: [text('Grants')], rows: [[`GRANT ALL PRIVILEGES ON *.* TO \`${account}\``]] };
}

/** Null for a statement that returns no rows. Throws SqlError. */
export function answerTo(statement: string, server: SimulatedServer): ResultSet | null {
  if (statement === 'DO 0') return null;
  const show = SHOWS[statement];
  if (show !== undefined) return show(server);
  const status = /^SHOW GLOBAL STATUS WHERE Variable_name IN \((.*)\)$/s.exec(statement)?.[1];
  if (status !== undefined) return showStatus(status);
  const settings = /^SET SESSION (.*)$/s.exec(statement)?.[1];
  if (settings !== undefined) return setSession(settings);
  const select = selectIn(statement);
  if (select === null) throw neverTaught(`this statement: ${statement}`);
  return select.from === null ? selectValues(select, server) : selectRows(select, select.from, server);
}

function showStatus(list: string): ResultSet {
  const rows = listItems(list).flatMap((item) => {
    const name = item.replaceAll("'", '');
    const value = statusOf(name);
    return value === null ? [] : [[name, value]];
  });
  return { columns: [text('Variable_name'), text('Value')], rows };
}

function setSession(settings: string): null {
  for (const setting of listItems(settings)) {
    const name = /^(\w+)\s*=/.exec(setting)?.[1] ?? setting;
    if (!SESSION_VARIABLES.has(name)) throw neverTaught(`the session variable ${name}`);
  }
  return null;
}

function selectValues({ items }: Select, server: SimulatedServer): ResultSet {
  const values = items.map(({ expression }) => valueOf(expression, server));
  const columns = items.map(({ name }, at) => ({ name, type: values[at]?.[0] ?? 'text' }));
  return { columns, rows: [values.map(([, cell]) => cell)] };
}

function valueOf(expression: string, server: SimulatedServer): ReturnType<typeof variableOf> {
  const variable = /^@@(?:global\.)?(\w+)$/i.exec(expression)?.[1];
  if (variable !== undefined) return variableOf(server, variable.toLowerCase());
  const literal = /^'([^'\\]*)'$/.exec(expression)?.[1];
  if (literal !== undefined) return ['text', literal];
  if (/^\d+$/.test(expression)) return ['bigint', expression];
  if (expression === 'CURRENT_USER()') return ['text', ACCOUNT];
  throw neverTaught(`the expression ${expression}`);
}

/** What stands after FROM, with the names of the tables in place of their short names. */
const SOURCES: readonly (readonly [pattern: RegExp, rows: (server: SimulatedServer) => readonly Lookup[]])[] = [
  [
    /^performance_schema\.replication_connection_status \w+(?: (?:LEFT )?JOIN performance_schema\.replication_(?:connection_configuration|applier_status|applier_configuration) \w+ ON \w+\.CHANNEL_NAME = \w+\.CHANNEL_NAME)*$/,
    channelRows,
  ],
  [/^mysql\.slave_master_info$/, accountRows],
  [
    /^performance_schema\.threads t LEFT JOIN performance_schema\.user_variables_by_thread v ON v\.THREAD_ID = t\.THREAD_ID AND v\.VARIABLE_NAME IN \('replica_uuid', 'slave_uuid'\) WHERE t\.PROCESSLIST_COMMAND LIKE 'Binlog Dump%'$/,
    dumpThreadRows,
  ],
];

/** Tables of plugins that are not loaded: a real server has none of these. */
const ABSENT_TABLE = /^performance_schema\.clone_(?:status|progress)$/;
const NO_SUCH_TABLE = 1146;

function selectRows({ items }: Select, from: string, server: SimulatedServer): ResultSet {
  if (ABSENT_TABLE.test(from)) throw new SqlError(NO_SUCH_TABLE, `Table '${from}' doesn't exist`);
  const rowsOf = SOURCES.find(([pattern]) => pattern.test(from))?.[1];
  if (rowsOf === undefined) throw neverTaught(`to read from ${from}`);
  const tables = tableNames(from);
  const expressions = items.map(({ expression }) =>
    expression.replaceAll(/\b(\w+)\.(?=\w)/g, (_, short: string) => `${tables.get(short) ?? short}.`),
  );
  const found = rowsOf(server).map((lookup) =>
    expressions.map((expression) => {
      const value = lookup(expression);
      if (value === null) throw neverTaught(`the column ${expression}`);
      return value;
    }),
  );
  const columns: Column[] = items.map(({ name }, at) => ({ name, type: found[0]?.[at]?.[0] ?? 'text' }));
  return { columns, rows: found.map((row) => row.map(([, cell]) => cell)) };
}

/** `performance_schema.threads t` as `t` for `threads`. */
function tableNames(from: string): ReadonlyMap<string, string> {
  const pairs = [...from.matchAll(/performance_schema\.(\w+) (?!JOIN\b|ON\b|WHERE\b|LEFT\b)(\w+)/g)];
  return new Map(pairs.map(([, table = '', short = '']) => [short, table]));
}

function text(name: string): Column {
  return { name, type: 'text' };
}
