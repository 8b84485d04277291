/**
 * What changed between two beliefs about a server, as sentences for the audit. Every fact has its own words: the table
 * below lacks none, so a new fact cannot be forgotten here. Vitals do not come here at all.
 */
import { addressText } from './address.js';
import type {
  Channel,
  ChannelTransport,
  CloneState,
  GroupMembership,
  MissingRight,
  ReplicationError,
  SemiSync,
  ServerFacts,
} from './server.js';

type Words<K extends keyof ServerFacts> = (before: ServerFacts[K], after: ServerFacts[K]) => readonly string[];

const WORDS: { readonly [K in keyof ServerFacts]: Words<K> } = {
  serverNumber: changed('server_id'),
  version: (before, after) => (before.text === after.text ? [] : [`version ${after.text} (before: ${before.text})`]),
  versionComment: changed('version comment'),
  flavor: changed('flavour'),
  hostname: changed('hostname'),
  reportHost: changed('report_host'),
  readOnly: (_, after) => [after ? 'is read-only now' : 'is no longer read-only'],
  superReadOnly: (_, after) => [after ? 'is super-read-only now' : 'is no longer super-read-only'],
  offlineMode: (_, after) => [after ? 'went into offline mode' : 'left offline mode'],
  binlogEnabled: (_, after) => [after ? 'writes a binary log now' : 'writes no binary log any more'],
  binlogFormat: changed('binlog_format'),
  binlogRowImage: changed('binlog_row_image'),
  logReplicaUpdates: (_, after) => [after ? 'logs what it replicates now' : 'no longer logs what it replicates'],
  gtidMode: changed('gtid_mode'),
  channels: channelWords,
  semiSync: semiSyncWords,
  group: groupWords,
  clone: (_, after) => [`clone: ${cloneText(after)}`],
  isBinlogServer: (_, after) => [after ? 'is a binlog server' : 'is no binlog server'],
  givesReplicationAccount: (_, after) => [
    after ? 'shows the account it replicates with' : 'no longer shows the account it replicates with',
  ],
  dataCenter: changed('data centre'),
  region: changed('region'),
  environment: changed('environment'),
  alias: changed('alias'),
  promotionRule: changed('promotion rule'),
  semiSyncPriority: changed('semi-sync priority'),
  suggestedClusterAlias: changed('suggested alias of the cluster'),
  suggestedClusterDomain: changed('suggested domain of the cluster'),
  blindSpots: (before, after) => [
    ...after
      .filter((spot) => !before.some((known) => known.what === spot.what))
      .map((s) => `cannot see ${s.what}: ${s.error}`),
    ...before.filter((spot) => !after.some((known) => known.what === spot.what)).map((s) => `can see ${s.what} again`),
  ],
  missingRights: rightWords,
  missingCopyRights: rightWords,
  missingPromptRights: rightWords,
};

type NamedRight = Pick<MissingRight, 'privilege' | 'purpose'>;

function rightWords(before: readonly NamedRight[] = [], after: readonly NamedRight[] = []): readonly string[] {
  const lacks = after.filter(({ privilege }) => !before.some((known) => known.privilege === privilege));
  const has = before.filter(({ privilege }) => !after.some((known) => known.privilege === privilege));
  return [
    ...lacks.map(({ privilege, purpose }) => `lacks ${privilege} for ${purpose}`),
    ...has.map(({ privilege }) => `has ${privilege} again`),
  ];
}

/** Empty exactly when nothing that this node has words for changed. */
export function describeChanges(before: ServerFacts, after: ServerFacts): readonly string[] {
  const lines: string[] = [];
  for (const key of Object.keys(WORDS) as (keyof ServerFacts)[]) {
    if (sameValue(before[key], after[key])) continue;
    // The table pairs each key with words for its own type; the compiler loses that pairing when the key is a variable.
    const words = WORDS[key] as (before: unknown, after: unknown) => readonly string[];
    lines.push(...words(before[key], after[key]));
  }
  return lines;
}

