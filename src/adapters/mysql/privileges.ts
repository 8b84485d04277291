/**
 * Which privileges the account of the nodes needs, by flavour and version, and what each is for. Two use it: a probe that
 * was refused names from here the GRANT that mends it, and `orchestrator grants` prints all of it. The list is as short as
 * the version allows, because an account that can change every server is worth stealing: SUPER stands here only where the
 * version has nothing finer.
 */
import type { Dialect } from './dialect.js';

export type RightName =
  | 'replica status'
  | 'binary log'
  | 'replicas'
  | 'processes'
  | 'performance schema'
  | 'replication account'
  | 'start and stop replication'
  | 'reset replication'
  | 'global variables'
  | 'semi-sync variables'
  | 'connections'
  | 'purge binary logs'
  | 'tagged transactions';

export interface Right {
  readonly name: RightName;
  readonly privilege: string;
  readonly on: string;
  /** Completes "for ...". */
  readonly purpose: string;
}

type Privileges = { readonly [K in RightName]: string | null };

const NO_SCHEMA = { 'performance schema': null, 'replication account': null, 'tagged transactions': null } as const;

/** MySQL 8.0 and later: what SUPER had is in dynamic privileges. */
const MYSQL: Privileges = {
  'replica status': 'REPLICATION CLIENT',
  'binary log': 'REPLICATION CLIENT',
  replicas: 'REPLICATION SLAVE',
  processes: 'PROCESS',
  'performance schema': 'SELECT',
  'start and stop replication': 'REPLICATION_SLAVE_ADMIN',
  'reset replication': 'RELOAD',
  'global variables': 'SYSTEM_VARIABLES_ADMIN',
  'semi-sync variables': 'SYSTEM_VARIABLES_ADMIN',
  connections: 'CONNECTION_ADMIN',
  'purge binary logs': 'BINLOG_ADMIN',
  'tagged transactions': 'TRANSACTION_GTID_TAG',
  'replication account': 'SELECT',
};

const SUPER = {
  'start and stop replication': 'SUPER',
  'global variables': 'SUPER',
  'semi-sync variables': 'SUPER',
  connections: 'SUPER',
  'purge binary logs': 'SUPER',
} as const;

const OLD_MARIADB: Privileges = { ...MYSQL, ...NO_SCHEMA, ...SUPER };

/** MariaDB 10.5 and later. BINLOG MONITOR is what REPLICATION CLIENT became, and showed replica status until 10.5.9. */
const MARIADB: Privileges = {
  ...MYSQL,
  ...NO_SCHEMA,
  'replica status': 'REPLICA MONITOR',
  'binary log': 'BINLOG MONITOR',
  replicas: 'REPLICATION MASTER ADMIN',
  'start and stop replication': 'REPLICATION SLAVE ADMIN',
  'global variables': 'READ_ONLY ADMIN',
  'semi-sync variables': 'REPLICATION MASTER ADMIN',
  connections: 'CONNECTION ADMIN',
  'purge binary logs': 'BINLOG ADMIN',
};

function privilegesOf({ can, flavor }: Dialect): Privileges {
  if (flavor === 'MariaDB') {
    if (!can('splitPrivileges')) return OLD_MARIADB;
    return can('replicaMonitor') ? MARIADB : { ...MARIADB, 'replica status': 'REPLICATION SLAVE ADMIN' };
  }
  return {
    ...MYSQL,
    ...(can('dynamicPrivileges') ? {} : SUPER),
    'performance schema': can('connectionTables') ? 'SELECT' : null,
    'replication account': can('sourceInfoTable') ? 'SELECT' : null,
    'tagged transactions': can('gtidTags') ? 'TRANSACTION_GTID_TAG' : null,
  };
}

/** Every right that the version knows; several may be one privilege. */
export function rightsOf(dialect: Dialect): readonly Right[] {
  const privileges = privilegesOf(dialect);
  const readOnly = ['read_only', ...superReadOnly(dialect), ...(dialect.can('offlineMode') ? ['offline_mode'] : [])];
  const purposes: { readonly [K in RightName]: string } = {
    'replica status': dialect.showReplicaStatus,
    'binary log': dialect.showBinaryLogStatus,
    replicas: `${dialect.showReplicas}, by which the replicas of a server are found`,
    processes: 'the replicas in the process list, and who else is connected to a server that is being fenced',
    'performance schema': 'the last heartbeat, the state of the appliers, group members and clones',
    'start and stop replication': `START and STOP ${dialect.replica.toUpperCase()} and ${
      dialect.source === 'Source' ? 'CHANGE REPLICATION SOURCE TO' : 'CHANGE MASTER TO'
    }`,
    'reset replication': `RESET ${dialect.replica.toUpperCase()}, by which a new primary forgets that it was a replica${
      dialect.hasSuperReadOnly ? '' : ', and the lock that keeps everybody from writing while a primary is closed'
    }`,
    'global variables': `SET GLOBAL ${readOnly.join(', ')}`,
    'semi-sync variables': 'the switches of semi-sync',
    connections: 'a way in when max_connections is reached, and ending the sessions of clients and of a former leader',
    'replication account': 'the account that replicas replicate with, to point a returning primary at the new one',
    'purge binary logs': 'PURGE BINARY LOGS, when an operator asks for it',
    'tagged transactions': 'empty transactions that stand for errant ones with a tag, when an operator asks for it',
  };
  return (Object.keys(purposes) as RightName[]).flatMap((name) => {
    const privilege = privileges[name];
    return privilege === null ? [] : [{ name, privilege, on: PLACES[name] ?? '*.*', purpose: purposes[name] }];
  });
}

function superReadOnly(dialect: Dialect): readonly string[] {
  return dialect.hasSuperReadOnly ? ['super_read_only'] : [];
}

const PLACES: { readonly [K in RightName]?: string } = {
  'performance schema': 'performance_schema.*',
  'replication account': 'mysql.slave_master_info',
};

/** What stands between GRANT and TO; null where the version has no such right. */
export function grantFor(dialect: Dialect, name: RightName): string | null {
  const right = rightsOf(dialect).find((one) => one.name === name);
  return right === undefined ? null : `${right.privilege} ON ${right.on}`;
}

const PROMPT_PURPOSE =
  'KILL of an applier that holds half a transaction, for the rest of which a promotion waits a minute';

/** What the account may do without, and then waits: for ending an applier that holds half a transaction. */
export function promptRightsOf({ can }: Dialect): readonly Omit<Right, 'name'>[] {
  return can('systemUser') ? [{ privilege: 'SYSTEM_USER', on: '*.*', purpose: PROMPT_PURPOSE }] : [];
}

/** What the account may do without: for the way back `rebuild` alone, which replaces all data of a server. */
export function optionalRightsOf({ can }: Dialect): readonly Omit<Right, 'name'>[] {
  if (!can('clone')) return [];
  return [
    { privilege: 'BACKUP_ADMIN', on: '*.*', purpose: 'the donor, which is copied' },
    { privilege: 'CLONE_ADMIN', on: '*.*', purpose: 'who receives the copy, and restarts with it' },
    {
      privilege: 'INSERT',
      on: 'mysql.plugin',
      purpose: 'INSTALL PLUGIN clone, where it is not loaded',
    },
  ];
}
