/**
 * The program of the Raft thread: LevelDB, gRPC and the clock of this machine, wired to the host that knows none of them.
 * What throws here, and what `die` is told, ends the thread, and the main thread then ends the process.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { GrpcPeerTransport } from '../adapters/grpc/raft/grpc-peer-transport.js';
import { FileSnapshotStore } from '../adapters/level/file-snapshot-store.js';
import { claimDirectory, rememberFounding } from '../adapters/level/identity-file.js';
import { LevelLogStore } from '../adapters/level/level-log-store.js';
import { assert } from '../core/base/assert.js';
import { createRng } from '../core/base/rng.js';
import { DEFAULT_RAFT_OPTIONS } from '../core/raft/options.js';
import { systemClock } from '../runtime/ports/clock.js';
import type { Line, ToMain, ToWorker } from '../runtime/raft-worker/protocol.js';
import { RaftHost } from '../runtime/raft-worker/raft-host.js';
import type { RaftThreadData, RenewedCertificates } from '../runtime/raft-worker/thread-settings.js';

const SNAPSHOT_EVERY_BYTES = 8 * 1024 * 1024;

const port = parentPort;
assert(port !== null, 'raft-worker-main is the program of a worker thread');
const data = workerData as RaftThreadData;
const { clusterId, info, dataDirectory, listenAddress, tls, birth, leaseBuffer } = data;

// What goes wrong with a peer is told by the transport, in its own words.
setLogVerbosity(logVerbosity.NONE);

const self = { clusterId, nodeId: info.id };
const instance = randomBytes(8).toString('hex');
const { formerClusterIds = [] } = data;
const options = { ...DEFAULT_RAFT_OPTIONS, ...data.raft, id: info.id };
const transport = new GrpcPeerTransport(
  { ...self, instance, formerClusterIds, times: options, listenAddress, tls },
  systemClock,
);

const line: Line<ToMain, ToWorker> = {
  post: (message, transfer) => {
    port.postMessage(message, transfer ?? []);
    // The last word: with its port closed the thread has nothing left to wait for.
    if (message.kind === 'closed') port.close();
  },
  onMessage: (listener) => {
    port.on('message', (message: ToWorker | RenewedCertificates) => {
      if (message.kind === 'renewed-certificates') transport.renewCertificates(message);
      else listener(message);
    });
  },
};

new RaftHost(
  {
    info,
    birth,
    options,
    snapshotEveryBytes: data.snapshotEveryBytes ?? SNAPSHOT_EVERY_BYTES,
    leaseBuffer,
    instance,
    newFounding: randomBytes(16).toString('hex'),
    places: data.places ?? [],
  },
  {
    clock: systemClock,
    rng: createRng(randomInt(2 ** 32)),
    claim: () => claimDirectory(dataDirectory, self),
    rememberFounding: (founding) => rememberFounding(dataDirectory, founding),
    log: new LevelLogStore(dataDirectory),
    snapshots: new FileSnapshotStore(dataDirectory),
    transport,
    line,
    later: setImmediate,
    die: (why) => {
      setImmediate(() => {
        throw new Error(why);
      });
    },
  },
);
