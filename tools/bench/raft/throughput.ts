// How many writes and reads, and how long each takes. Through Pipeline, because a unary call of this client costs more than
// the write itself; what unary calls give is reported beside it.
import type { BenchNode } from './bench-cluster.js';
import { KeyValueClient, type PipelineClient } from './key-value-client.js';
import { type Load, type LoadResult, run } from './load.js';

const KEYS = 10_000;
const VALUE = 'v'.repeat(256);

export interface Throughput {
  readonly sequentialPipeline: LoadResult;
  readonly sequentialUnary: LoadResult;
  readonly put64: LoadResult;
  readonly put256: LoadResult;
  readonly put64Unary: LoadResult;
  readonly sequentialReadPipeline: LoadResult;
  readonly read64: LoadResult;
}

export async function measureThroughput(
  leader: BenchNode,
  seconds: number,
  say: (line: string) => void,
): Promise<Throughput> {
  const client = new KeyValueClient(leader.grpcAddress, 30_000);
  const pipeline = client.pipeline();
  const times = { durationMs: seconds * 1000, warmUpMs: 1000 };
  const measure = async (name: string, load: Omit<Load, keyof typeof times>): Promise<LoadResult> => {
    const result = await run({ ...load, ...times });
    say(`  ${name}: ${String(result.perSecond)}/s, p50 ${String(result.p50Ms)} ms, p99 ${String(result.p99Ms)} ms`);
    return result;
  };
  const put = (number: number): Promise<unknown> => pipeline.put(keyOf(number), VALUE);
  const unary = (number: number): Promise<unknown> => client.put(keyOf(number), VALUE);
  const read = (number: number): Promise<unknown> => pipeline.get(keyOf(number));
  try {
    return {
      sequentialPipeline: await measure('put, one at a time, Pipeline', { inFlight: 1, operation: put }),
      sequentialUnary: await measure('put, one at a time, unary', { inFlight: 1, operation: unary }),
      put64: await measure('put, 64 in flight, Pipeline', { inFlight: 64, operation: put }),
      put256: await measure('put, 256 in flight, Pipeline', { inFlight: 256, operation: put }),
      put64Unary: await measure('put, 64 in flight, unary', { inFlight: 64, operation: unary }),
      sequentialReadPipeline: await measure('get, one at a time, Pipeline', { inFlight: 1, operation: read }),
      read64: await measure('get, 64 in flight, Pipeline', { inFlight: 64, operation: read }),
    };
  } finally {
    pipeline.close();
    client.close();
  }
}

/** For the memory that many writes leave behind; calls `look` after each twentieth of them. */
export async function writeMany(leader: BenchNode, writes: number, look: () => void): Promise<void> {
  const client = new KeyValueClient(leader.grpcAddress, 30_000);
  const pipeline = client.pipeline();
  try {
    for (let part = 0; part < 20; part += 1) {
      await writePart(pipeline, Math.round(writes / 20));
      look();
    }
  } finally {
    pipeline.close();
    client.close();
  }
}

async function writePart(pipeline: PipelineClient, writes: number): Promise<void> {
  let number = 0;
  const worker = async (): Promise<void> => {
    while (number < writes) await pipeline.put(keyOf(number++), VALUE);
  };
  await Promise.all(Array.from({ length: 256 }, worker));
}

function keyOf(number: number): string {
  return `bench/${String(number % KEYS)}`;
}
