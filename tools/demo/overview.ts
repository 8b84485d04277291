// What the demo reads of a node's `/api/v1/overview`: only what it talks about.
import type { OrchestratorNode } from '../lab/orchestrator-node.js';

export interface Overview {
  readonly node: { readonly id: string; readonly role: string; readonly term: number };
  readonly clusters: readonly ClusterOverview[];
  /** Newest first. */
  readonly recoveries: readonly RecoveryOverview[];
}

export interface ClusterOverview {
  readonly id: string;
  readonly name: string;
  readonly primary: string;
  readonly epoch: number;
  readonly automaticRecovery: boolean;
  /** What a failover would do now. */
  readonly failover: { readonly wouldFailOver: boolean; readonly guaranteed: boolean };
  readonly problems: readonly { readonly code: string; readonly description: string }[];
  readonly servers: readonly ServerOverview[];
}

export interface ServerOverview {
  readonly id: string;
  readonly address: string;
  readonly valid: boolean;
  readonly writable: boolean;
  readonly source: string | null;
  readonly ioThread: string | null;
  readonly sqlThread: string | null;
  readonly demotion: { readonly state: string; readonly extraGtids: string } | null;
}

/** Times are wall-clock milliseconds of the leader. */
export interface RecoveryOverview {
  readonly id: string;
  readonly kind: string;
  readonly code: string;
  readonly description: string;
  readonly failed: string;
  readonly successor: string | null;
  readonly openedAtMs: number;
  readonly openedBy: string;
  readonly closedAtMs: number | null;
  readonly verdict: { readonly kind: string; readonly reason: string } | null;
  readonly lost: readonly { readonly address: string; readonly reason: string }[];
  readonly steps: readonly {
    readonly kind: string;
    readonly server: string;
    readonly attempt: number;
    readonly intendedAtMs: number;
    readonly finishedAtMs: number | null;
    readonly ok: boolean | null;
    readonly intent: string;
    readonly detail: string;
  }[];
}

/** A node that was just frozen does not answer, and whoever looks again and again is not to be held up by it. */
const DEADLINE_MS = 10_000;

export async function readOverview(node: OrchestratorNode): Promise<Overview> {
  return await node.get<Overview>('/api/v1/overview', DEADLINE_MS);
}
