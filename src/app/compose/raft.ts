/** This node's place in its cluster: who it is, who founds the cluster with it, and the Raft thread. */
import { randomBytes } from 'node:crypto';
import { identityOf } from '../../adapters/level/identity-file.js';
import type { Membership, NodeId } from '../../core/raft/message.js';
import type { Consensus } from '../../runtime/ports/consensus.js';
import type { NodeInfo } from '../../runtime/ports/peer-transport.js';
import { openRaft } from '../../runtime/raft-thread.js';
import type { Config } from '../config/config.js';
import { endpointText, type ListenAddress } from '../config/endpoints.js';
import type { Log } from '../log.js';
import { programVersion } from '../version.js';

export interface RaftSide {
  readonly consensus: Consensus;
  readonly self: { readonly clusterId: string; readonly nodeId: NodeId };
}

export async function openRaftSide(config: Config, log: Log): Promise<RaftSide> {
  const nodeId = config.raft.id as NodeId;
  const clusterId = await clusterIdOf(config, log);
  const consensus = openRaft(new URL('../raft-worker-main.js', import.meta.url), {
    clusterId,
    info: infoOf(config),
    listenAddress: listenText(config.raft.bind),
    dataDirectory: config.raft.dataDir,
    birth: birthOf(config),
    tls: null,
  });
  return { consensus, self: { clusterId, nodeId } };
}

/** What the directory remembers holds: a cluster keeps its id when its members are others than those that founded it. */
async function clusterIdOf(config: Config, log: Log): Promise<string> {
  const configured = config.raft.clusterId;
  const found = (await identityOf(config.raft.dataDir))?.clusterId;
  if (typeof found !== 'string') return configured ?? randomBytes(16).toString('hex');
  if (configured !== null && configured !== found) {
    log.warn(
      { found, configured },
      'RaftNodes is not the list that founded this cluster; the membership in the log holds, and RaftNodes is not read again',
    );
  }
  return found;
}

function infoOf(config: Config): NodeInfo {
  const own = config.raft.members.find(({ id }) => id === config.raft.id);
  return {
    id: config.raft.id as NodeId,
    raftAddress: own?.address ?? config.raft.id,
    httpAddress: config.http.advertiseUrl + config.http.urlPrefix,
    grpcAddress: config.grpc.advertise,
    version: programVersion(),
  };
}

function birthOf(config: Config): Membership {
  return {
    voters: config.raft.members.map(({ id }) => id as NodeId),
    outgoing: [],
    learners: [],
    addresses: Object.fromEntries(config.raft.members.map(({ id, address }) => [id, address])),
  };
}

export function listenText({ host, port }: ListenAddress): string {
  return endpointText({ host: host ?? '0.0.0.0', port });
}
