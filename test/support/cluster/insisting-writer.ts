/** A client that connects, writes, and connects again as fast as it is sent away; it counts what it was told is written. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabServer } from '../../../tools/lab/lab-server.js';

const APP = { user: 'app', password: 'app', database: 'shop' };

export class InsistingWriter {
  acknowledged = 0;
  lastAcknowledgedMs = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(server: LabServer) {
    this.#done = this.#write(server);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(server: LabServer): Promise<void> {
    while (!this.#stopped) {
      try {
        const session = await server.connect(APP);
        try {
          while (!this.#stopped) {
            await session.query('INSERT INTO orders VALUES (NULL)');
            this.acknowledged += 1;
            this.lastAcknowledgedMs = performance.now();
          }
        } finally {
          session.destroy();
        }
      } catch {
        await sleep(1);
      }
    }
  }
}