/** Equal as data, whatever the order of the keys. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]));
}

function changed(name: string): (before: string | number, after: string | number) => readonly string[] {
  return (before, after) => [`${name} ${shown(after)} (before: ${shown(before)})`];
}

function shown(value: string | number | boolean): string {
  return value === '' ? 'none' : String(value);
}

function channelWords(before: readonly Channel[], after: readonly Channel[]): readonly string[] {
  const lines: string[] = [];
  for (const channel of after) {
    const known = before.find((one) => one.name === channel.name);
    if (known === undefined) lines.push(`replicates from ${addressText(channel.source)}${named(channel)} now`);
    else lines.push(...changesOfChannel(known, channel).map((words) => `${words}${named(channel)}`));
  }
  for (const channel of before) {
    if (after.some((one) => one.name === channel.name)) continue;
    lines.push(`no longer replicates from ${addressText(channel.source)}${named(channel)}`);
  }
  return lines.length > 0 ? lines : ['the order of its channels changed'];
}

function groupWords(before: GroupMembership | null, after: GroupMembership | null): readonly string[] {
  if (before === null || after === null) {
    return [
      after === null ? 'left its replication group' : `is ${memberText(after)} of replication group ${after.name}`,
    ];
  }
  const lines: string[] = [];
  if (before.name !== after.name) lines.push(`replication group ${after.name} (before: ${before.name})`);
  if (memberText(before) !== memberText(after)) {
    lines.push(`is ${memberText(after)} of its replication group (before: ${memberText(before)})`);
  }
  const primary = ({ primary: member }: GroupMembership): string => (member === null ? 'none' : addressText(member));
  if (primary(before) !== primary(after))
    lines.push(`its group's primary is ${primary(after)} (before: ${primary(before)})`);
  const others = (group: GroupMembership): string => group.others.map(addressText).join(', ');
  if (others(before) !== others(after)) lines.push(`other members of its group: ${shown(others(after))}`);
  return lines.length > 0 ? lines : ['its replication group changed its mode'];
}

function memberText({ state, role }: GroupMembership): string {
  return role === '' ? `member (${state})` : `${role.toLowerCase()} (${state})`;
}

function cloneText(clone: CloneState | null): string {
  if (clone === null) return 'nothing known';
  const error = clone.error === null ? '' : `, error ${errorText(clone.error)}`;
  return `${clone.state} from ${shown(clone.donor)}${error}`;
}

function named(channel: Channel): string {
  return channel.name === '' ? '' : ` (channel ${channel.name})`;
}

type ChannelWords = { readonly [K in Exclude<keyof Channel, 'name'>]: (before: Channel, after: Channel) => string };

const CHANNEL_WORDS: ChannelWords = {
  source: (before, after) => `replicates from ${addressText(after.source)} (before: ${addressText(before.source)})`,
  sourceId: (before, after) => `its source is ${after.sourceId ?? 'unknown'} (before: ${before.sourceId ?? 'unknown'})`,
  ioThread: (before, after) => `IO thread ${after.ioThread} (before: ${before.ioThread})`,
  sqlThread: (before, after) => `SQL thread ${after.sqlThread} (before: ${before.sqlThread})`,
  ioError: (_, after) => `IO error ${errorText(after.ioError)}`,
  sqlError: (_, after) => `SQL error ${errorText(after.sqlError)}`,
  autoPosition: (_, after) => (after.autoPosition ? 'replicates by GTID now' : 'no longer replicates by GTID'),
  user: (before, after) => `replicates as ${shown(after.user)} (before: ${shown(before.user)})`,
  delaySeconds: (before, after) =>
    `is delayed by ${String(after.delaySeconds)} s (before: ${String(before.delaySeconds)} s)`,
  tls: (_, after) => (after.tls ? 'replicates with TLS now' : 'replicates without TLS now'),
  hasFilters: (_, after) =>
    after.hasFilters ? 'filters what it replicates now' : 'no longer filters what it replicates',
  heartbeatIntervalMs: (before, after) =>
    `heartbeats every ${interval(after.heartbeatIntervalMs)} (before: ${interval(before.heartbeatIntervalMs)})`,
  transport: (before, after) => {
    const names = (Object.keys(after.transport) as (keyof ChannelTransport)[]).filter(
      (name) => before.transport[name] !== after.transport[name],
    );
    return `how it reaches its source changed: ${names.map((name) => `${name} ${shown(after.transport[name] ?? '')}`).join(', ')}`;
  },
};

function changesOfChannel(before: Channel, after: Channel): readonly string[] {
  return (Object.keys(CHANNEL_WORDS) as (keyof ChannelWords)[])
    .filter((key) => !sameValue(before[key], after[key]))
    .map((key) => CHANNEL_WORDS[key](before, after));
}

function errorText(error: ReplicationError | null): string {
  return error === null ? 'is gone' : `${String(error.number)}: ${error.text}`;
}

function interval(milliseconds: number | null): string {
  if (milliseconds === null) return 'unknown';
  return milliseconds === 0 ? 'never' : `${String(milliseconds)} ms`;
}

const SEMI_SYNC_NAMES: { readonly [K in keyof SemiSync]: string } = {
  sourceAvailable: 'semi-sync source plugin',
  replicaAvailable: 'semi-sync replica plugin',
  sourceEnabled: 'semi-sync as source',
  replicaEnabled: 'semi-sync as replica',
  sourceActive: 'semi-sync status as source',
  replicaActive: 'semi-sync status as replica',
  timeoutMs: 'semi-sync time-out in ms',
  waitCount: 'semi-sync replicas waited for',
  waitNoReplica: 'semi-sync waits without replicas',
  waitPoint: 'semi-sync wait point',
  sourcePluginIsNew: 'semi-sync source plugin of the newer kind',
  replicaPluginIsNew: 'semi-sync replica plugin of the newer kind',
};

function semiSyncWords(before: SemiSync, after: SemiSync): readonly string[] {
  return (Object.keys(SEMI_SYNC_NAMES) as (keyof SemiSync)[])
    .filter((key) => before[key] !== after[key])
    .map((key) => `${SEMI_SYNC_NAMES[key]}: ${onOff(after[key])} (before: ${onOff(before[key])})`);
}

function onOff(value: string | number | boolean): string {
  if (typeof value !== 'boolean') return shown(value);
  return value ? 'on' : 'off';
}
