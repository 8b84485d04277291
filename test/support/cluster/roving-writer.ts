/** A client that writes numbered rows to whichever server takes them, as one behind a proxy does, and remembers its answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabServer } from '../../../tools/lab/lab-server.js';

const APP = { user: 'app', password: 'app', database: 'shop' };
const BETWEEN_WRITES_MS = 5;

export class RovingWriter {
  readonly acknowledged: number[] = [];
  /** The longest time between two answers, milliseconds. */
  longestGapMs = 0;
  readonly #servers: readonly LabServer[];
  #running = false;
  #done: Promise<void> = Promise.resolve();
  #next = 1;
  #lastMs = 0;

  constructor(servers: readonly LabServer[]) {
    this.#servers = servers;
  }

  start(): void {
    this.#running = true;
    this.#lastMs = performance.now();
    this.#done = this.#write();
  }

  /** So many more rows were acknowledged. */
  async hasWritten(more: number): Promise<void> {
    const target = this.acknowledged.length + more;
    const deadline = performance.now() + 60_000;
    while (this.acknowledged.length < target) {
      if (performance.now() > deadline) throw new Error('no server takes writes');
      await sleep(5);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #write(): Promise<void> {
    for (let at = 0; this.#running; at++) {
      const server = this.#servers[at % this.#servers.length];
      if (server?.running === true) await this.#writeTo(server);
    }
  }

  /** Until it takes no more. A row whose fate is not known is not written again. */
  async #writeTo(server: LabServer): Promise<void> {
    try {
      const session = await server.connect(APP);
      try {
        session.on('error', () => undefined);
        while (this.#running) {
          const id = this.#next++;
          await session.query({ sql: `INSERT INTO orders VALUES (${String(id)})`, timeout: 2_000 });
          this.acknowledged.push(id);
          const now = performance.now();
          this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastMs);
          this.#lastMs = now;
          await sleep(BETWEEN_WRITES_MS);
        }
      } finally {
        session.destroy();
      }
    } catch {
      await sleep(1);
    }
  }
}
