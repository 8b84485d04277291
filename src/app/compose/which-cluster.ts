/**
 * Which cluster this node belongs to. What its directory remembers holds: a cluster keeps its id when its members are others
 * than those that founded it. A new node that joins learns it from the members, and waits for one of them to answer. A new
 * node that founds a cluster asks as well, once: where the others are a cluster already, this one has lost its disk, and must
 * come back to the cluster it was in and not to one of its own making.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { meetAs } from '../../adapters/grpc/raft/meeting.js';
import { identityOf } from '../../adapters/level/identity-file.js';
import type { Greeting } from '../../runtime/ports/peer-transport.js';
import type { RaftConfig } from '../config/config.js';
import type { Log } from '../log.js';

const MEETING_MS = 1000;
const ASK_AGAIN_MS = 1000;

export interface OwnCluster {
  readonly clusterId: string;
  readonly formerClusterIds: readonly string[];
}

/** Rejects when `stop` is aborted while a node that joins still looks for its cluster. */
export async function whichCluster(raft: RaftConfig, log: Log, stop: AbortSignal): Promise<OwnCluster> {
  const identity = await identityOf(raft.dataDir);
  if (typeof identity?.clusterId === 'string') {
    const former = identity.formerClusterIds;
    const formerClusterIds = Array.isArray(former) ? former.map(String) : [];
    return { clusterId: identity.clusterId, formerClusterIds };
  }
  return {
    clusterId: raft.joins ? await clusterToJoin(raft, log, stop) : await clusterToFound(raft, log),
    formerClusterIds: [],
  };
}

async function clusterToJoin({ places, tls }: RaftConfig, log: Log, stop: AbortSignal): Promise<string> {
  for (let told = ''; ; ) {
    const greetings = await meetAll(places, tls);
    const cluster = greetings.find(({ introduction }) => introduction.hasLog)?.clusterId;
    if (cluster !== undefined) {
      log.info(`RaftJoin: the cluster of ${places.join(', ')} is ${cluster}`);
      return cluster;
    }
    const why = greetings.length === 0 ? 'none of them answers' : 'they are no cluster yet';
    if (why !== told) log.warn(`RaftJoin: waiting for a member of the cluster at ${places.join(', ')}: ${why}`);
    told = why;
    await sleep(ASK_AGAIN_MS, undefined, { signal: stop });
  }
}

async function clusterToFound({ id, places, clusterId, tls }: RaftConfig, log: Log): Promise<string> {
  const founded = clusterId ?? randomBytes(16).toString('hex');
  if (places.length === 0) return founded;
  const known = (await meetAll(places, tls)).find(
    ({ introduction }) => introduction.hasLog && introduction.cluster.addresses[id] !== undefined,
  );
  if (known === undefined || known.clusterId === founded) return founded;
  log.warn(
    `the disk of this node is empty, and ${known.introduction.info.id} knows it as a member of ${known.clusterId}`,
  );
  return known.clusterId;
}

async function meetAll(places: readonly string[], tls: RaftConfig['tls']): Promise<readonly Greeting[]> {
  const met = await Promise.allSettled(places.map((place) => meetAs(tls, place, MEETING_MS)));
  return met.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
