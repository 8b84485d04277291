/** What the Raft thread is started with; plain data, because it crosses to another thread. */
import type { Membership } from '../../core/raft/message.js';
import type { RaftOptions } from '../../core/raft/node.js';
import type { NodeInfo } from '../ports/peer-transport.js';

export interface RaftThreadSettings {
  readonly clusterId: string;
  /** `raftAddress` is where peers reach this node; it listens at `listenAddress`. */
  readonly info: NodeInfo;
  readonly listenAddress: string;
  readonly dataDirectory: string;
  /** Who founds the cluster, this node included if it does; of no account once there is a log. */
  readonly birth: Membership;
  /** Where others may be found that are not where the log says: RaftNodes. */
  readonly places?: readonly string[];
  /** Clusters that ended when this node was made their only voter. */
  readonly formerClusterIds?: readonly string[];
  /** PEM files for mutual TLS between peers; null for none. */
  readonly tls: { readonly authorityFile: string; readonly certificateFile: string; readonly keyFile: string } | null;
  /** What differs from DEFAULT_RAFT_OPTIONS. */
  readonly raft?: Partial<Omit<RaftOptions, 'id'>>;
  readonly snapshotEveryBytes?: number;
}

/** PEM texts that take the place of those in the files of `tls`, for connections that are made from now on. */
export interface RenewedCertificates {
  readonly kind: 'renewed-certificates';
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** With what the starting thread adds. */
export interface RaftThreadData extends RaftThreadSettings {
  readonly leaseBuffer: SharedArrayBuffer;
}
