/**
 * The use cases behind every door: HTTP, gRPC and the command line call these and nothing else. Reads answer from this
 * node's own state at once; writes run on the leader (`Forwarded` tells a door to pass the request on).
 */
import type { Problem, StructureCode } from '../../core/analysis/problem.js';
import type { LedgerState } from '../../core/ledger/state.js';
import type { ReplicationRules } from '../../core/recovery/choice/can-replicate.js';
import type { Explanation } from '../../core/recovery/explain/explain.js';
import type { OperatorRequest } from '../../core/recovery/requests/operator-request.js';
import type { RecoveryPlan } from '../../core/recovery/preview/plan.js';
import type { PlanRequest as PlanWish } from '../../core/recovery/preview/plan-request.js';
import type { Pair } from '../../core/recovery/telling/publication.js';
import type { MoveWish } from '../../core/recovery/openings/move-wishes.js';
import type { SwitchWish } from '../../core/recovery/openings/switches/wish.js';
import type { Recovery, RecoveryId } from '../../core/recovery/recovery.js';
import type { WayBack } from '../../core/recovery/ways-back/returns.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ClusterId, Server, ServerId } from '../../core/topology/server.js';
import type { BinlogPosition, Vitals } from '../../core/topology/vitals.js';
import type { ProbingMetrics } from './probing-metrics.js';
import type { Answer } from './answer.js';
import type { Keeping } from './keeping.js';

/** What was last seen of a server: by this node where it probes it itself, else by the node whose share it is. */
export interface Sighting {
  readonly address: Address;
  readonly server: ServerId | null;
  /** Id of the node whose look this was. */
  readonly seenBy: string;
  /** Wall clock of this node, milliseconds, also for the looks of others; null when it never happened. */
  readonly lastAttemptAtMs: number | null;
  readonly lastSeenAtMs: number | null;
  readonly valid: boolean;
  readonly lastError: string | null;
  /** The GRANT for want of which the last probe failed; null where no right is known to be missing. */
  readonly lacking: string | null;
  /** MySQL answered the last look with an error. */
  readonly unread?: true;
  /** From the last successful probe; null before the first. */
  readonly vitals: Vitals | null;
}

/**
 * Sightings are of addresses. One at which another server answers is no sighting of this one, whose facts and vitals
 * would be mixed with those of the other: of this one only its absence is known.
 */
export function sightingOfServer({ id, address }: Server, sighting: Sighting | null): Sighting | null {
  if (sighting === null || sighting.server === null || sighting.server === id) return sighting;
  const lastError = `${addressText(address)} answers as ${sighting.server}, which is another server`;
  return { ...sighting, server: null, lastSeenAtMs: null, valid: false, lastError, vitals: null };
}

export interface NodeStatus {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner' | 'starting';
  readonly term: number;
  readonly leader: string | null;
  /** Base URL of the leader's HTTP API; null when there is no leader or it has not announced itself. */
  readonly leaderHttpAddress: string | null;
  /** Knows a leader that it heard from within the last election timeout, or leads with a quorum. */
  readonly inQuorum: boolean;
  readonly raftEnabled: boolean;
  readonly members: readonly MemberStatus[];
  readonly appliedIndex: number;
}

export interface MemberStatus {
  readonly id: string;
  readonly voter: boolean;
  readonly raftAddress: string;
  readonly httpAddress: string;
  readonly isLeader: boolean;
  /** On the leader: milliseconds since it was last heard; null elsewhere or never. */
  readonly lastHeardMs: number | null;
}

export interface Analysis {
  readonly problems: readonly Problem[];
  readonly structure: ReadonlyMap<ServerId, readonly StructureCode[]>;
  /** Why nothing would be done about a problem now, if so; by the problem's server. */
  readonly restraint: ReadonlyMap<ServerId, readonly string[]>;
}

/** What a door shows beside the state; the incumbent's keys of the same names. */
export interface PublicSettings {
  readonly defaultInstancePort: number;
  readonly instancePollSeconds: number;
  readonly reasonableReplicationLagSeconds: number;
  readonly reasonableMaintenanceReplicationLagSeconds: number;
  /** RemoveTextFromHostnameDisplay; '' when nothing is to be removed. */
  readonly textRemovedFromHosts: string;
  /** WebMessage; '' when there is none. */
  readonly webMessage: string;
  /** SupportFuzzyPoolHostnames: a part of a host's name may stand for it in a pool's list. */
  readonly fuzzyPoolHosts: boolean;
  /** Does automatic recovery of a dead primary cover this cluster? By RecoverMasterClusterFilters. */
  automaticPrimaryRecovery(cluster: ClusterId): boolean;
  automaticIntermediateRecovery(cluster: ClusterId): boolean;
  /** ProblemIgnoreHostnameFilters: what is wrong with it is not listed. */
  hidesProblemsOf(address: Address): boolean;
  /** OSCIgnoreHostnameFilters: no measure of how far a cluster lags. */
  isNoControlReplica(address: Address): boolean;
  readonly replicationRules: ReplicationRules;
  /** RecoveryPeriodBlockSeconds, in milliseconds; 0: nothing is blocked. */
  readonly recoveryBlockMs: number;
  /** As an operator wrote them. */
  readonly recoveryFilters: {
    readonly primaryClusters: readonly string[];
    readonly intermediateClusters: readonly string[];
    readonly ignoredHosts: readonly string[];
  };
}

