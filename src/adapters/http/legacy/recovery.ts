/**
 * The incumbent's TopologyRecovery, in its three forms: the live result of a takeover, the row of the recovery audit, and
 * the row of the detection audit. The analysis of a row holds little more than the names of the servers, as theirs does; that of
 * the live result is whole.
 */
import { binaryLogOf, commandOf } from '../../../core/recovery/telling/hooks.js';
import type { Recovery, RecoveryId, RecoveryKind } from '../../../core/recovery/recovery.js';
import type { Address } from '../../../core/topology/address.js';
import { parseBinlogPosition } from '../../../core/topology/binlog-position.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import { lostWords } from '../step-words.js';
import type { LegacyAnalysis } from './analysis.js';
import type { LegacyClusterInfo } from './cluster-info.js';
import { coordinates, type InstanceKey, instanceKey, instanceKeys, NO_KEY, timestamp } from './values.js';

export interface RecoveryFacts {
  readonly recovery: Recovery;
  readonly cluster: LegacyClusterInfo;
  /** Null when nobody knows the server any more. */
  readonly addressOf: (server: ServerId) => Address | null;
  readonly server: (server: ServerId) => Server | null;
  /** Under way, or the reason why the next one of its cluster is blocked. */
  readonly isActive: boolean;
  /** What was seen of the failed server and its replicas before the recovery began; absent where nobody looked. */
  readonly before?: LegacyAnalysis;
}

const TYPES: { readonly [K in RecoveryKind]?: string } = {
  'dead-co-primary': 'CoMasterRecovery',
  'dead-intermediate': 'IntermediateMasterRecovery',
  'dead-group-member': 'ReplicationGroupMemberRecovery',
};

const ORPHANS: readonly RecoveryKind[] = ['dead-intermediate', 'dead-group-member'];

export type RecoveryForm = 'live' | 'audit' | 'detection';

/** A number for a recovery, the same on every node: the millisecond that its UID begins with. */
export function recoveryNumber(id: RecoveryId): number {
  const number = Number(/^\d+/.exec(id)?.[0] ?? '0');
  return Number.isSafeInteger(number) ? number : 0;
}

export function legacyRecovery(facts: RecoveryFacts, form: RecoveryForm): Readonly<Record<string, unknown>> {
  const { recovery, addressOf, server } = facts;
  const successor = recovery.successor === null ? null : server(recovery.successor);
  return {
    Id: recoveryNumber(recovery.id),
    UID: recovery.id,
    AnalysisEntry: analysisEntry(facts, form),
    SuccessorKey: successorKey(facts, form),
    SuccessorAlias: successor?.facts.alias ?? '',
    SuccessorBinlogCoordinates: form === 'live' ? successorCoordinates(recovery) : null,
    IsActive: facts.isActive,
    IsSuccessful: recovery.verdict?.kind === 'succeeded',
    LostReplicas: instanceKeys(known(recovery.lost.map((lost) => addressOf(lost.server)))),
    ParticipatingInstanceKeys: instanceKeys(recovery.inputs.participants),
    AllErrors: form === 'detection' ? null : errors(recovery),
    RecoveryStartTimestamp: timestamp(recovery.openedAtMs),
    RecoveryEndTimestamp: timestamp(recovery.closedAtMs),
    ProcessingNodeHostname: recovery.openedBy,
    ProcessingNodeToken: '',
    Acknowledged: recovery.acknowledged !== null,
    AcknowledgedAt: timestamp(recovery.acknowledged?.atMs),
    AcknowledgedBy: recovery.acknowledged?.by ?? '',
    AcknowledgedComment: recovery.acknowledged?.comment ?? '',
    LastDetectionId: recoveryNumber(recovery.id),
    RelatedRecoveryId: form === 'detection' ? recoveryNumber(recovery.id) : 0,
    Type: TYPES[recovery.kind] ?? 'MasterRecovery',
    RecoveryType: recoveryType(recovery),
  };
}

/** Where it was opened for writes. */
function successorCoordinates(recovery: Recovery): ReturnType<typeof coordinates> | null {
  const text = recovery.successor === null ? null : binaryLogOf(recovery, recovery.successor);
  const position = text === null ? null : parseBinlogPosition(text);
  return position === null ? null : coordinates(position);
}

/** Without GTID servers follow by place here; theirs searched for marks (pseudo-GTID), and tools know that word. */
function recoveryType({ kind, inputs }: Recovery): string {
  if (ORPHANS.includes(kind)) return 'NotMasterRecovery';
  const byPlace = inputs.participants.some(({ role, countsBy }) => role === 'replica' && countsBy === 'places');
  return byPlace ? 'MasterRecoveryPseudoGTID' : 'MasterRecoveryGTID';
}

