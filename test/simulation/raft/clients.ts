/** Clients that write and read registers through any node, and remember what they were told and when. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { EventQueue } from './event-queue.js';
import { isLinearizable } from './linearizability.js';
import type { Operation } from './linearizability.js';
import { encodeWrite } from './machine.js';
import { Violation } from './observer.js';
import type { Profile } from './profile.js';
import type { Server } from './server.js';

const PATIENCE_MS = 1500;
/** Per register: bounds the search of the checker, which grows with the writes of unknown fate. */
const OPERATIONS_PER_KEY = 40;

export class Clients {
  readonly #events: EventQueue;
  readonly #rng: Rng;
  readonly #profile: Profile;
  readonly #servers: readonly Server[];
  readonly #histories = new Map<string, Operation[]>();
  #value = 0;
  #operations = 0;
  acknowledged = 0;
  readsAnswered = 0;

  constructor(events: EventQueue, rng: Rng, profile: Profile, servers: readonly Server[]) {
    this.#events = events;
    this.#rng = rng;
    this.#profile = profile;
    this.#servers = servers;
  }

  start(): void {
    for (let client = 0; client < this.#profile.clients; client += 1) this.#next();
  }

  check(): void {
    for (const [key, history] of this.#histories) {
      if (!isLinearizable(history))
        throw new Violation(`linearizability: the history of register ${key} has no order: ${JSON.stringify(history)}`);
    }
  }

  #next(): void {
    const pauseMs = this.#profile.clientPauseMs * (0.5 + this.#rng.next());
    this.#events.after(pauseMs, () => {
      const server = this.#servers[this.#rng.integer(this.#servers.length)];
      if (server === undefined || !server.up) this.#next();
      else if (this.#rng.next() < 0.5) this.#write(this.#leader() ?? server);
      else this.#read(server);
    });
  }

  /** Clients are told where the leader is; now and then they know better, and ask one that believes it is. */
  #leader(): Server | undefined {
    const leading = this.#servers.filter((server) => server.node?.status(server.now).role === 'leader');
    return leading[this.#rng.integer(Math.max(1, leading.length))];
  }

  #write(server: Server): void {
    const key = this.#key();
    this.#value += 1;
    const value = this.#value;
    const calledAt = this.#events.nowMs;
    const operation: Operation = { kind: 'write', value, calledAt, returnedAt: Number.POSITIVE_INFINITY };
    this.#remember(key, operation);
    const done = this.#once((returnedAt) => this.#replace(key, operation, returnedAt));
    server.handle((node) => {
      const proposal = node.propose(encodeWrite(key, value), server.now);
      if (!proposal.ok) {
        done(null);
        return;
      }
      const look = (): void => {
        if (server.machine.index < proposal.index) return;
        server.onApplied = server.onApplied.filter((other) => other !== look);
        // Only what was applied at this very index tells whether it was ours; a snapshot may have hidden it.
        const isOurs = server.machine.index === proposal.index && server.machine.term === proposal.term;
        if (isOurs) this.acknowledged += 1;
        done(isOurs ? this.#events.nowMs : Number.POSITIVE_INFINITY);
      };
      server.onApplied.push(look);
    });
    this.#events.after(PATIENCE_MS, () => done(Number.POSITIVE_INFINITY));
  }

  #read(server: Server): void {
    const key = this.#key();
    const calledAt = this.#events.nowMs;
    const done = this.#once((returnedAt, value) => {
      if (returnedAt === null) return;
      this.readsAnswered += 1;
      this.#remember(key, { kind: 'read', value: value ?? null, calledAt, returnedAt });
    });
    server.read((index) => {
      if (index === null) {
        done(null);
        return;
      }
      const look = (): void => {
        if (server.machine.index < index) return;
        server.onApplied = server.onApplied.filter((other) => other !== look);
        done(this.#events.nowMs, server.machine.values.get(key) ?? null);
      };
      server.onApplied.push(look);
      look();
    });
    this.#events.after(PATIENCE_MS, () => done(null));
  }

  /** The first word counts; null means "certainly not done". */
  #once(finish: (returnedAt: number | null, value?: number | null) => void) {
    let open = true;
    return (returnedAt: number | null, value?: number | null): void => {
      if (!open) return;
      open = false;
      finish(returnedAt, value);
      this.#next();
    };
  }

  #key(): string {
    this.#operations += 1;
    return `r${Math.floor(this.#operations / OPERATIONS_PER_KEY)}`;
  }

  #replace(key: string, operation: Operation, returnedAt: number | null): void {
    const others = (this.#histories.get(key) ?? []).filter((other) => other !== operation);
    this.#histories.set(key, returnedAt === null ? others : [...others, { ...operation, returnedAt }]);
  }

  #remember(key: string, operation: Operation): void {
    const history = this.#histories.get(key) ?? [];
    history.push(operation);
    this.#histories.set(key, history);
  }
}
