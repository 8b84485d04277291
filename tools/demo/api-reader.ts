// A client that only reads, from the nodes that are up, all the time: what it saw while the leader changed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrchestratorNode } from '../lab/orchestrator-node.js';

const INTERVAL_MS = 10;
/** How slow they were is told; a machine that is busy makes them slow, and nothing makes them fail. */
const DEADLINE_MS = 60_000;

export interface Reads {
  readonly answered: number;
  readonly failed: number;
  readonly slowestMs: number;
}

/** Reads `/api/clusters` from these nodes in turn until `stop` is called. */
export function readAllAlong(nodes: readonly OrchestratorNode[]): { stop(): Promise<Reads> } {
  const reads = { answered: 0, failed: 0, slowestMs: 0 };
  let going = true;
  const readFrom = async (node: OrchestratorNode): Promise<void> => {
    while (going) {
      const startMs = performance.now();
      try {
        const { status, body } = await node.request('/api/clusters', DEADLINE_MS);
        if (status === 200 && Array.isArray(body) && body.length > 0) reads.answered += 1;
        else reads.failed += 1;
      } catch {
        reads.failed += 1;
      }
      reads.slowestMs = Math.max(reads.slowestMs, performance.now() - startMs);
      await sleep(INTERVAL_MS);
    }
  };
  const readers = nodes.map(readFrom);
  return {
    stop: async () => {
      going = false;
      await Promise.all(readers);
      return reads;
    },
  };
}
