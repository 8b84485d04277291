/** All topologies as they were at one instant: who was there, below whom, and in which cluster. */
import type { Address } from '../topology/address.js';

export interface SnapshotRow {
  readonly address: Address;
  readonly source: Address | null;
  /** The cluster's name and alias of that time. */
  readonly clusterName: string;
  readonly clusterAlias: string;
  readonly version: string;
}

export interface TopologySnapshot {
  readonly atMs: number;
  readonly rows: readonly SnapshotRow[];
}
