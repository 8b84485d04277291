// Clients that believe in one server and write to it as fast as it lets them, whatever happened to its role.
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import { WRITER_ACCOUNT } from '../../../demo/write-session.js';

/** Over the network, or over the socket file on the server's own host. */
export type ClientPath = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Between two attempts at a server that refuses: what a client's pool would do, and no load to speak of. */
const AGAIN_AFTER_MS = 2;

export class Hammer {
  /** Monotonic moments of the acknowledgements. */
  readonly acknowledgedAtMs: number[] = [];
  /** Of the first word of any kind since `listenAnew`; null before. */
  firstWordAtMs: number | null = null;
  readonly #path: ClientPath;
  readonly #working: Promise<void>[] = [];
  #connections = new Set<Connection>();
  #next: number;
  #stopped = false;

  /** `firstId`: nobody else inserts ids from there on. */
  constructor(path: ClientPath, firstId: number) {
    this.#path = path;
    this.#next = firstId;
  }

  start(clients: number): void {
    for (let client = 0; client < clients; client += 1) this.#working.push(this.#work());
  }

  listenAnew(): void {
    this.firstWordAtMs = null;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(this.#working);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#writeUntilItEnds();
      } catch (error) {
        if (isWord(error)) this.#heard();
      }
      await sleep(AGAIN_AFTER_MS);
    }
  }

  async #writeUntilItEnds(): Promise<void> {
    const connection = await createConnection({ ...this.#path, ...WRITER_ACCOUNT });
    connection.on('error', () => undefined);
    this.#connections.add(connection);
    this.#heard();
    try {
      while (!this.#stopped) {
        this.#next += 1;
        await connection.query(`INSERT INTO orders (id) VALUES (${String(this.#next)})`);
        this.#heard();
        this.acknowledgedAtMs.push(performance.now());
      }
    } finally {
      this.#connections.delete(connection);
      connection.destroy();
    }
  }

  #heard(): void {
    this.firstWordAtMs ??= performance.now();
  }
}

/** MySQL itself said no, which is an answer; a refused or broken connection is none. */
function isWord(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && Number(error.errno) >= 1000 && Number(error.errno) < 10_000;
}
