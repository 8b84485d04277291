/** The incumbent's ReplicationAnalysis: one entry for a server that has a problem, a warning about its structure, or both. */
import type { Problem, StructureCode } from '../../../core/analysis/problem.js';
import type { Downtime } from '../../../core/ledger/state.js';
import type { Server } from '../../../core/topology/server.js';
import type { PublicSettings, Sighting } from '../../../runtime/ports/service.js';
import type { ClusterView, Placement } from '../views/topology-index.js';
import { legacyClusterDetails } from './cluster-info.js';
import { countReplicas, failsToConnect, type ReplicaCounts, type SeenReplica } from './replica-counts.js';
import { coordinates, instanceKey, instanceKeys, timestamp } from './values.js';

export interface AnalysisFacts {
  readonly server: Server;
  readonly placement: Placement;
  readonly cluster: ClusterView;
  readonly sighting: Sighting | null;
  readonly downtime: Downtime | null;
  readonly replicas: readonly SeenReplica[];
  /** Null when only its structure is worth a word. */
  readonly problem: Problem | null;
  readonly structure: readonly (StructureCode | 'SharedServerUuidStructureWarning')[];
  readonly settings: PublicSettings;
  /** The node that answers. */
  readonly hostname: string;
  readonly nowMs: number;
}

export type LegacyAnalysis = Readonly<Record<string, unknown>>;

export function legacyAnalysis(facts: AnalysisFacts): LegacyAnalysis {
  const counts = countReplicas(facts.replicas, facts.settings.reasonableReplicationLagSeconds);
  return {
    ...subject(facts),
    ...replicaSummary(facts, counts),
    ...finding(facts),
    ...technique(facts, counts),
    ...replicaKinds(facts, counts),
  };
}

function subject({ server, placement, cluster, sighting, settings }: AnalysisFacts): LegacyAnalysis {
  return {
    AnalyzedInstanceKey: instanceKey(server.address),
    AnalyzedInstanceMasterKey: instanceKey(placement.source),
    ClusterDetails: legacyClusterDetails(cluster, settings),
    AnalyzedInstanceDataCenter: server.facts.dataCenter,
    AnalyzedInstanceRegion: server.facts.region,
    AnalyzedInstancePhysicalEnvironment: server.facts.environment,
    AnalyzedInstanceBinlogCoordinates: coordinates(sighting?.vitals?.binlog),
    IsMaster: placement.isPrimary,
    IsReplicationGroupMember: server.facts.group !== null,
    IsCoMaster: placement.isCoPrimary,
    LastCheckValid: sighting?.valid ?? false,
    LastCheckPartialSuccess: false,
  };
}

function replicaSummary({ server, placement }: AnalysisFacts, counts: ReplicaCounts): LegacyAnalysis {
  const replicas = instanceKeys(placement.replicas);
  return {
    CountReplicas: counts.all,
    CountValidReplicas: counts.valid,
    CountValidReplicatingReplicas: counts.replicating,
    CountReplicasFailingToConnectToMaster: counts.failingToConnect,
    CountDowntimedReplicas: counts.downtimed,
    ReplicationDepth: placement.depth,
    Replicas: replicas,
    SlaveHosts: replicas,
    IsFailingToConnectToMaster: failsToConnect(server),
  };
}

function finding({ server, problem, structure, downtime, replicas, nowMs }: AnalysisFacts): LegacyAnalysis {
  const aboutReplicas = problem !== null && problem.code.includes('Replica');
  const allDowntimed = replicas.length > 0 && replicas.every((replica) => replica.downtimed);
  return {
    Analysis: problem?.code ?? 'NoProblem',
    Description: problem?.description ?? '',
    StructureAnalysis: structure.length === 0 ? null : structure,
    IsDowntimed: downtime !== null,
    IsReplicasDowntimed: aboutReplicas && allDowntimed,
    DowntimeEndTimestamp: timestamp(downtime?.endsAtMs),
    // Negative while it lasts: the incumbent's sign, which its users have learnt.
    DowntimeRemainingSeconds: downtime === null ? 0 : Math.floor((nowMs - downtime.endsAtMs) / 1000),
    IsBinlogServer: server.facts.isBinlogServer,
  };
}

function technique({ server, sighting }: AnalysisFacts, counts: ReplicaCounts): LegacyAnalysis {
  const mariadb = server.facts.flavor === 'MariaDB';
  const semi = server.facts.semiSync;
  return {
    PseudoGTIDImmediateTopology: false,
    OracleGTIDImmediateTopology: counts.gtidThroughout && !mariadb,
    MariaDBGTIDImmediateTopology: counts.gtidThroughout && mariadb,
    BinlogServerImmediateTopology: counts.binlogServersThroughout,
    SemiSyncMasterEnabled: semi.sourceEnabled,
    SemiSyncMasterStatus: semi.sourceActive,
    SemiSyncMasterWaitForReplicaCount: semi.waitCount,
    SemiSyncMasterClients: sighting?.vitals?.semiSyncClients ?? 0,
    CountSemiSyncReplicasEnabled: counts.semiSyncEnabled,
  };
}

function replicaKinds({ server, hostname, downtime }: AnalysisFacts, counts: ReplicaCounts): LegacyAnalysis {
  return {
    CountLoggingReplicas: counts.logging,
    CountStatementBasedLoggingReplicas: counts.statementLogging,
    CountMixedBasedLoggingReplicas: counts.mixedLogging,
    CountRowBasedLoggingReplicas: counts.rowLogging,
    CountDistinctMajorVersionsLoggingReplicas: counts.loggingMajorVersions,
    CountDelayedReplicas: counts.delayed,
    CountLaggingReplicas: counts.lagging,
    IsActionableRecovery: false,
    ProcessingNodeHostname: hostname,
    ProcessingNodeToken: '',
    CountAdditionalAgreeingNodes: 0,
    StartActivePeriod: '',
    SkippableDueToDowntime: downtime !== null,
    GTIDMode: server.facts.gtidMode,
    MinReplicaGTIDMode: counts.minGtidMode,
    MaxReplicaGTIDMode: counts.maxGtidMode,
    MaxReplicaGTIDErrant: counts.maxErrant,
    CommandHint: '',
    IsReadOnly: server.facts.readOnly,
  };
}
