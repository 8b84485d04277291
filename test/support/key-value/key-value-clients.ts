/**
 * Clients that read and write keys through any node of a cluster while things happen to it, and remember what they asked,
 * what they were told, and when. What was certainly not done is not remembered: if its value turns up, nobody wrote it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rng } from '../../../src/core/base/rng.js';
import { CallFailed, KeyValueClient } from '../../../tools/bench/raft/key-value-client.js';
import type { PipelineClient, PipelineResponse } from '../../../tools/bench/raft/key-value-client.js';
import { type Input, keyModel, type KeyOperation, type Output } from './key-value-model.js';
import { judge } from './linearizability.js';

/** Operations of one key: the search of the checker grows with them. */
const OPERATIONS_PER_KEY = 120;
/** Keys in use at the same time. */
const KEYS_AT_ONCE = 3;
const CALL_TIMEOUT_MS = 3000;
const PAUSE_MS = 12;

export class KeyValueClients {
  readonly histories = new Map<string, KeyOperation[]>();
  acknowledged = 0;
  unknown = 0;
  refused = 0;
  readonly #addresses: readonly string[];
  readonly #rng: Rng;
  readonly #working: Promise<void>[] = [];
  #operations = 0;
  #stopped = false;

  constructor(addresses: readonly string[], rng: Rng) {
    this.#addresses = addresses;
    this.#rng = rng;
  }

  start(count: number): void {
    for (let client = 0; client < count; client += 1) this.#working.push(this.#work(client));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#working);
  }

  /** A last look at every key through each node, which belongs to the history like any other read. */
  async readAll(): Promise<void> {
    for (const [number, address] of this.#addresses.entries()) {
      const client = new KeyValueClient(address, 30_000);
      for (const key of this.histories.keys()) {
        const calledAt = performance.now();
        const { found, value, revision } = await client.get(key);
        const output = { changed: found, value: found ? value : null, revision };
        this.#remember(key, {
          client: 1000 + number,
          input: { kind: 'get' },
          output,
          calledAt,
          returnedAt: performance.now(),
        });
      }
      client.close();
    }
  }

  /** What cannot be put in any order, described; null when all is well. */
  complaint(): string | null {
    for (const [key, history] of this.histories) {
      const judgement = judge(history, keyModel);
      if (judgement.linearizable) continue;
      const shown = [...judgement.longest.slice(-10), ...judgement.stuck].map(describe).join('\n');
      return `the history of ${key} has no order; the last that could be placed, and what fits nowhere:\n${shown}`;
    }
    return null;
  }

  /** Half of the clients use one call for each operation, the others a stream, which they open anew when it breaks. */
  async #work(number: number): Promise<void> {
    const channels = this.#addresses.map((address) => new Channel(address, number % 2 === 0));
    while (!this.#stopped) {
      const channel = channels[this.#rng.integer(channels.length)];
      if (channel === undefined) return;
      await this.#operate(number, channel);
      await sleep(PAUSE_MS * this.#rng.next());
    }
    for (const channel of channels) channel.close();
  }

  async #operate(client: number, channel: Channel): Promise<void> {
    this.#operations += 1;
    const key = this.#key();
    const input = this.#choose(key);
    const calledAt = performance.now();
    try {
      const output = await channel.perform(key, input);
      this.acknowledged += 1;
      this.#remember(key, { client, input, output, calledAt, returnedAt: performance.now() });
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      if (error.certainlyNotDone) this.refused += 1;
      else if (input.kind !== 'get') {
        this.unknown += 1;
        this.#remember(key, { client, input, output: null, calledAt, returnedAt: Number.POSITIVE_INFINITY });
      }
    }
  }

  /** Half reads. A swap expects what was last seen of the key, or nothing. */
  #choose(key: string): Input {
    const dice = this.#rng.next();
    const value = `v${this.#operations}`;
    if (dice < 0.5) return { kind: 'get' };
    if (dice < 0.75) return { kind: 'put', value };
    if (dice < 0.95) return { kind: 'swap', expected: this.#lastSeen(key), value };
    return { kind: 'delete' };
  }

  #lastSeen(key: string): string | null {
    const last = this.histories.get(key)?.findLast(({ output }) => output?.changed === true);
    if (last === undefined || last.input.kind === 'delete') return null;
    return last.input.kind === 'get' ? (last.output?.value ?? null) : last.input.value;
  }

  #key(): string {
    const era = Math.floor(this.#operations / (OPERATIONS_PER_KEY * KEYS_AT_ONCE));
    return `chaos/${era}/${this.#rng.integer(KEYS_AT_ONCE)}`;
  }

  #remember(key: string, operation: KeyOperation): void {
    const history = this.histories.get(key);
    if (history === undefined) this.histories.set(key, [operation]);
    else history.push(operation);
  }
}

