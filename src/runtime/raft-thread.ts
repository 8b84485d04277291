/**
 * Starts the Raft thread and watches over it. Raft has a thread of its own because a heartbeat must not wait for a page of
 * JSON; when that thread dies the node is no member of its cluster any more, and carrying on without it would be to act on
 * old news.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from './ports/clock.js';
import type { Consensus } from './ports/consensus.js';
import { RaftClient } from './raft-client.js';
import { createLeaseBuffer, LeaseReader } from './raft-worker/lease-cell.js';
import type { Line, ToMain, ToWorker } from './raft-worker/protocol.js';
import type { RaftThreadData, RaftThreadSettings, RenewedCertificates } from './raft-worker/thread-settings.js';

/** Calls the listener whenever a reload found other certificates. */
export type OnRenewed = (listener: (renewed: Omit<RenewedCertificates, 'kind'>) => void) => void;

/** `program` is the compiled entry of the thread: Node 20 starts no thread from TypeScript. */
export function openRaft(
  program: URL,
  settings: RaftThreadSettings,
  clock: Clock = systemClock,
  onRenewed: OnRenewed = () => undefined,
): Consensus {
  const leaseBuffer = createLeaseBuffer();
  const workerData: RaftThreadData = { ...settings, leaseBuffer };
  const worker = new Worker(program, { workerData, name: 'raft' });
  const line: Line<ToWorker, ToMain> = {
    post: (message, transfer) => {
      worker.postMessage(message, transfer ?? []);
    },
    onMessage: (listener) => {
      worker.on('message', listener);
    },
  };
  onRenewed((renewed) => {
    worker.postMessage({ kind: 'renewed-certificates', ...renewed } satisfies RenewedCertificates);
  });
  const client = new RaftClient(line, new LeaseReader(leaseBuffer, clock), clock);
  worker.on('error', (error) => {
    client.died(error);
  });
  worker.on('exit', (code) => {
    client.died(new Error(`it ended with code ${code}`));
  });
  return client;
}
