/**
 * The variables that a probe reads: those that cannot change while the server process lives once a connection, the rest at
 * each probe, in one SELECT. Variables of plugins stand in groups that come and go together with the plugin: one unknown
 * name would otherwise cost all the others.
 */
import type { Dialect } from '../dialect.js';

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
  | 'now'
  | 'semiSourceEnabled'
  | 'semiSourceTimeout'
  | 'semiSourceWaitNoReplica'
  | 'semiSourceWaitCount'
  | 'semiSourceWaitPoint'
  | 'semiReplicaEnabled'
  | 'groupName'
  | 'groupSinglePrimary';

export type GroupName =
  | 'basic'
  | 'semi-sync source'
  | 'semi-sync replica'
  | 'old semi-sync source'
  | 'old semi-sync replica'
  | 'group replication';

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
  if (dialect.can('groupReplication')) {
    groups.push({
      name: 'group replication',
      variables: [
        { name: 'groupName', expression: '@@global.group_replication_group_name' },
        { name: 'groupSinglePrimary', expression: '@@global.group_replication_single_primary_mode' },
      ],
    });
  }
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
  const asked = variables.map(([name, variable]) => ({ name, expression: `@@global.${variable}` }));
  // The time of the last heartbeat comes as text in the session's zone, which is UTC.
  return dialect.can('heartbeatStatus') ? [...asked, { name: 'now', expression: 'UTC_TIMESTAMP(6)' }] : asked;
}

export function variablesSql(groups: readonly VariableGroup[]): string {
  return `SELECT ${groups.flatMap((group) => group.variables.map(({ expression }) => expression)).join(', ')}`;
}

/** The group of the variable that an error names: "Unknown system variable 'rpl_semi_sync_source_enabled'". */
export function groupOf(groups: readonly VariableGroup[], text: string): GroupName | undefined {
  const variable = /'([a-z_]+)'/i.exec(text)?.[1]?.toLowerCase();
  if (variable === undefined) return undefined;
  const holds = ({ variables }: VariableGroup): boolean =>
    variables.some(({ expression }) => expression === `@@global.${variable}`);
  return groups.find(holds)?.name;
}
