// A client that writes: every 10 ms it inserts a new id where it believes the primary to be; when that fails it tries
// all servers at once until one acknowledges. What was acknowledged is remembered, with when and by whom, so that the
// outage is what a client felt and every acknowledged write can be asked for afterwards.
import { WriteSession } from './write-session.js';

const INTERVAL_MS = 10;

export interface Acknowledgement {
  readonly id: number;
  readonly server: string;
  /** Monotonic. */
  readonly atMs: number;
}

export interface Gap {
  readonly ms: number;
  /** The last acknowledgement before it and the first after it. */
  readonly before: Acknowledgement;
  readonly after: Acknowledgement;
}

export class Writer {
  readonly acknowledged: Acknowledgement[] = [];
  readonly #sessions: readonly WriteSession[];
  readonly #intervalMs: number;
  readonly #pending = new Set<Promise<void>>();
  #believed: WriteSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;

  constructor(
    servers: readonly { readonly host: string; readonly port: number; readonly address: string }[],
    intervalMs = INTERVAL_MS,
  ) {
    this.#intervalMs = intervalMs;
    this.#sessions = servers.map((server) => new WriteSession(server));
  }

  start(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      this.#tick();
    }, this.#intervalMs);
  }

  /** Nothing is under way any more; `start` goes on. */
  async rest(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  async stop(): Promise<void> {
    await this.rest();
    for (const session of this.#sessions) session.close();
  }

  /** From this server's last acknowledgement to the first of another one, however long a busy machine stood still elsewhere. */
  outageAfter(server: string): Gap | undefined {
    const at = this.acknowledged.findIndex((one) => one.server !== server);
    const [before, after] = [this.acknowledged[at - 1], this.acknowledged[at]];
    return before === undefined || after === undefined ? undefined : { ms: after.atMs - before.atMs, before, after };
  }

  /** The longest time without an acknowledgement since `sinceMs`; undefined before the second one. */
  longestGap(sinceMs: number): Gap | undefined {
    let longest: Gap | undefined;
    for (const [index, after] of this.acknowledged.entries()) {
      const before = this.acknowledged[index - 1];
      if (before === undefined || after.atMs < sinceMs) continue;
      const ms = after.atMs - before.atMs;
      if (longest === undefined || ms > longest.ms) longest = { ms, before, after };
    }
    return longest;
  }

  #tick(): void {
    const sessions = this.#believed === undefined ? this.#sessions : [this.#believed];
    for (const session of sessions) {
      if (session.busy) continue;
      const attempt = this.#attempt(session).finally(() => this.#pending.delete(attempt));
      this.#pending.add(attempt);
    }
  }

  async #attempt(session: WriteSession): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    if (await session.insert(id)) {
      this.acknowledged.push({ id, server: session.address, atMs: performance.now() });
      this.#believed = session;
    } else if (this.#believed === session) {
      this.#believed = undefined;
    }
  }
}