export type ServiceEvent =
  | { readonly kind: 'state'; readonly index: number }
  | { readonly kind: 'sighting' }
  | { readonly kind: 'node' }
  | { readonly kind: 'analysis' };

export interface RecoveryRequest extends OperatorRequest {
  readonly requestedBy: string;
  /** None of the commands that the configuration names is run; always so for recover-lite. */
  readonly skipHooks?: boolean;
  /** The caller's mark: the same mark again is the same request, and is answered with what became of it. */
  readonly requestKey?: string;
}

export interface MoveRequest extends MoveWish {
  readonly clusterId: ClusterId;
  readonly requestedBy: string;
  /** As of a recovery. */
  readonly requestKey?: string;
}

export interface SwitchRequest extends SwitchWish {
  readonly clusterId: ClusterId;
  readonly requestedBy: string;
  /** As of a recovery. */
  readonly requestKey?: string;
}

/** A request is shown with all that it says, or what nobody asked for. */
export type PlanRequest = RecoveryRequest | Extract<PlanWish, { readonly command: 'automatic' }>;

export interface WayBackRequest {
  readonly way: WayBack;
  readonly server: ServerId;
  /** rebuild: whose copy it is to be; null: the best one. */
  readonly donor: ServerId | null;
  readonly requestedBy: string;
  /** As of a recovery. */
  readonly requestKey?: string;
}

/** What a way back would do now, by what was last seen. */
export interface WayBackPlan {
  readonly way: WayBack;
  /** Empty: it could be taken. */
  readonly refusals: readonly { readonly code: string; readonly message: string; readonly mend: string }[];
  /** As sentences, in order; empty when it is refused. */
  readonly steps: readonly string[];
  readonly ending: string;
}

export type { Answer, Refusal } from './answer.js';

export interface Service extends Keeping {
  readonly state: LedgerState;
  readonly settings: PublicSettings;
  node(): NodeStatus;
  analysis(): Analysis;
  sighting(address: Address): Sighting | null;
  /** What a failover would do now, and if it would not happen, why; null when there is no such cluster. */
  explain(cluster: ClusterId): Explanation | null;
  /** Nothing is begun. From this node's own state: what the leader would say may differ by what it has seen since. */
  plan(request: PlanRequest): RecoveryPlan;
  /** Of this node's own probes. */
  probingMetrics(): ProbingMetrics;
  subscribe(listener: (event: ServiceEvent) => void): () => void;

  /** Probes the address now and commits what was found. */
  discover(address: Address, requestedBy: string): Promise<Answer<Server>>;
  forget(address: Address, requestedBy: string): Promise<Answer<Address>>;
  /** The three ways back of a server that was set apart, or why not; on any node. */
  waysBack(server: ServerId, donor?: ServerId | null): readonly WayBackPlan[];
  /** Answers when it has ended, or when it is under way: then its record says what becomes of it. */
  wayBack(request: WayBackRequest): Promise<Answer<Recovery>>;
  /**
   * Gives replicas another source. Resolves when the plan has ended, whatever its verdict, and what it changed is known.
   * Requests of one cluster wait for each other.
   */
  move(request: MoveRequest): Promise<Answer<Recovery>>;
  /** Nothing is begun; as `plan`. */
  planMove(request: MoveRequest): RecoveryPlan;
  /**
   * Changes one server. Resolves when the plan has ended, whatever its verdict, and what it changed is known. Requests of one
   * server wait for each other.
   */
  switch(request: SwitchRequest): Promise<Answer<Recovery>>;
  /** Nothing is begun; as `plan`. */
  planSwitch(request: SwitchRequest): RecoveryPlan;
  /**
   * Resolves when the server's main channel has applied up to that place in the log of its source, or the time is up; true:
   * it has.
   */
  awaitPosition(server: Server, place: BinlogPosition, limitMs: number): Promise<Answer<boolean>>;
  /** A plan of moves begins nothing more, and ends when what it has begun is done. */
  cancelMove(id: RecoveryId, by: string): Promise<Answer<Recovery>>;
  /** Resolves when the recovery is closed, whatever its verdict. */
  recover(request: RecoveryRequest): Promise<Answer<Recovery>>;
  acknowledge(
    selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
    by: string,
    comment: string,
  ): Promise<Answer<number>>;
  switchRecoveries(enabled: boolean, by: string): Promise<Answer<boolean>>;
  /** False: it was not on. */
  releaseBrake(by: string): Promise<Answer<boolean>>;
  beginDowntime(server: ServerId, owner: string, reason: string, durationMs: number): Promise<Answer<Server>>;
  endDowntime(server: ServerId, by: string): Promise<Answer<Server>>;
  /** The name becomes an address, and something listens there. */
  resolve(address: Address): Promise<Answer<Address>>;
  /** Names of the server's binary logs that hold any of these transactions, the oldest first; the server is asked. */
  locateGtids(server: Server, gtids: string): Promise<Answer<readonly string[]>>;
  setAlias(cluster: ClusterId, alias: string, by: string): Promise<Answer<string>>;
  /** Writes where the primary is to all key-value stores, of one cluster or of all; what was written. */
  submitPrimaries(cluster: ClusterId | null): Promise<Answer<readonly Pair[]>>;
}
