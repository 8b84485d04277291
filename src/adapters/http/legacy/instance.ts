/**
 * The incumbent's Instance: every field, in its order, under its names, two of which are misspelled and stay so, because
 * scripts read them. Fields of worlds that are not known here (agents, Pseudo-GTID) have their empty value.
 */
import type { Downtime } from '../../../core/ledger/state.js';
import { type Channel, mainChannel, PLAIN_TRANSPORT, type Server } from '../../../core/topology/server.js';
import { isAtLeast } from '../../../core/topology/version.js';
import type { ChannelVitals } from '../../../core/topology/vitals.js';
import type { PublicSettings, Sighting } from '../../../runtime/ports/service.js';
import type { Placement } from '../views/topology-index.js';
import { type Freshness, freshness } from './freshness.js';
import { instanceProblems } from './instance-problems.js';
import { quotedAscii } from './json.js';
import { coordinates, instanceKey, instanceKeys, nanoseconds, nullBool, nullInt64, timestamp } from './values.js';

export interface InstanceFacts {
  readonly server: Server;
  readonly placement: Placement;
  readonly sighting: Sighting | null;
  /** In force at `nowMs`; null when none is. */
  readonly downtime: Downtime | null;
  /** Transactions that no ancestor of the server has; '' when there are none or it cannot be told. */
  readonly errantGtids: string;
  /** Where others answer with this server's identity; '' when nobody does. */
  readonly copies: string;
  /** The name that replicas shall know its host by; '' when nobody registered one. */
  readonly unresolvedName: string;
  readonly settings: PublicSettings;
  readonly nowMs: number;
}

export type LegacyInstance = Readonly<Record<string, unknown>>;

export function legacyInstance(input: InstanceFacts): LegacyInstance {
  const fresh = freshness(input.sighting, input.settings, input.nowMs);
  return {
    ...identity(input),
    ...source(input),
    ...threads(input),
    ...gtidUse(input),
    ...positions(input),
    ...gtids(input),
    ...standing(input),
    ...semiSync(input),
    ...checks(input, fresh),
    ...downtime(input),
    ...transport(input),
    Problems: instanceProblems(input, fresh),
    LastDiscoveryLatency: nanoseconds(input.sighting?.vitals?.latencyMs ?? 0),
    ...groupReplication(input),
  };
}

/** -1 no replica, 0 stopped, 1 running, 2 neither. */
export function threadState(thread: Channel['ioThread'] | undefined): -1 | 0 | 1 | 2 {
  if (thread === undefined) return -1;
  return thread === 'running' ? 1 : thread === 'stopped' ? 0 : 2;
}

function identity({ server, sighting }: InstanceFacts): LegacyInstance {
  const facts = server.facts;
  return {
    Key: instanceKey(server.address),
    InstanceAlias: facts.alias,
    Uptime: sighting?.vitals?.uptimeSeconds ?? 0,
    ServerID: facts.serverNumber,
    ServerUUID: server.id,
    Version: facts.version.text,
    VersionComment: facts.versionComment,
    FlavorName: facts.isBinlogServer ? 'MaxScale' : facts.flavor,
    ReadOnly: facts.readOnly,
    Binlog_format: facts.binlogFormat,
    BinlogRowImage: facts.binlogRowImage,
    LogBinEnabled: facts.binlogEnabled,
    LogSlaveUpdatesEnabled: facts.logReplicaUpdates,
    LogReplicationUpdatesEnabled: facts.logReplicaUpdates,
    SelfBinlogCoordinates: coordinates(sighting?.vitals?.binlog),
  };
}

function source({ server, placement }: InstanceFacts): LegacyInstance {
  return {
    MasterKey: instanceKey(placement.source),
    MasterUUID: sourceUuid(server),
    AncestryUUID: placement.ancestry.join(','),
    IsDetachedMaster: placement.source?.host.startsWith('//') ?? false,
  };
}

