// The statements in which the flavours differ. The lab speaks to servers as a test's hand does; it shares nothing with
// the statements of the product, so that a mistake there is not repeated here.

export type Flavor = 'mysql97' | 'mysql56' | 'mariadb';

export interface SourceAddress {
  readonly host: string;
  readonly port: number;
}

export interface Dialect {
  readonly flavor: Flavor;
  readonly startReplica: string;
  readonly stopReplica: string;
  readonly replicaStatus: string;
  readonly binaryLogStatus: string;
  /** One row, column `gtids`. */
  readonly gtidExecuted: string;
  changeSource(source: SourceAddress, gtid: boolean): string;
  /** One row, column `result`: negative or NULL when the set was not reached in time. */
  waitForGtids(gtids: string, seconds: number): string;
  waitForPosition(file: string, position: number, seconds: number): string;
  readonly semiSyncSourceSwitch: string;
}

/** The columns of a replica's status that tests look at, under one name for all flavours. */
export interface ReplicaStatus {
  readonly sourcePort: number;
  readonly ioRunning: string;
  readonly sqlRunning: string;
  readonly sqlErrno: number;
  readonly lastError: string;
}

const ACCOUNT = { user: 'repl', password: 'repl' };
const FIRST_FILE = 'binlog.000001';
const FIRST_POSITION = 4;

function quote(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

/** Short waits everywhere: a replica that lost its source tries again each second and notices silence within four. */
function changeTo(word: 'SOURCE' | 'MASTER', source: SourceAddress, rest: readonly string[]): string {
  const options = [
    `${word}_HOST=${quote(source.host)}`,
    `${word}_PORT=${String(source.port)}`,
    `${word}_USER=${quote(ACCOUNT.user)}`,
    `${word}_PASSWORD=${quote(ACCOUNT.password)}`,
    `${word}_CONNECT_RETRY=1`,
    `${word}_HEARTBEAT_PERIOD=1`,
    ...rest,
  ];
  return `CHANGE ${word === 'SOURCE' ? 'REPLICATION SOURCE' : 'MASTER'} TO ${options.join(', ')}`;
}

const mysql97: Dialect = {
  flavor: 'mysql97',
  startReplica: 'START REPLICA',
  stopReplica: 'STOP REPLICA',
  replicaStatus: 'SHOW REPLICA STATUS',
  binaryLogStatus: 'SHOW BINARY LOG STATUS',
  gtidExecuted: "SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '') AS gtids",
  changeSource: (source, gtid) =>
    changeTo('SOURCE', source, [
      'SOURCE_RETRY_COUNT=86400',
      'GET_SOURCE_PUBLIC_KEY=1',
      ...(gtid
        ? ['SOURCE_AUTO_POSITION=1']
        : ['SOURCE_AUTO_POSITION=0', `SOURCE_LOG_FILE='${FIRST_FILE}'`, `SOURCE_LOG_POS=${String(FIRST_POSITION)}`]),
    ]),
  waitForGtids: (gtids, seconds) => `SELECT -WAIT_FOR_EXECUTED_GTID_SET(${quote(gtids)}, ${String(seconds)}) AS result`,
  waitForPosition: (file, position, seconds) =>
    `SELECT SOURCE_POS_WAIT(${quote(file)}, ${String(position)}, ${String(seconds)}) AS result`,
  semiSyncSourceSwitch: 'rpl_semi_sync_source_enabled',
};

const mysql56: Dialect = {
  ...mysql97,
  flavor: 'mysql56',
  startReplica: 'START SLAVE',
  stopReplica: 'STOP SLAVE',
  replicaStatus: 'SHOW SLAVE STATUS',
  binaryLogStatus: 'SHOW MASTER STATUS',
  changeSource: (source, gtid) =>
    changeTo('MASTER', source, [
      'MASTER_RETRY_COUNT=86400',
      ...(gtid
        ? ['MASTER_AUTO_POSITION=1']
        : [`MASTER_LOG_FILE='${FIRST_FILE}'`, `MASTER_LOG_POS=${String(FIRST_POSITION)}`]),
    ]),
  waitForGtids: (gtids, seconds) =>
    `SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(${quote(gtids)}, ${String(seconds)}) AS result`,
  waitForPosition: (file, position, seconds) =>
    `SELECT MASTER_POS_WAIT(${quote(file)}, ${String(position)}, ${String(seconds)}) AS result`,
  semiSyncSourceSwitch: 'rpl_semi_sync_master_enabled',
};

const mariadb: Dialect = {
  ...mysql56,
  flavor: 'mariadb',
  gtidExecuted: 'SELECT @@GLOBAL.gtid_current_pos AS gtids',
  changeSource: (source, gtid) =>
    changeTo(
      'MASTER',
      source,
      gtid
        ? ['MASTER_USE_GTID=slave_pos']
        : ['MASTER_USE_GTID=no', `MASTER_LOG_FILE='${FIRST_FILE}'`, `MASTER_LOG_POS=${String(FIRST_POSITION)}`],
    ),
  waitForGtids: (gtids, seconds) => `SELECT MASTER_GTID_WAIT(${quote(gtids)}, ${String(seconds)}) AS result`,
};

const DIALECTS: Readonly<Record<Flavor, Dialect>> = { mysql97, mysql56, mariadb };

export function dialectOf(flavor: Flavor): Dialect {
  return DIALECTS[flavor];
}

export function readReplicaStatus(row: Readonly<Record<string, unknown>>): ReplicaStatus {
  const text = (...names: string[]): string => {
    const name = names.find((candidate) => row[candidate] !== undefined && row[candidate] !== null);
    return name === undefined ? '' : String(row[name]);
  };
  return {
    sourcePort: Number(text('Source_Port', 'Master_Port')),
    ioRunning: text('Replica_IO_Running', 'Slave_IO_Running'),
    sqlRunning: text('Replica_SQL_Running', 'Slave_SQL_Running'),
    sqlErrno: Number(text('Last_SQL_Errno')),
    lastError: [text('Last_IO_Error'), text('Last_SQL_Error')].filter((error) => error !== '').join('; '),
  };
}
