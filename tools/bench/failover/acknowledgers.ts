// Who acknowledges a client's write? Every server is asked every 20 ms by clients that sit beside it and believe in it,
// some of which give up soon and some of which wait, so that a server that is frozen or cut off from all others is asked
// just as well.
import { WriteSession } from '../../demo/write-session.js';
import type { LabServer } from '../../lab/lab-server.js';

const INTERVAL_MS = 20;
/** Milliseconds; the last ones wait for whatever comes. */
const PATIENCE_MS = [250, 250, 600_000, 600_000];

export interface Acknowledged {
  readonly server: string;
  readonly id: number;
  /** Monotonic. */
  readonly askedAtMs: number;
  readonly atMs: number;
}

export class Acknowledgers {
  /** In the order in which the clients heard. */
  readonly acknowledged: Acknowledged[] = [];
  readonly #sessions: readonly WriteSession[];
  readonly #timer: NodeJS.Timeout;
  #nextId: number;
  #asked = 0;

  /** `firstId`: nobody else writes ids from there on. */
  constructor(servers: readonly LabServer[], firstId: number) {
    this.#nextId = firstId;
    this.#sessions = servers.flatMap(({ behindDoor }) => PATIENCE_MS.map((ms) => new WriteSession(behindDoor, ms)));
    this.#timer = setInterval(() => {
      this.#askAll();
    }, INTERVAL_MS);
  }

  get asked(): number {
    return this.#asked;
  }

  by(server: LabServer): readonly Acknowledged[] {
    return this.acknowledged.filter((one) => one.server === server.address);
  }

  /**
   * Acknowledged by one server, though it was asked only after a later one had acknowledged: at that moment there were two.
   * A write that was asked for before may be answered late: it is one of those that the later server has.
   */
  get twofold(): readonly Acknowledged[] {
    const reigns: Acknowledged[] = [];
    const twofold: Acknowledged[] = [];
    for (const one of this.acknowledged) {
      const current = reigns.at(-1);
      if (current?.server === one.server) continue;
      if (!reigns.some(({ server }) => server === one.server)) reigns.push(one);
      else if (current !== undefined && one.askedAtMs > current.atMs) twofold.push(one);
    }
    return twofold;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const session of this.#sessions) session.close();
  }

  #askAll(): void {
    for (const session of this.#sessions) if (!session.busy) void this.#ask(session);
  }

  async #ask(session: WriteSession): Promise<void> {
    this.#asked += 1;
    const id = this.#nextId;
    this.#nextId += 1;
    const askedAtMs = performance.now();
    if (!(await session.insert(id))) return;
    this.acknowledged.push({ server: session.address, id, askedAtMs, atMs: performance.now() });
  }
}