/** Of servers whose replica status has no such column the incumbent says "No", and scripts may ask for it. */
function sourceUuid({ facts }: Server): string {
  const channel = mainChannel(facts);
  if (channel === null) return '';
  const hasNone = facts.flavor === 'MariaDB' || !isAtLeast(facts.version, 5, 6);
  return channel.sourceId ?? (hasNone ? 'No' : '');
}

function threads({ server }: InstanceFacts): LegacyInstance {
  const channel = mainChannel(server.facts);
  const sqlState = threadState(channel?.sqlThread);
  const ioState = threadState(channel?.ioThread);
  return {
    Slave_SQL_Running: sqlState === 1,
    ReplicationSQLThreadRuning: sqlState === 1,
    Slave_IO_Running: ioState === 1,
    ReplicationIOThreadRuning: ioState === 1,
    ReplicationSQLThreadState: sqlState,
    ReplicationIOThreadState: ioState,
    HasReplicationFilters: channel?.hasFilters ?? false,
  };
}

function gtidUse({ server }: InstanceFacts): LegacyInstance {
  const { gtidMode, flavor } = server.facts;
  const used = mainChannel(server.facts)?.autoPosition ?? false;
  return {
    GTIDMode: gtidMode,
    SupportsOracleGTID: gtidMode !== '' && gtidMode !== 'OFF',
    UsingOracleGTID: used && flavor !== 'MariaDB',
    UsingMariaDBGTID: used && flavor === 'MariaDB',
    UsingPseudoGTID: false,
  };
}

function positions({ server, sighting }: InstanceFacts): LegacyInstance {
  const channel = mainChannel(server.facts);
  const vitals = channelVitals(sighting, channel);
  return {
    ReadBinlogCoordinates: coordinates(vitals?.read),
    ExecBinlogCoordinates: coordinates(vitals?.executed),
    IsDetached: false,
    RelaylogCoordinates: coordinates(vitals?.relay, 1),
    LastSQLError: quotedAscii(channel?.sqlError?.text ?? ''),
    LastIOError: quotedAscii(channel?.ioError?.text ?? ''),
  };
}

function gtids({ server, sighting, errantGtids }: InstanceFacts): LegacyInstance {
  const channel = mainChannel(server.facts);
  const behind = channelVitals(sighting, channel)?.secondsBehind ?? null;
  const lag = nullInt64(channel === null ? null : sighting?.vitals?.lagSeconds);
  return {
    SecondsBehindMaster: nullInt64(behind === null ? null : Math.max(0, behind)),
    SQLDelay: channel?.delaySeconds ?? 0,
    ExecutedGtidSet: sighting?.vitals?.executedGtids ?? '',
    GtidPurged: sighting?.vitals?.purgedGtids ?? '',
    GtidErrant: errantGtids,
    SlaveLagSeconds: lag,
    ReplicationLagSeconds: lag,
  };
}

function standing({ server, placement }: InstanceFacts): LegacyInstance {
  const facts = server.facts;
  const replicas = instanceKeys(placement.replicas);
  return {
    SlaveHosts: replicas,
    Replicas: replicas,
    ClusterName: placement.clusterName,
    SuggestedClusterAlias: placement.isPrimary ? placement.clusterAlias || facts.suggestedClusterAlias : '',
    DataCenter: facts.dataCenter,
    Region: facts.region,
    PhysicalEnvironment: facts.environment,
    ReplicationDepth: placement.depth,
    IsCoMaster: placement.isCoPrimary,
    HasReplicationCredentials: (mainChannel(facts)?.user ?? '') !== '',
    ReplicationCredentialsAvailable: facts.givesReplicationAccount,
  };
}

