/**
 * Which failures are an operator's hooks told of when they are found (OnFailureDetectionProcesses), and how often? By the
 * incumbent's table: what a recovery could answer, and what looks like it and is answered with a closer look. Each is told
 * once, and again only after FailureDetectionPeriodBlockMinutes, or when what happened since makes it another failure.
 */
import type { AnalysisCode, Problem } from '../../analysis/problem.js';
import type { ClusterId, ServerId } from '../../topology/server.js';
import type { Belief } from '../belief.js';
import type { HookFacts } from './hook-terms.js';
import { hasChanged } from '../kinds.js';
import type { StepOutcome } from '../step.js';

/** actionable: its recovery waits until it was told. noticed: nothing waits. */
export type DetectionSort = 'actionable' | 'noticed';

/** The last that was told of a server; of each sort one, as the incumbent keeps them. */
export interface Detection {
  /** Like that of a recovery; the hooks of the recovery that follows are told another one. */
  readonly id: string;
  readonly server: ServerId;
  readonly clusterId: ClusterId;
  readonly sort: DetectionSort;
  readonly facts: HookFacts;
  readonly detectedAtMs: number;
  /** Of the leader that means to run the hooks, or has. */
  readonly term: number;
  readonly attempt: number;
  /** Null while they run, and for ever if the leader died over them and nothing is wrong any more. */
  readonly outcome: StepOutcome | null;
}

export function detectionKey({ server, sort }: Pick<Detection, 'server' | 'sort'>): string {
  return `${sort} ${server}`;
}

const SORTS: ReadonlyMap<AnalysisCode, DetectionSort> = new Map([
  ['DeadMaster', 'actionable'],
  ['DeadMasterAndSomeReplicas', 'actionable'],
  ['DeadMasterAndReplicas', 'noticed'],
  ['UnreachableMasterWithLaggingReplicas', 'noticed'],
  ['UnreachableMaster', 'noticed'],
  ['LockedSemiSyncMaster', 'actionable'],
  ['MasterWithTooManySemiSyncReplicas', 'actionable'],
  ['NoWriteableMasterStructureWarning', 'actionable'],
  ['AllMasterReplicasNotReplicating', 'noticed'],
  ['AllMasterReplicasNotReplicatingOrDead', 'noticed'],
  ['DeadCoMaster', 'actionable'],
  ['DeadCoMasterAndSomeReplicas', 'actionable'],
  ['DeadIntermediateMasterWithSingleReplicaFailingToConnect', 'actionable'],
  ['DeadIntermediateMaster', 'actionable'],
  ['DeadIntermediateMasterAndSomeReplicas', 'actionable'],
  ['DeadIntermediateMasterAndReplicas', 'noticed'],
  ['UnreachableIntermediateMasterWithLaggingReplicas', 'noticed'],
  ['AllIntermediateMasterReplicasFailingToConnectOrDead', 'actionable'],
  ['DeadReplicationGroupMemberWithReplicas', 'actionable'],
]);

/** Null: hooks are not told of such. */
export function detectionSort(problem: Problem): DetectionSort | null {
  return SORTS.get(problem.code) ?? null;
}

/** Nobody wants to hear of a server that is in downtime, being worked on, or not to be recovered. */
export function isHushed(belief: Belief, ignoredHosts: readonly RegExp[], server: ServerId): boolean {
  const host = belief.servers.get(server)?.address.host ?? '';
  const words = [belief.downtimes.get(server), belief.maintenances.get(server)];
  return (
    words.some((word) => word !== undefined && word.endsAtMs > belief.nowMs) ||
    ignoredHosts.some((pattern) => pattern.test(host))
  );
}

/** Was this very failure told? `blockMs`: FailureDetectionPeriodBlockMinutes. */
export function wasTold(belief: Belief, known: Detection | undefined, blockMs: number): boolean {
  if (known === undefined || belief.nowMs - known.detectedAtMs >= blockMs) return false;
  for (const recovery of belief.recoveries.values()) {
    const { failed, clusterId, closedAtMs, acknowledged } = recovery;
    const isAnswered = failed === known.server && hasChanged(recovery) && (closedAtMs ?? 0) > known.detectedAtMs;
    const isSettled = clusterId === known.clusterId && (acknowledged?.atMs ?? 0) > known.detectedAtMs;
    if (isAnswered || isSettled) return false;
  }
  return true;
}
