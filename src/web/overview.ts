/**
 * What `GET /api/v1/overview` answers, as the page reads it. The other end is the HTTP adapter; the page shares no code
 * with the server, so that either can be replaced. Times are wall-clock milliseconds, ages milliseconds.
 */
export interface Overview {
  readonly atMs: number;
  readonly node: {
    readonly id: string;
    readonly role: string;
    readonly term: number;
    readonly leader: string | null;
    readonly inQuorum: boolean;
    readonly appliedIndex: number;
    readonly version: string;
  };
  readonly members: readonly MemberView[];
  /** WebMessage: what the operators of this installation want everybody to read; '' when nothing. */
  readonly message: string;
  /** Cut out of host names where they are shown; '' cuts nothing. */
  readonly textRemovedFromHosts: string;
  readonly recoveriesEnabled: boolean;
  /** Why automatic recovery has stopped itself; null when it has not. */
  readonly brake: string | null;
  readonly clusters: readonly ClusterView[];
  /** Addresses that were to be probed and never answered this node. */
  readonly unanswered: readonly {
    readonly address: string;
    readonly origin: string;
    readonly lastError: string | null;
  }[];
  /** Newest first, at most 30. */
  readonly recoveries: readonly RecoveryView[];
  /** Newest first, at most 60. */
  readonly audit: readonly {
    readonly number: number;
    readonly atMs: number;
    readonly kind: string;
    readonly text: string;
  }[];
}

export interface MemberView {
  readonly id: string;
  readonly voter: boolean;
  readonly isLeader: boolean;
  readonly isSelf: boolean;
  readonly httpAddress: string;
  readonly raftAddress: string;
  /** Known on the leader only. */
  readonly lastHeardMs: number | null;
}

export interface ClusterView {
  readonly id: string;
  /** host:port of the primary. */
  readonly name: string;
  readonly alias: string;
  /** A server's id. */
  readonly primary: string;
  readonly epoch: number;
  readonly automaticRecovery: boolean;
  /** Would it be failed over now, if its primary died? */
  readonly failover: {
    readonly wouldFailOver: boolean;
    /** host:port */
    readonly successor: string | null;
    readonly reasons: readonly string[];
    /** No acknowledged transaction would be lost. */
    readonly guaranteed: boolean;
  };
  readonly problems: readonly ProblemView[];
  readonly servers: readonly ServerView[];
}

export interface ServerView {
  readonly id: string;
  readonly address: string;
  /** Id of the server it replicates from, if that one is known. */
  readonly source: string | null;
  readonly role: 'primary' | 'replica' | 'former-primary' | 'standalone';
  readonly version: string;
  readonly writable: boolean;
  /** Did it answer the last probe of the node that is asked? */
  readonly valid: boolean;
  readonly lastError: string | null;
  readonly lastSeenAgeMs: number | null;
  readonly lagSeconds: number | null;
  readonly ioThread: string | null;
  readonly sqlThread: string | null;
  readonly executedGtids: string;
  readonly downtime: { readonly reason: string; readonly endsAtMs: number } | null;
  readonly demotion: { readonly state: string; readonly extraGtids: string } | null;
  readonly apart: ApartView | null;
}

/** Why a server is not part of its cluster's replication, where that is the orchestrator's doing. */
export interface ApartView {
  readonly state: string;
  readonly reason: string;
  readonly gtids: string;
}

export interface ProblemView {
  readonly server: string;
  readonly code: string;
  readonly description: string;
  readonly severity: string;
  readonly because: readonly string[];
  /** Why nothing is done about it now; empty when something is. */
  readonly restraint: readonly string[];
}

export interface RecoveryView {
  readonly id: string;
  readonly kind: string;
  readonly clusterId: string;
  readonly code: string;
  readonly description: string;
  /** Addresses. */
  readonly failed: string;
  readonly successor: string | null;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly verdict: { readonly kind: string; readonly reason: string } | null;
  readonly acknowledged: boolean;
  readonly durability: { readonly guaranteed: boolean; readonly because: readonly string[] } | null;
  readonly lost: readonly { readonly address: string; readonly reason: string }[];
  readonly headway: { readonly arrived: number; readonly of: number } | null;
  readonly steps: readonly StepView[];
}

/** Why something is not done, and what a person can do about it; '' where it passes by itself. */
export interface RefusalView {
  readonly code: string;
  readonly message: string;
  readonly mend: string;
}

/** What `GET /api/v1/plan/...` answers, as far as it is shown. */
export interface PlanView {
  readonly wouldRun: boolean;
  readonly refusals: readonly RefusalView[];
  /** Absent from nodes of an earlier release. */
  readonly warnings?: readonly RefusalView[];
  readonly successor: { readonly name: string; readonly because: string } | null;
  readonly steps: readonly { readonly number: number; readonly text: string; readonly isPointOfNoReturn: boolean }[];
  readonly lost: readonly { readonly server: string; readonly name: string; readonly reason: string }[];
  readonly hooks: readonly string[];
}

/** What `GET /api/v1/ways-back/HOST/PORT` answers. */
export interface WaysBackView {
  readonly ways: readonly {
    readonly way: string;
    readonly refusals: readonly RefusalView[];
    readonly steps: readonly string[];
  }[];
  readonly underWay: { readonly way: string } | null;
}

export interface StepView {
  readonly number: number;
  readonly kind: string;
  readonly server: string;
  readonly intendedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly ok: boolean | null;
  /** What is meant, as a sentence. */
  readonly intent: string;
  /** What was found, or what went wrong; of a step under way, what a person has to know. */
  readonly detail: string;
}
