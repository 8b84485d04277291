/** A node from its configuration to its end: the only place where adapters meet the loops. */
import { GrpcPeers } from '../adapters/grpc/peers/client.js';
import type { SystemLog } from '../adapters/outlets/system-log.js';
import { openDoors } from './compose/doors.js';
import { openMysqlSide } from './compose/mysql.js';
import { ComposedNode } from './compose/node.js';
import { openOutlets } from './compose/outlets.js';
import { openRaftSide, type RaftSide } from './compose/raft.js';
import type { LiveConfig } from './config/live.js';
import type { Log } from './log.js';
import type { Configuration } from '../runtime/ports/configuration.js';

export interface NodeRun {
  readonly live: LiveConfig;
  readonly configuration: Configuration;
  readonly log: Log;
  /** Cuts every known secret out of a text. */
  readonly conceal: (text: string) => string;
  /** Null: nothing is to go there. */
  readonly systemLog: SystemLog | null;
  readonly stop: AbortSignal;
}

/** Runs a node until `stop` is aborted. Rejects when it cannot start or cannot go on. */
export async function runNode({ live, configuration, log, conceal, systemLog, stop }: NodeRun): Promise<void> {
  const { config } = live;
  const raft = await openRaftSide(live, log, stop).catch((error: unknown) => {
    // It was asked to stop while it looked for the cluster that it is to join.
    if (stop.aborted) return null;
    throw error;
  });
  if (raft === null) return;
  const mysql = openMysqlSide(live, conceal);
  const ending = new Ending(stop);
  const node = new ComposedNode({ live, log, raft, mysql, peers: openPeers(raft, log), conceal, onFatal: ending.fail });
  const doors = openDoors({ live, log, raft, mysql, node, configuration, conceal });
  const outlets = openOutlets({ live, log, systemLog, node, figures: doors.figures });
  try {
    await node.start();
    await doors.start();
    outlets.start();
    const { listen, advertiseUrl, urlPrefix } = config.http;
    const door = 'socket' in listen ? listen.socket : `${advertiseUrl}${urlPrefix}`;
    log.info({ grpc: config.grpc.advertise }, `ready: ${door}`);
    await ending.reached;
    await node.handOver();
  } finally {
    outlets.stop();
    await doors.stop();
    await node.stop();
  }
}

/** When a node ends: asked to, or because it cannot go on. */
class Ending {
  readonly reached: Promise<void>;
  #fail: (error: Error) => void = () => undefined;

  constructor(stop: AbortSignal) {
    this.reached = new Promise((resolve, reject) => {
      this.#fail = reject;
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => {
        resolve();
      });
    });
    // It may fail while the node is still starting, when nobody waits for it yet.
    this.reached.catch(() => undefined);
  }

  readonly fail = (error: Error): void => {
    this.#fail(error);
  };
}

function openPeers({ consensus, self, credentials }: RaftSide, log: Log): GrpcPeers {
  return new GrpcPeers({
    self,
    credentials: credentials.client,
    addresses: () => new Map([...consensus.peers().values()].map(({ id, grpcAddress }) => [id, grpcAddress])),
    leader: () => consensus.leadership().leader,
    onTrouble: (node, reason) => {
      if (reason === null) log.info(`${node} can be asked again`);
      else log.warn(`${node} cannot be asked: ${reason}`);
    },
  });
}
