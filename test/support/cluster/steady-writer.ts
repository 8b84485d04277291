/** A client that writes one key after the other through whatever node answers, and remembers what was acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CallFailed, KeyValueClient } from '../../../tools/bench/raft/key-value-client.js';

const CALL_TIMEOUT_MS = 5000;
const PAUSE_MS = 40;

export class SteadyWriter {
  readonly acknowledged: string[] = [];
  /** Answers that a client could not do anything about: neither "try again" nor "perhaps done". */
  readonly complaints: string[] = [];
  tries = 0;
  readonly #addresses: () => readonly string[];
  readonly #working: Promise<void>[] = [];
  #stopped = false;

  constructor(addresses: () => readonly string[]) {
    this.#addresses = addresses;
  }

  start(clients: number): void {
    for (let client = 0; client < clients; client += 1) this.#working.push(this.#work(client));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#working);
  }

  /** Keys that were acknowledged and that this node does not have. */
  async missing(address: string): Promise<readonly string[]> {
    const client = new KeyValueClient(address, 30_000);
    const missing: string[] = [];
    for (const key of this.acknowledged) if (!(await client.get(key)).found) missing.push(key);
    client.close();
    return missing;
  }

  async #work(client: number): Promise<void> {
    const lines = new Map<string, KeyValueClient>();
    for (let turn = 0; !this.#stopped; turn += 1) {
      const addresses = this.#addresses();
      const address = addresses[(turn + client) % addresses.length] ?? '';
      const line = lines.get(address) ?? new KeyValueClient(address, CALL_TIMEOUT_MS);
      lines.set(address, line);
      await this.#write(line, `steady/${String(client)}/${String(turn)}`);
      await sleep(PAUSE_MS);
    }
    for (const line of lines.values()) line.close();
  }

  async #write(line: KeyValueClient, key: string): Promise<void> {
    this.tries += 1;
    try {
      await line.put(key, 'x'.repeat(200));
      this.acknowledged.push(key);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      // UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED: certainly not done, try again. UNKNOWN, DEADLINE_EXCEEDED: perhaps done.
      if (![2, 4, 8, 10, 14].includes(error.status)) this.complaints.push(`${String(error.status)} ${error.message}`);
    }
  }
}
