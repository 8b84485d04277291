/** From the answers of one probe to a report: names of columns and variables end here. */
import type { Address } from '../../../core/topology/address.js';
import type { ServerReport } from '../../../core/topology/report.js';
import {
  type BlindSpot,
  mainChannel,
  type SemiSync,
  type ServerFacts,
  type ServerId,
} from '../../../core/topology/server.js';
import { standInId } from '../../../core/topology/stand-in-id.js';
import type { BinlogPosition, Vitals } from '../../../core/topology/vitals.js';
import { flavorOf } from '../../../core/topology/version.js';
import { channelsOf, oneLine, type ReadChannel } from './channel-rows.js';
import type { Dialect } from '../dialect.js';
import { cellText, type ResultSet } from '../connection/link.js';
import { cloneOf, membershipOf } from './membership-rows.js';
import { missingCopyRightsOf, missingPromptRightsOf, missingRightsOf } from './missing-rights.js';
import type { StatementName } from './probe-statements.js';
import type { FixedName, VariableName } from './probe-variables.js';
import { detectedIn, isNoLag, lagIn } from './questions.js';
import type { QuietWatch } from './quiet.js';
import { isOn, pairsOf, rowsOf } from '../table.js';

export interface Answers {
  readonly dialect: Dialect;
  readonly address: Address;
  readonly fixed: ReadonlyMap<FixedName, string>;
  /** A variable that the server does not have is absent. */
  readonly variables: ReadonlyMap<VariableName, string>;
  /** A statement that was left out is absent. */
  readonly sets: ReadonlyMap<StatementName, ResultSet>;
  readonly replicaAddresses: readonly Address[];
  readonly blindSpots: readonly BlindSpot[];
  /** ReplicationLagQuery is configured. */
  readonly asksForLag: boolean;
  /** The account that it replicates with is configured, wherever it is. */
  readonly replicationAccountIsKnown: boolean;
  /** The time of this node, monotonic, milliseconds. */
  readonly nowMs: number;
  readonly latencyMs: number;
}

/** `quiet`: what was seen of this server's channels before. */
export function buildReport(answers: Answers, quiet: QuietWatch): ServerReport {
  const { address, sets } = answers;
  const status = pairsOf(sets.get('status'));
  const channels = quietRefined(answers, quiet, status);
  const facts = factsOf(answers, channels, status);
  return {
    id: identityOf(answers),
    address,
    facts,
    vitals: vitalsOf(answers, facts, channels, status),
    detected: detectedIn(sets),
    replicaAddresses: answers.replicaAddresses,
  };
}

/** Since 8.0 the server tells all of it by itself. */
function quietRefined(
  answers: Answers,
  quiet: QuietWatch,
  status: ReadonlyMap<string, string>,
): readonly ReadChannel[] {
  const { dialect, sets, variables } = answers;
  const channels = channelsOf(dialect, optionalRows(sets.get('replica-status')), optionalRows(sets.get('connections')));
  if (dialect.can('connectionTimes')) return channels;
  const told = dialect.can('heartbeatStatus')
    ? channels.map((read) => withHeartbeat(read, status, variables.get('now') ?? ''))
    : channels;
  return quiet.refined(told, answers.nowMs);
}

/** MySQL 5.6, which has one channel and says in status variables when its last heartbeat came, in whole seconds of UTC. */
function withHeartbeat(read: ReadChannel, status: ReadonlyMap<string, string>, now: string): ReadChannel {
  const agoMs = timeOf(now) - timeOf(status.get('Slave_last_heartbeat') ?? '');
  const period = Number(status.get('Slave_heartbeat_period') ?? '');
  return {
    ...read,
    channel: { ...read.channel, heartbeatIntervalMs: Number.isFinite(period) ? Math.round(period * 1000) : null },
    vitals: { ...read.vitals, quietMs: Number.isFinite(agoMs) ? Math.max(0, agoMs) : null },
  };
}

/** NaN for the zero date, which means never. */
function timeOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function optionalRows(set: ResultSet | undefined): ReturnType<typeof rowsOf> | null {
  return set === undefined ? null : rowsOf(set);
}

/** server_uuid where there is one. MariaDB and MySQL 5.5 have none. */
export function identityOf({ fixed, variables, dialect }: Pick<Answers, 'fixed' | 'variables' | 'dialect'>): ServerId {
  const uuid = fixed.get('serverUuid') ?? '';
  if (uuid !== '') return uuid as ServerId;
  const text = (name: FixedName): string => fixed.get(name) ?? '';
  return standInId(dialect.flavor, text('hostname'), text('port'), variables.get('serverNumber') ?? '');
}

