/**
 * Who may speak to us. Every call carries a few words about its caller; one that belongs to another cluster, speaks a
 * version we do not understand or keeps other times (peer-times.ts) is told so and by whom. Two clusters that listen to each other by a copied address would
 * otherwise depose each other's leaders without end.
 */
import { Metadata, status } from '@grpc/grpc-js';
import type { NodeId } from '../../../core/raft/message.js';
import { admitTimes, describeTimes, type PeerTimes } from './times.js';

/** Raised when a node of the version before can no longer take part; the log of changes is docs/architecture.md. */
const PROTOCOL = '1';

const CLUSTER = 'orchestrator-cluster';
const NODE = 'orchestrator-node';
const PROTOCOL_KEY = 'orchestrator-protocol';
const FOUNDING = 'orchestrator-founding';
const INSTANCE = 'orchestrator-instance';
const TIMES = 'orchestrator-times';

export interface Self {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Of this process (peer-namesakes.ts). */
  readonly instance?: string;
  /** Clusters that ended when this node was made their only voter; who comes from one of them is told so. */
  readonly formerClusterIds?: readonly string[];
  /** Which founding of the cluster our log goes back to; '' while it is not known. Absent where none is spoken of. */
  readonly founding?: () => string;
  /** Of Raft; absent where none of it is spoken. */
  readonly times?: PeerTimes;
}

export function introduceCaller(self: Self): Metadata {
  const metadata = new Metadata();
  metadata.set(CLUSTER, self.clusterId);
  metadata.set(NODE, self.nodeId);
  metadata.set(PROTOCOL_KEY, PROTOCOL);
  if (self.instance !== undefined) metadata.set(INSTANCE, self.instance);
  const founding = self.founding?.() ?? '';
  if (founding !== '') metadata.set(FOUNDING, founding);
  if (self.times !== undefined) metadata.set(TIMES, describeTimes(self.times));
  return metadata;
}

/** '' of a caller that does not say. */
export function instanceOf(metadata: Metadata): string {
  return word(metadata, INSTANCE);
}

function word(metadata: Metadata, key: string): string {
  return metadata.get(key).map(String).join();
}

export type Admission =
  | { readonly ok: true; readonly caller: NodeId }
  | { readonly ok: false; readonly caller: string; readonly reason: string };

export function admit(self: Self, metadata: Metadata): Admission {
  const caller = word(metadata, NODE);
  const refuse = (reason: string): Admission => ({ ok: false, caller, reason });
  if (caller === '')
    return refuse('the caller does not say which node it is: this port is for orchestrator nodes only');
  const cluster = word(metadata, CLUSTER);
  if (self.formerClusterIds?.includes(cluster) === true) {
    return refuse(
      `cluster ${cluster} was given up when node ${self.nodeId} was made its only voter, and is cluster ${self.clusterId} since: stop node ${caller}, empty its RaftDataDir, start it with RaftJoin and add it again ("orchestrator raft add")`,
    );
  }
  if (cluster !== self.clusterId) {
    return refuse(`node ${caller} is of cluster ${cluster}, and node ${self.nodeId} of cluster ${self.clusterId}`);
  }
  const protocol = word(metadata, PROTOCOL_KEY);
  if (protocol !== PROTOCOL) {
    return refuse(
      `node ${caller} speaks version ${protocol} of the peer protocol, and node ${self.nodeId} version ${PROTOCOL}`,
    );
  }
  if (caller === self.nodeId) return refuse(`two nodes are configured as ${caller}`);
  const stranger = objectionToFounding(self, caller, word(metadata, FOUNDING));
  if (stranger !== null) return refuse(stranger);
  const trouble = self.times === undefined ? null : admitTimes(self.nodeId, self.times, caller, word(metadata, TIMES));
  if (trouble !== null) return refuse(trouble);
  return { ok: true, caller: caller as NodeId };
}

/**
 * Why a node of this founding is none of ours; null when it is one, or when either knows of none yet, as a newcomer does.
 * The founders' list gives both clusters one id, so nothing else would keep the two histories apart.
 */
export function objectionToFounding(self: Self, peer: string, theirs = ''): string | null {
  const ours = self.founding?.() ?? '';
  if (ours === '' || theirs === '' || ours === theirs) return null;
  return (
    `node ${peer} holds the log of founding ${theirs}, and node ${self.nodeId} that of founding ${ours}: one of the two was ` +
    'founded anew on empty disks while the nodes of the other were down, and their histories cannot be joined. Decide which ' +
    'one is to stay ("orchestrator raft status" at each node); stop the nodes of the other, empty their RaftDataDir and start ' +
    'them again; if those that stay are no majority, run "orchestrator raft recover" on one of them first'
  );
}

/** The status of a call that was not admitted; the other end knows it by its code. */
export function refusal(reason: string): { readonly code: status; readonly details: string } {
  return { code: status.FAILED_PRECONDITION, details: reason };
}