/** One client's way to one node. */
class Channel {
  readonly #client: KeyValueClient;
  readonly #streams: boolean;
  #pipeline: PipelineClient | null = null;

  constructor(address: string, streams: boolean) {
    this.#client = new KeyValueClient(address, CALL_TIMEOUT_MS);
    this.#streams = streams;
  }

  async perform(key: string, input: Input): Promise<Output> {
    if (!this.#streams) return await performUnary(this.#client, key, input);
    this.#pipeline ??= this.#client.pipeline();
    try {
      return outputOf(await inTime(ask(this.#pipeline, key, input)));
    } catch (error) {
      // Status and words came from the node: the stream is well. Anything else: begin anew.
      if (!(error instanceof CallFailed) || error.code === '') {
        this.#pipeline.close();
        this.#pipeline = null;
      }
      throw error;
    }
  }

  close(): void {
    this.#pipeline?.close();
    this.#client.close();
  }
}

async function performUnary(client: KeyValueClient, key: string, input: Input): Promise<Output> {
  switch (input.kind) {
    case 'get': {
      const { found, value, revision } = await client.get(key);
      return { changed: found, value: found ? value : null, revision };
    }
    case 'put':
      return { changed: true, value: null, revision: (await client.put(key, input.value)).revision };
    case 'swap': {
      const { swapped, revision } = await client.compareAndSwap(key, input.expected, input.value);
      return { changed: swapped, value: null, revision };
    }
    case 'delete': {
      const { found, revision } = await client.delete(key);
      return { changed: found, value: null, revision };
    }
  }
}

function ask(pipeline: PipelineClient, key: string, input: Input): Promise<PipelineResponse> {
  switch (input.kind) {
    case 'get':
      return pipeline.get(key);
    case 'put':
      return pipeline.put(key, input.value);
    case 'swap':
      return pipeline.compareAndSwap(key, input.expected, input.value);
    case 'delete':
      return pipeline.delete(key);
  }
}

function outputOf({ get, put, compareAndSwap, delete: deletion }: PipelineResponse): Output {
  if (get) return { changed: get.found, value: get.found ? get.value : null, revision: get.revision };
  if (put) return { changed: true, value: null, revision: put.revision };
  if (compareAndSwap) return { changed: compareAndSwap.swapped, value: null, revision: compareAndSwap.revision };
  if (deletion) return { changed: deletion.found, value: null, revision: deletion.revision };
  throw new Error('an answer without content');
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(CALL_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => {
    throw new CallFailed({ message: 'no answer in time', status: 4, code: '', certainlyNotDone: false });
  });
  timeout.catch(() => undefined);
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    late.abort();
  }
}

function describe({ client, input, output, calledAt, returnedAt }: KeyOperation): string {
  const times = `${calledAt.toFixed(1)} to ${returnedAt.toFixed(1)}`;
  return `  client ${client}, ${times}: ${JSON.stringify(input)} -> ${JSON.stringify(output)}`;
}
