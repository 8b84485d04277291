// How many writes and reads, and how long each takes: the same five loads for whatever keeps keys and values, so that what
// stands side by side in the table was measured alike.
import { KeyValueClient } from './key-value-client.js';
import { clientIsTheLimit, type LoadResult, run } from './load.js';
import { keyAndValue, keyOnly, RawUnaryClient } from './raw-unary.js';

const KEYS = 10_000;
const VALUE = 'v'.repeat(256);
const WARM_UP_MS = 1000;
/** Before the first load: what runs a thousand times a second takes seconds to be compiled for it. */
const FIRST_WARM_UP_MS = 4000;

/** Something that keeps keys and values, by one way to ask it; `number` picks the key. */
export interface Subject {
  readonly name: string;
  put(number: number): Promise<unknown>;
  /** Linearizable. */
  get(number: number): Promise<unknown>;
  close(): void;
}

const LOADS = [
  { name: 'put, one at a time', inFlight: 1, kind: 'put' },
  { name: 'put, 64 in flight', inFlight: 64, kind: 'put' },
  { name: 'put, 256 in flight', inFlight: 256, kind: 'put' },
  { name: 'get, one at a time', inFlight: 1, kind: 'get' },
  { name: 'get, 64 in flight', inFlight: 64, kind: 'get' },
] as const;

export interface Column {
  readonly name: string;
  readonly results: Readonly<Record<(typeof LOADS)[number]['name'], LoadResult>>;
}

export function pipelineSubject(address: string): Subject {
  const client = new KeyValueClient(address, 30_000);
  const pipeline = client.pipeline();
  return {
    name: 'Pipeline',
    put: (number) => pipeline.put(keyOf(number), VALUE),
    get: (number) => pipeline.get(keyOf(number)),
    close: () => {
      pipeline.close();
      client.close();
    },
  };
}

/** Unary calls by the cheapest client there is, the same for all. */
export function unarySubject(name: string, address: string, paths: { put: string; get: string }): Subject {
  const client = new RawUnaryClient(address);
  return {
    name,
    put: (number) => client.call(paths.put, keyAndValue(keyOf(number), VALUE)),
    get: (number) => client.call(paths.get, keyOnly(keyOf(number))),
    close: () => {
      client.close();
    },
  };
}

/** Closes `subject` in the end. */
export async function measureThroughput(
  subject: Subject,
  seconds: number,
  say: (line: string) => void,
): Promise<Column> {
  const measure = async ({ name, inFlight, kind }: (typeof LOADS)[number]): Promise<[string, LoadResult]> => {
    const operation = (number: number): Promise<unknown> => subject[kind](number);
    const result = await run({ inFlight, operation, durationMs: seconds * 1000, warmUpMs: WARM_UP_MS });
    say(`  ${subject.name}: ${name}: ${cellOf(result)}`);
    return [name, result];
  };
  try {
    const operation = (number: number): Promise<unknown> => subject.put(number);
    await run({ inFlight: 64, operation, durationMs: FIRST_WARM_UP_MS, warmUpMs: 0 });
    const results: [string, LoadResult][] = [];
    for (const load of LOADS) results.push(await measure(load));
    return { name: subject.name, results: Object.fromEntries(results) as Column['results'] };
  } finally {
    subject.close();
  }
}

export function tableOf(columns: readonly Column[]): string {
  const rows = LOADS.map(({ name }) => [name, ...columns.map(({ results }) => cellOf(results[name]))]);
  const lines = [['', ...columns.map(({ name }) => name)], ...rows];
  const text = lines.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(at === 0 ? 20 : 36))
      .join('  ')
      .trimEnd(),
  );
  return [...text, '* the client is the limit: its one thread is busy all the time'].join('\n');
}

function cellOf(result: LoadResult): string {
  const { perSecond, p50Ms, p99Ms } = result;
  const limit = clientIsTheLimit(result) ? ' *' : '';
  return `${String(perSecond)}/s, p50 ${String(p50Ms)}, p99 ${String(p99Ms)} ms${limit}`;
}

/**
 * For the memory that many writes leave behind; calls `look` after each hundredth of them. Resolves with how many failed:
 * on a machine that is too busy the leader may change meanwhile.
 */
export async function writeMany(address: string, writes: number, look: () => void): Promise<number> {
  const subject = pipelineSubject(address);
  let failed = 0;
  try {
    for (let part = 0; part < 100; part += 1) {
      failed += await writePart(subject, Math.round(writes / 100));
      look();
    }
    return failed;
  } finally {
    subject.close();
  }
}

async function writePart(subject: Subject, writes: number): Promise<number> {
  let number = 0;
  let failed = 0;
  const worker = async (): Promise<void> => {
    while (number < writes) {
      await subject.put(number++).catch(() => {
        failed += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: 256 }, worker));
  return failed;
}

function keyOf(number: number): string {
  return `bench/${String(number % KEYS)}`;
}
