/** The incumbent's objects: their fields in the order in which it writes them, each with its type. */
import { METRIC_TEXTS } from './shapes-of-metrics.js';

const TEXTS = {
  Instance: `
Key InstanceKey
InstanceAlias string
Uptime int
ServerID int
ServerUUID string
Version string
VersionComment string
FlavorName string
ReadOnly bool
Binlog_format string
BinlogRowImage string
LogBinEnabled bool
LogSlaveUpdatesEnabled bool
LogReplicationUpdatesEnabled bool
SelfBinlogCoordinates BinlogCoordinates
MasterKey InstanceKey
MasterUUID string
AncestryUUID string
IsDetachedMaster bool
Slave_SQL_Running bool
ReplicationSQLThreadRuning bool
Slave_IO_Running bool
ReplicationIOThreadRuning bool
ReplicationSQLThreadState int
ReplicationIOThreadState int
HasReplicationFilters bool
GTIDMode string
SupportsOracleGTID bool
UsingOracleGTID bool
UsingMariaDBGTID bool
UsingPseudoGTID bool
ReadBinlogCoordinates BinlogCoordinates
ExecBinlogCoordinates BinlogCoordinates
IsDetached bool
RelaylogCoordinates BinlogCoordinates
LastSQLError string
LastIOError string
SecondsBehindMaster NullInt64
SQLDelay int
ExecutedGtidSet string
GtidPurged string
GtidErrant string
SlaveLagSeconds NullInt64
ReplicationLagSeconds NullInt64
SlaveHosts InstanceKey[]
Replicas InstanceKey[]
ClusterName string
SuggestedClusterAlias string
DataCenter string
Region string
PhysicalEnvironment string
ReplicationDepth int
IsCoMaster bool
HasReplicationCredentials bool
ReplicationCredentialsAvailable bool
SemiSyncAvailable bool
SemiSyncPriority int
SemiSyncMasterPluginNewVersion bool
SemiSyncReplicaPluginNewVersion bool
SemiSyncMasterEnabled bool
SemiSyncReplicaEnabled bool
SemiSyncMasterTimeout int
SemiSyncMasterWaitForReplicaCount int
SemiSyncMasterStatus bool
SemiSyncMasterClients int
SemiSyncReplicaStatus bool
LastSeenTimestamp string
IsLastCheckValid bool
IsUpToDate bool
IsRecentlyChecked bool
SecondsSinceLastSeen NullInt64
CountMySQLSnapshots int
IsCandidate bool
PromotionRule string
IsDowntimed bool
DowntimeReason string
DowntimeOwner string
DowntimeEndTimestamp string
ElapsedDowntime int
UnresolvedHostname string
AllowTLS bool
ReplicationSSLCAFile string
ReplicationSSLCAPath string
ReplicationSSLCert string
ReplicationSSLCipher string
ReplicationSSLCRLFile string
ReplicationSSLCRLPath string
ReplicationSSLKey string
ReplicationSSLVerifyServerCert NullBool
ReplicationTLSVersion string
ReplicationTLSCiphersuites string
ReplicationSourcePublicKeyPath string
ReplicationGetSourcePublicKey NullBool
Problems string[]
LastDiscoveryLatency int
ReplicationGroupName string
ReplicationGroupIsSinglePrimary bool
ReplicationGroupMemberState string
ReplicationGroupMemberRole string
ReplicationGroupMembers InstanceKey[]
ReplicationGroupPrimaryInstanceKey InstanceKey
QSP object
`,
  ClusterInfo: `
ClusterName string
ClusterAlias string
ClusterDomain string
CountInstances int
HeuristicLag int
HasAutomatedMasterRecovery bool
HasAutomatedIntermediateMasterRecovery bool
`,
  ReplicationAnalysis: `
AnalyzedInstanceKey InstanceKey
AnalyzedInstanceMasterKey InstanceKey
ClusterDetails ClusterInfo
AnalyzedInstanceDataCenter string
AnalyzedInstanceRegion string
AnalyzedInstancePhysicalEnvironment string
AnalyzedInstanceBinlogCoordinates BinlogCoordinates
IsMaster bool
IsReplicationGroupMember bool
IsCoMaster bool
LastCheckValid bool
LastCheckPartialSuccess bool
CountReplicas int
CountValidReplicas int
CountValidReplicatingReplicas int
CountReplicasFailingToConnectToMaster int
CountDowntimedReplicas int
ReplicationDepth int
Replicas InstanceKey[]
SlaveHosts InstanceKey[]
IsFailingToConnectToMaster bool
Analysis string
Description string
StructureAnalysis string[]|null
IsDowntimed bool
IsReplicasDowntimed bool
DowntimeEndTimestamp string
DowntimeRemainingSeconds int
IsBinlogServer bool
PseudoGTIDImmediateTopology bool
OracleGTIDImmediateTopology bool
MariaDBGTIDImmediateTopology bool
BinlogServerImmediateTopology bool
SemiSyncMasterEnabled bool
SemiSyncMasterStatus bool
SemiSyncMasterWaitForReplicaCount int
SemiSyncMasterClients int
CountSemiSyncReplicasEnabled int
CountLoggingReplicas int
CountStatementBasedLoggingReplicas int
CountMixedBasedLoggingReplicas int
CountRowBasedLoggingReplicas int
CountDistinctMajorVersionsLoggingReplicas int
CountDelayedReplicas int
CountLaggingReplicas int
IsActionableRecovery bool
ProcessingNodeHostname string
ProcessingNodeToken string
CountAdditionalAgreeingNodes int
StartActivePeriod string
SkippableDueToDowntime bool
GTIDMode string
MinReplicaGTIDMode string
MaxReplicaGTIDMode string
MaxReplicaGTIDErrant string
CommandHint string
IsReadOnly bool
`,
  TopologyRecovery: `
Id int
UID string
AnalysisEntry ReplicationAnalysis
SuccessorKey InstanceKey|null
SuccessorAlias string
SuccessorBinlogCoordinates BinlogCoordinates|null
IsActive bool
IsSuccessful bool
LostReplicas InstanceKey[]
ParticipatingInstanceKeys InstanceKey[]
AllErrors string[]
RecoveryStartTimestamp string
RecoveryEndTimestamp string
ProcessingNodeHostname string
ProcessingNodeToken string
Acknowledged bool
AcknowledgedAt string
AcknowledgedBy string
AcknowledgedComment string
LastDetectionId int
RelatedRecoveryId int
Type string
RecoveryType string
`,
  Detection: `
Id int
UID string
AnalysisEntry ReplicationAnalysis
SuccessorKey null
SuccessorAlias string
SuccessorBinlogCoordinates null
IsActive bool
IsSuccessful bool
LostReplicas InstanceKey[]
ParticipatingInstanceKeys InstanceKey[]
AllErrors null
RecoveryStartTimestamp string
RecoveryEndTimestamp string
ProcessingNodeHostname string
ProcessingNodeToken string
Acknowledged bool
AcknowledgedAt string
AcknowledgedBy string
AcknowledgedComment string
LastDetectionId int
RelatedRecoveryId int
Type string
RecoveryType string
`,
  HealthStatus: `
Healthy bool
Hostname string
Token string
IsActiveNode bool
ActiveNode NodeHealth
Error null|object
AvailableNodes NodeHealth[]|null
RaftLeader string
IsRaftLeader bool
RaftLeaderURI string
RaftAdvertise string
RaftHealthyMembers string[]|null
`,
  InstanceKey: `
Hostname string
Port int
`,
  BinlogCoordinates: `
LogFile string
LogPos int
Type int
`,
  NullInt64: `
Int64 int
Valid bool
`,
  NullBool: `
Bool bool
Valid bool
`,
  ReplicationAnalysisChangelog: `
AnalyzedInstanceKey InstanceKey
Changelog string[]
`,
  TopologyRecoveryStep: `
Id int
RecoveryUID string
AuditAt string
Message string
`,
  BlockedTopologyRecovery: `
FailedInstanceKey InstanceKey
ClusterName string
Analysis string
LastBlockedTimestamp string
BlockingRecoveryId int
`,
  Audit: `
AuditId int
AuditTimestamp string
AuditType string
AuditInstanceKey InstanceKey
Message string
`,
  Maintenance: `
MaintenanceId int
Key InstanceKey
BeginTimestamp string
SecondsElapsed int
IsActive bool
Owner string
Reason string
`,
  CandidateDatabaseInstance: `
Hostname string
Port int
PromotionRule string
LastSuggestedString string
PromotionRuleExpiry string
`,
  KVPair: `
Key string
Value string
`,
  NodeHealth: `
Hostname string
Token string
AppVersion string
FirstSeenActive string
LastSeenActive string
ExtraInfo string
Command string
DBBackend string
LastReported string
`,
  RaftStatus: `
RaftBind string
RaftAdvertise string
State string
Healthy bool
IsPartOfQuorum bool
Leader string
LeaderURI string
Peers string[]
`,
  RecoveryFilters: `
RecoverMasterClusterFilters string[]
RecoverIntermediateMasterClusterFilters string[]
RecoveryIgnoreHostnameFilters string[]
`,
  Equivalence: `
Key InstanceKey
Coordinates BinlogCoordinates
`,
  ...METRIC_TEXTS,
  ResolvedName: `
Object string
Expiration int
`,
} as const;

type ShapeName = keyof typeof TEXTS;

interface Field {
  readonly name: string;
  readonly type: string;
}

export const SHAPES: ReadonlyMap<string, readonly Field[]> = new Map(
  Object.entries(TEXTS).map(([shape, text]) => [
    shape,
    text
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', type = ''] = line.split(' ');
        return { name, type };
      }),
  ]),
);

export function fieldsOf(shape: ShapeName): readonly string[] {
  return (SHAPES.get(shape) ?? []).map(({ name }) => name);
}
