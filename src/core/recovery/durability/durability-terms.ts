/** What an operator may ask of a failover's durability, and what a recovery's record holds of it; see durability.ts. */
import type { ServerId } from '../../topology/server.js';
import type { ClusterFilter } from '../guards/filters.js';

/**
 * none: promote, and say what may be lost. semi-sync: only when nothing that was acknowledged can be lost, and enough
 * ackers remain. cross-zone: besides, one that was reached, and one that remains, stand in another data centre.
 */
export type DurabilityPolicy = 'none' | 'semi-sync' | 'cross-zone';

export interface DurabilityRule {
  readonly clusters: ClusterFilter;
  readonly policy: DurabilityPolicy;
}

export interface Acker {
  readonly server: ServerId;
  /** `host:port`, for sentences. */
  readonly name: string;
  readonly zone: string;
  /** Why what it has received proves nothing, although it is reached; null when it does. */
  readonly doubt: string | null;
}

/** What the opening knew; part of its inputs. */
export interface DurabilityTerms {
  readonly policy: DurabilityPolicy;
  /** Nothing is promoted without the guarantee. */
  readonly enforced: boolean;
  readonly primaryZone: string;
  /** Of how many replicas the primary waited for the acknowledgement. */
  readonly waitCount: number;
  /** Every replica that may have acknowledged. */
  readonly ackers: readonly Acker[];
  /** Why nothing was guaranteed while the primary lived, whoever is reached. */
  readonly doubts: readonly string[];
}

export type DurabilityVerdict =
  | { readonly kind: 'guaranteed' }
  | { readonly kind: 'not-guaranteed'; readonly because: readonly string[] };
