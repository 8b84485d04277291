/** This node's place in its cluster: who it is, who founds the cluster with it, and the Raft thread. */
import { doorCredentials, loadCredentials, type PeerCredentials } from '../../adapters/grpc/raft/tls.js';
import { SCHEMA_VERSION } from '../../core/ledger/codec.js';
import type { Membership, NodeId } from '../../core/raft/message.js';
import type { Consensus } from '../../runtime/ports/consensus.js';
import type { NodeInfo } from '../../runtime/ports/peer-transport.js';
import { openRaft } from '../../runtime/raft-thread.js';
import { systemClock } from '../../runtime/ports/clock.js';
import type { Config } from '../config/config.js';
import { endpointText, type ListenAddress } from '../config/sections/endpoints.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import { programVersion } from '../version.js';
import { whichCluster } from './which-cluster.js';

export interface RaftSide {
  readonly consensus: Consensus;
  /** For the gRPC port, to call and to be called. */
  readonly credentials: PeerCredentials;
  readonly self: { readonly clusterId: string; readonly nodeId: NodeId };
}

export async function openRaftSide(live: LiveConfig, log: Log, stop: AbortSignal): Promise<RaftSide> {
  const { config } = live;
  const nodeId = config.raft.id as NodeId;
  const { tls } = config.http;
  const credentials =
    config.raft.tls === null && tls !== null
      ? doorCredentials({ ...tls, key: tls.key.reveal(), isMutual: tls.mutual !== null })
      : await loadCredentials(config.raft.tls);
  live.subscribe(({ raft, http }) => {
    const renewed = raft.tls ?? http.tls;
    if (renewed !== null) credentials.renew({ ...renewed, key: renewed.key.reveal() });
  });
  const { clusterId, formerClusterIds } = await whichCluster(config.raft, log, stop);
  const settings = {
    clusterId,
    formerClusterIds,
    info: infoOf(config),
    listenAddress: listenText(config.raft.bind),
    dataDirectory: config.raft.dataDir,
    birth: birthOf(config),
    places: config.raft.places,
    tls: filesOf(config.raft),
  };
  const consensus = openRaft(new URL('../raft-worker-main.js', import.meta.url), settings, systemClock, (renew) => {
    live.subscribe(({ raft: { tls: renewed } }) => {
      if (renewed === null) return;
      const { authority, certificate, key } = renewed;
      renew({ authority, certificate, key: key.reveal() });
    });
  });
  return { consensus, credentials, self: { clusterId, nodeId } };
}

/** They are read there: what crosses to the thread at its start is kept for as long as it runs. */
function filesOf({ tls }: Config['raft']) {
  if (tls === null) return null;
  const { authorityFile, certificateFile, keyFile } = tls;
  return { authorityFile, certificateFile, keyFile };
}

function infoOf(config: Config): NodeInfo {
  return {
    id: config.raft.id as NodeId,
    raftAddress: config.raft.advertise,
    httpAddress: config.http.advertiseUrl + config.http.urlPrefix,
    grpcAddress: config.grpc.advertise,
    version: programVersion(),
    schema: SCHEMA_VERSION,
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