function factsOf(answers: Answers, channels: readonly ReadChannel[], status: ReadonlyMap<string, string>): ServerFacts {
  const { dialect, fixed, variables } = answers;
  const fixedText = (name: FixedName): string => fixed.get(name) ?? '';
  const text = (name: VariableName): string => variables.get(name) ?? '';
  const readOnly = isReadOnly(text('readOnly'));
  const grants = answers.sets.get('grants');
  const missingRights = missingRightsOf(dialect, grants, fixedText('account'));
  const missingPromptRights = missingPromptRightsOf(dialect, grants, fixedText('account'));
  const isLoaded = answers.sets.has('clone');
  const missingCopyRights = missingCopyRightsOf(dialect, grants, fixedText('account'), isLoaded);
  return {
    serverNumber: Number(text('serverNumber')),
    version: dialect.version,
    versionComment: fixedText('versionComment'),
    flavor: flavorOf(dialect.version.text, fixedText('versionComment')),
    hostname: fixedText('hostname'),
    reportHost: fixedText('reportHost'),
    readOnly,
    // MariaDB 11.7 and later: read_only has levels, of which the third keeps even administrators out.
    superReadOnly: isOn(text('superReadOnly')) || /^NO_LOCK_NO_ADMIN$/i.test(text('readOnly')),
    offlineMode: isOn(text('offlineMode')),
    binlogEnabled: isOn(fixedText('binlogEnabled')),
    binlogFormat: text('binlogFormat'),
    binlogRowImage: text('binlogRowImage'),
    logReplicaUpdates: isOn(fixedText('logReplicaUpdates')),
    gtidMode: text('gtidMode').toUpperCase(),
    channels: channels.map(({ channel }) => channel),
    semiSync: semiSyncOf(answers, status),
    group: membershipOf({
      name: text('groupName'),
      singlePrimary: isOn(text('groupSinglePrimary')),
      selfId: fixedText('serverUuid'),
      members: rowsOf(answers.sets.get('members')),
      primaryId: status.get('group_replication_primary_member') ?? '',
    }),
    clone: cloneOf(rowsOf(answers.sets.get('clone'))),
    isBinlogServer: false,
    givesReplicationAccount:
      answers.replicationAccountIsKnown || isOn(cellText(answers.sets.get('account')?.rows[0]?.[0])),
    dataCenter: '',
    region: '',
    environment: '',
    alias: '',
    promotionRule: 'neutral',
    semiSyncPriority: 0,
    suggestedClusterAlias: '',
    suggestedClusterDomain: '',
    blindSpots: answers.blindSpots,
    ...(missingRights.length === 0 ? {} : { missingRights }),
    ...(missingCopyRights.length === 0 ? {} : { missingCopyRights }),
    ...(missingPromptRights.length === 0 ? {} : { missingPromptRights }),
  };
}

function isReadOnly(text: string): boolean {
  return text !== '' && !/^(?:0|off|false)$/i.test(text);
}

function semiSyncOf({ variables }: Answers, status: ReadonlyMap<string, string>): SemiSync {
  const text = (name: VariableName): string => variables.get(name) ?? '';
  const active = (...names: readonly string[]): boolean => names.some((name) => isOn(status.get(name) ?? ''));
  const waitPoint = text('semiSourceWaitPoint').toUpperCase();
  const sourceAvailable = variables.has('semiSourceEnabled');
  return {
    sourceAvailable,
    replicaAvailable: variables.has('semiReplicaEnabled'),
    sourceEnabled: isOn(text('semiSourceEnabled')),
    replicaEnabled: isOn(text('semiReplicaEnabled')),
    sourceActive: active('Rpl_semi_sync_source_status', 'Rpl_semi_sync_master_status'),
    replicaActive: active('Rpl_semi_sync_replica_status', 'Rpl_semi_sync_slave_status'),
    // Up to 10^18, beyond exact numbers; who sets that means "for ever", and it stays as large as that.
    timeoutMs: Number(text('semiSourceTimeout')),
    waitCount: variables.has('semiSourceWaitCount') ? Number(text('semiSourceWaitCount')) : sourceAvailable ? 1 : 0,
    waitNoReplica: isOn(text('semiSourceWaitNoReplica')),
    waitPoint: WAIT_POINTS[waitPoint] ?? (sourceAvailable && waitPoint === '' ? 'after-commit' : 'unknown'),
    sourcePluginIsNew: sourceAvailable && status.has('Rpl_semi_sync_source_status'),
    replicaPluginIsNew: variables.has('semiReplicaEnabled') && status.has('Rpl_semi_sync_replica_status'),
  };
}

const WAIT_POINTS: Readonly<Record<string, SemiSync['waitPoint']>> = {
  AFTER_SYNC: 'after-sync',
  AFTER_COMMIT: 'after-commit',
};

function vitalsOf(
  answers: Answers,
  facts: ServerFacts,
  channels: readonly ReadChannel[],
  status: ReadonlyMap<string, string>,
): Vitals {
  const main = mainChannel(facts);
  const behind = channels.find(({ channel }) => channel === main)?.vitals.secondsBehind ?? null;
  const clients = status.get('Rpl_semi_sync_source_clients') ?? status.get('Rpl_semi_sync_master_clients') ?? '0';
  return {
    uptimeSeconds: Number(status.get('Uptime') ?? '0'),
    executedGtids: oneLine(answers.variables.get('gtidExecuted') ?? ''),
    purgedGtids: oneLine(answers.variables.get('gtidPurged') ?? ''),
    binlog: binlogOf(answers.sets.get('binary-log')),
    channels: channels.map(({ vitals }) => vitals),
    lagSeconds: lagOf(answers, main === null, behind),
    semiSyncClients: Number(clients),
    latencyMs: answers.latencyMs,
  };
}

/**
 * The operator's query says it where it answers, NULL for unknown included. One that fails must not hide a lag that the
 * server itself can tell; it is one of the blind spots then.
 */
function lagOf({ sets, asksForLag }: Answers, isPrimary: boolean, behind: number | null): number | null {
  // A primary is not behind anybody.
  if (isPrimary) return 0;
  const answer = asksForLag ? sets.get('lag') : undefined;
  return answer === undefined || isNoLag(answer) ? behind : lagIn(answer);
}

function binlogOf(set: ResultSet | undefined): BinlogPosition | null {
  const row = rowsOf(set)[0];
  const file = row?.text('File') ?? '';
  return row === undefined || file === '' ? null : { file, position: row.number('Position') ?? 0 };
}