function semiSync({ server, sighting }: InstanceFacts): LegacyInstance {
  const semi = server.facts.semiSync;
  return {
    SemiSyncAvailable: semi.sourceAvailable && semi.replicaAvailable,
    SemiSyncPriority: server.facts.semiSyncPriority,
    SemiSyncMasterPluginNewVersion: semi.sourcePluginIsNew,
    SemiSyncReplicaPluginNewVersion: semi.replicaPluginIsNew,
    SemiSyncMasterEnabled: semi.sourceEnabled,
    SemiSyncReplicaEnabled: semi.replicaEnabled,
    SemiSyncMasterTimeout: semi.timeoutMs,
    SemiSyncMasterWaitForReplicaCount: semi.waitCount,
    SemiSyncMasterStatus: semi.sourceActive,
    SemiSyncMasterClients: sighting?.vitals?.semiSyncClients ?? 0,
    SemiSyncReplicaStatus: semi.replicaActive,
  };
}

function checks({ server, sighting }: InstanceFacts, fresh: Freshness): LegacyInstance {
  const rule = server.facts.promotionRule;
  return {
    LastSeenTimestamp: timestamp(sighting?.lastSeenAtMs),
    IsLastCheckValid: fresh.valid,
    IsUpToDate: fresh.upToDate,
    IsRecentlyChecked: fresh.recentlyChecked,
    SecondsSinceLastSeen: nullInt64(fresh.secondsSinceSeen),
    CountMySQLSnapshots: 0,
    IsCandidate: rule === 'must' || rule === 'prefer',
    PromotionRule: rule,
  };
}

function downtime({ downtime: active, unresolvedName, nowMs }: InstanceFacts): LegacyInstance {
  // Whole seconds: an answer that changes with every nanosecond could never be kept.
  const elapsedSeconds = active === null ? 0 : Math.max(0, Math.floor((nowMs - active.beganAtMs) / 1000));
  return {
    IsDowntimed: active !== null,
    DowntimeReason: active?.reason ?? '',
    DowntimeOwner: active?.owner ?? '',
    DowntimeEndTimestamp: timestamp(active?.endsAtMs),
    ElapsedDowntime: nanoseconds(elapsedSeconds * 1000),
    UnresolvedHostname: unresolvedName,
  };
}

/** How the replica reaches its source; the incumbent knows it only right after a probe, here it is always there. */
function transport({ server }: InstanceFacts): LegacyInstance {
  const channel = mainChannel(server.facts);
  const to = channel?.transport ?? PLAIN_TRANSPORT;
  return {
    AllowTLS: channel?.tls ?? false,
    ReplicationSSLCAFile: to.caFile,
    ReplicationSSLCAPath: to.caPath,
    ReplicationSSLCert: to.certificate,
    ReplicationSSLCipher: to.cipher,
    ReplicationSSLCRLFile: to.crlFile,
    ReplicationSSLCRLPath: to.crlPath,
    ReplicationSSLKey: to.key,
    ReplicationSSLVerifyServerCert: nullBool(to.verifiesServer),
    ReplicationTLSVersion: to.tlsVersion,
    ReplicationTLSCiphersuites: to.cipherSuites,
    ReplicationSourcePublicKeyPath: to.publicKeyPath,
    ReplicationGetSourcePublicKey: nullBool(to.getsPublicKey),
  };
}

function groupReplication({ server }: InstanceFacts): LegacyInstance {
  const { group } = server.facts;
  return {
    ReplicationGroupName: group?.name ?? '',
    ReplicationGroupIsSinglePrimary: group?.singlePrimary ?? false,
    ReplicationGroupMemberState: group === null || group.state === 'unknown' ? '' : group.state,
    ReplicationGroupMemberRole: group?.role ?? '',
    ReplicationGroupMembers: instanceKeys(group?.others ?? []),
    ReplicationGroupPrimaryInstanceKey: instanceKey(group?.primary),
    QSP: {},
  };
}

function channelVitals(sighting: Sighting | null, channel: Channel | null): ChannelVitals | null {
  if (channel === null) return null;
  return sighting?.vitals?.channels.find((vitals) => vitals.name === channel.name) ?? null;
}
