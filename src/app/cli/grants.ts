/**
 * What the account on the monitored servers needs, each with what stops working without it. The list is short on
 * purpose: an account that can change every server is worth stealing. MySQL 8.0 and later; others still need SUPER.
 */
export interface Grant {
  readonly privilege: string;
  readonly on: string;
  /** Completes "for ...". */
  readonly purpose: string;
}

export const GRANTS: readonly Grant[] = [
  { privilege: 'REPLICATION CLIENT', on: '*.*', purpose: 'SHOW REPLICA STATUS and SHOW BINARY LOG STATUS' },
  { privilege: 'REPLICATION SLAVE', on: '*.*', purpose: 'SHOW REPLICAS, by which the replicas of a server are found' },
  {
    privilege: 'PROCESS',
    on: '*.*',
    purpose: 'the replicas in the process list, and who else is connected to a server that is being fenced',
  },
  {
    privilege: 'SELECT',
    on: 'performance_schema.*',
    purpose: 'the last heartbeat and the state of the appliers',
  },
  {
    privilege: 'REPLICATION_SLAVE_ADMIN',
    on: '*.*',
    purpose: 'START and STOP REPLICA and CHANGE REPLICATION SOURCE TO',
  },
  { privilege: 'RELOAD', on: '*.*', purpose: 'RESET REPLICA, by which a new primary forgets that it was a replica' },
  {
    privilege: 'SYSTEM_VARIABLES_ADMIN',
    on: '*.*',
    purpose: 'SET GLOBAL read_only, super_read_only, offline_mode and the switches of semi-sync',
  },
  {
    privilege: 'CONNECTION_ADMIN',
    on: '*.*',
    purpose: 'a way in when max_connections is reached or offline_mode is on, and ending the sessions of clients',
  },
  {
    privilege: 'SELECT',
    on: 'mysql.slave_master_info',
    purpose: 'the account that replicas replicate with, to point a returning primary at the new one',
  },
];

export function grantStatements(user: string): string {
  const account = `'${user.replaceAll('\\', '\\\\').replaceAll("'", "''")}'@'%'`;
  const lines = GRANTS.map(
    ({ privilege, on, purpose }) => `-- for ${purpose}\nGRANT ${privilege} ON ${on} TO ${account};`,
  );
  return `-- Run this on the primary; replicas get it by replication. MySQL 8.0 and later.
-- Narrow '%' to the addresses of the nodes, and put the password of MySQLTopologyPassword in.
CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '<password>';
${lines.join('\n')}
`;
}
