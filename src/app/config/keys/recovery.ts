/** Keys that say when a dead primary is replaced by itself, and by whom. */
import { works } from './key.js';
import { bool, clusterFilters, durabilityPolicies, integer, patterns, seconds } from './kinds.js';

export const RECOVERY_KEYS = {
  ObserveOnly: works(
    bool,
    false,
    'Judge everything and change nothing, to run beside another system: no server is touched, no command of yours is run, and ' +
      'the log says what would have been done. On every node, also as `--observe-only`. New here',
  ),
  RecoveryIgnoreHostnameFilters: works(
    patterns,
    [],
    'Servers whose death is answered with no recovery: patterns on the host name',
  ),
  LowerReplicaVersionAllowed: works(
    bool,
    false,
    'A server may follow one of a newer release series, and so also a new primary that was upgraded before the others',
  ),
  VerifyReplicationFilters: works(
    bool,
    false,
    'Nobody is put below a server with replication filters; such a server is never promoted in any case',
  ),
  FailMasterPromotionOnLagMinutes: works(
    integer(0),
    0,
    'A replica that was last seen so far behind or more is not promoted automatically, minutes; 0: however far',
  ),
  FailMasterPromotionIfSQLThreadNotUpToDate: works(
    bool,
    false,
    'A replica that has relay log left to apply when the primary is found dead is not promoted',
  ),
  DelayMasterPromotionIfSQLThreadNotUpToDate: works(
    bool,
    false,
    'A promotion waits a day, not a minute, until the replica has applied what it received; it never happens before',
  ),
  DetachLostSlavesAfterMasterFailover: works(
    bool,
    true,
    'The old name of DetachLostReplicasAfterMasterFailover; true here is true there',
  ),
  DetachLostReplicasAfterMasterFailover: works(
    bool,
    false,
    'A replica that has what the new primary lacks is detached from the old one (`//` before the host of its source); ' +
      'false has no effect unless DetachLostSlavesAfterMasterFailover is false too',
  ),
  MasterFailoverLostInstancesDowntimeMinutes: works(
    integer(0),
    0,
    'How long a dead primary and the replicas that were left behind are in downtime, minutes; 0: a year. It ends ' +
      'when they replicate again',
  ),
  ApplyMySQLPromotionAfterMasterFailover: works(
    bool,
    true,
    'A failover opens the new primary, which forgets its source; false: neither, a hook or a person does it, and no repair. ' +
      'A planned takeover always does',
  ),
  MasterFailoverDetachSlaveMasterHost: works(bool, false, 'The old name of MasterFailoverDetachReplicaMasterHost'),
  MasterFailoverDetachReplicaMasterHost: works(
    bool,
    false,
    'A new primary always forgets the old one, whatever is said here: it must not fetch from it, should that one come back. ' +
      'Where ApplyMySQLPromotionAfterMasterFailover is false it keeps it, and its IO thread stays stopped',
  ),
  MaxConcurrentReplicaOperations: works(
    integer(1, 1000),
    5,
    "How many replicas an operator's plan (relocate-replicas and the like) keeps without their source at a time",
  ),
  InstanceBulkOperationsWaitTimeoutSeconds: works(
    seconds(0, 86_400),
    10,
    'How long each of many replicas that are moved together may take to apply what it has, before it is left where it was, ' +
      'seconds',
  ),
  RecoveryConcurrencyMax: works(
    integer(1, 1000),
    10,
    'Automatic recoveries of dead primaries beside each other; more wait for their turn. New here',
  ),
  RecoveryBrakeClusters: works(
    integer(0, 100_000),
    25,
    'When the primaries of so many clusters were replaced within RecoveryBrakeSeconds and one more is to be, automatic ' +
      'recovery stops itself until `orchestrator-client -c release-brake`; 0: never. New here',
  ),
  RecoveryBrakeSeconds: works(seconds(1, 86_400), 60, 'The time of RecoveryBrakeClusters, seconds. New here'),
  DurabilityPolicies: works(
    durabilityPolicies,
    {},
    'From clusters, written as in RecoverMasterClusterFilters, to `none`, `semi-sync` or `cross-zone`; the first that ' +
      'fits holds, and `none` where none does. `semi-sync`: nothing is promoted automatically unless no acknowledged ' +
      'transaction can be lost; `cross-zone`: besides, replicas of another data centre acknowledge. New here',
  ),
  RecoverIntermediateMasterClusterFilters: works(
    clusterFilters,
    [],
    'Clusters whose replicas are given another source when theirs dies and is no primary; written as in ' +
      'RecoverMasterClusterFilters. Empty: none',
  ),
  CoMasterRecoveryMustPromoteOtherCoMaster: works(
    bool,
    true,
    'Of two primaries that replicate from each other, the other one takes over and nobody else; a writable one always does',
  ),
  PostponeReplicaRecoveryOnLagMinutes: works(
    integer(0),
    0,
    'Replicas with a delay are never waited for, whatever is said here: all are moved when the new primary is open',
  ),
  PostponeSlaveRecoveryOnLagMinutes: works(integer(0), 0, 'The old name of the above'),
  RecoverNonWriteableMaster: works(bool, false, 'A primary that is read-only and has replicas is opened for writes'),
  EnforceExactSemiSyncReplicas: works(
    bool,
    false,
    'As many replicas acknowledge as the primary waits for, by DetectSemiSyncEnforcedQuery (the higher the sooner): others ' +
      'are switched on or off when there are too few or too many (MasterWithTooManySemiSyncReplicas)',
  ),
  RecoverLockedSemiSyncMaster: works(
    bool,
    false,
    'When a primary waits for more acknowledgements than it gets, more replicas are made to acknowledge; none is made not to',
  ),
  ReasonableLockedSemiSyncMasterSeconds: works(
    integer(0),
    0,
    'A primary whose binary log stands still for so long for want of acknowledgements is locked, seconds; 0: ' +
      'ReasonableReplicationLagSeconds',
  ),
} as const;