function successorKey({ recovery, addressOf }: RecoveryFacts, form: RecoveryForm): InstanceKey | null {
  if (form === 'detection') return null;
  const address = recovery.successor === null ? null : addressOf(recovery.successor);
  if (address !== null) return instanceKey(address);
  return form === 'live' ? null : NO_KEY;
}

/** A row without an error holds one empty text there. */
function errors(recovery: Recovery): readonly string[] {
  const { verdict } = recovery;
  const reasons = verdict === null || verdict.kind === 'succeeded' ? [] : [verdict.reason];
  const lost = recovery.lost.map(lostWords);
  const all = [...reasons, ...lost];
  return all.length === 0 ? [''] : all;
}

function analysisEntry(facts: RecoveryFacts, form: RecoveryForm): Readonly<Record<string, unknown>> {
  const { recovery, cluster, addressOf } = facts;
  // Others take part who are no replicas of it: the primary, a donor, the source that its replicas may go to.
  const replicas = instanceKeys(
    recovery.inputs.participants.filter(({ id, role }) => role === 'replica' && id !== recovery.failed),
  );
  return {
    ...EMPTY_ANALYSIS,
    CountReplicas: replicas.length,
    Replicas: replicas,
    SlaveHosts: replicas,
    ...(form === 'live' ? facts.before : {}),
    AnalyzedInstanceKey: instanceKey(addressOf(recovery.failed)),
    ClusterDetails: cluster,
    Analysis: recovery.code,
    Description: recovery.description,
    StartActivePeriod: form === 'detection' ? timestamp(recovery.openedAtMs) : '',
    CommandHint: commandOf(recovery),
  };
}

function known(addresses: readonly (Address | null)[]): readonly Address[] {
  return addresses.filter((address) => address !== null);
}

const NO_CLUSTER: LegacyClusterInfo = {
  ClusterName: '',
  ClusterAlias: '',
  ClusterDomain: '',
  CountInstances: 0,
  HeuristicLag: 0,
  HasAutomatedMasterRecovery: false,
  HasAutomatedIntermediateMasterRecovery: false,
};

/** Every field with its empty value, in order: a record keeps only the few above. */
const EMPTY_ANALYSIS = {
  AnalyzedInstanceKey: NO_KEY,
  AnalyzedInstanceMasterKey: NO_KEY,
  ClusterDetails: NO_CLUSTER,
  AnalyzedInstanceDataCenter: '',
  AnalyzedInstanceRegion: '',
  AnalyzedInstancePhysicalEnvironment: '',
  AnalyzedInstanceBinlogCoordinates: coordinates(null),
  IsMaster: false,
  IsReplicationGroupMember: false,
  IsCoMaster: false,
  LastCheckValid: false,
  LastCheckPartialSuccess: false,
  CountReplicas: 0,
  CountValidReplicas: 0,
  CountValidReplicatingReplicas: 0,
  CountReplicasFailingToConnectToMaster: 0,
  CountDowntimedReplicas: 0,
  ReplicationDepth: 0,
  Replicas: [],
  SlaveHosts: [],
  IsFailingToConnectToMaster: false,
  Analysis: '',
  Description: '',
  StructureAnalysis: null,
  IsDowntimed: false,
  IsReplicasDowntimed: false,
  DowntimeEndTimestamp: '',
  DowntimeRemainingSeconds: 0,
  IsBinlogServer: false,
  PseudoGTIDImmediateTopology: false,
  OracleGTIDImmediateTopology: false,
  MariaDBGTIDImmediateTopology: false,
  BinlogServerImmediateTopology: false,
  SemiSyncMasterEnabled: false,
  SemiSyncMasterStatus: false,
  SemiSyncMasterWaitForReplicaCount: 0,
  SemiSyncMasterClients: 0,
  CountSemiSyncReplicasEnabled: 0,
  CountLoggingReplicas: 0,
  CountStatementBasedLoggingReplicas: 0,
  CountMixedBasedLoggingReplicas: 0,
  CountRowBasedLoggingReplicas: 0,
  CountDistinctMajorVersionsLoggingReplicas: 0,
  CountDelayedReplicas: 0,
  CountLaggingReplicas: 0,
  IsActionableRecovery: false,
  ProcessingNodeHostname: '',
  ProcessingNodeToken: '',
  CountAdditionalAgreeingNodes: 0,
  StartActivePeriod: '',
  SkippableDueToDowntime: false,
  GTIDMode: '',
  MinReplicaGTIDMode: '',
  MaxReplicaGTIDMode: '',
  MaxReplicaGTIDErrant: '',
  CommandHint: '',
  IsReadOnly: false,
} as const;
