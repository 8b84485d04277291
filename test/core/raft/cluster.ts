/**
 * A few Raft nodes on one table: no threads, no real time. `settle` carries every duty out at once and delivers every
 * message until all is quiet; a test cuts links, stops disks or moves the clock between two such moments.
 */
import { createRng } from '../../../src/core/base/rng.js';
import type { Entry, Membership, Message, NodeId, SnapshotMark } from '../../../src/core/raft/message.js';
import { RaftNode } from '../../../src/core/raft/node.js';
import type { RaftOptions, RaftStart } from '../../../src/core/raft/node.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';
import type { HardState, Ready } from '../../../src/core/raft/ready.js';

export const id = (name: string): NodeId => name as NodeId;

export function membership(voters: string, learners = ''): Membership {
  const names = (text: string): NodeId[] => text.split(' ').filter(Boolean).map(id);
  const all = [...names(voters), ...names(learners)];
  return {
    voters: names(voters),
    outgoing: [],
    learners: names(learners),
    addresses: Object.fromEntries(all.map((name) => [name, `${name}:1`])),
  };
}

/** What one node's disk holds. */
export interface Disk {
  hardState: HardState;
  snapshot: SnapshotMark;
  entries: Entry[];
}

export function emptyDisk(first: Membership): Disk {
  return {
    hardState: { term: 0, vote: null, commit: 0 },
    snapshot: { index: 0, term: 0, membership: first },
    entries: [],
  };
}

export interface Seat {
  node: RaftNode;
  disk: Disk;
  /** Readies whose write has not been synced. */
  unsynced: Ready[];
  applied: Entry[];
  reads: { context: number; index: number | null }[];
  events: string[];
  /** The snapshot it was told to fetch. */
  fetching: SnapshotMark | null;
  down: boolean;
  /** False: writes wait until `sync`. */
  autoSync: boolean;
}

export class Cluster {
  now = 1000;
  readonly seats = new Map<string, Seat>();
  readonly options: Omit<RaftOptions, 'id'>;
  /** Links "a>b" that carry nothing. */
  readonly cut = new Set<string>();
  /** Messages on their way. */
  wire: Message[] = [];
  /** For those who want to watch. */
  onDelivery: (message: Message, arrives: boolean) => void = () => undefined;
  onReady: (name: string, ready: Ready) => void = () => undefined;
  /** Everything ever sent. */
  sent: Message[] = [];

  constructor(members: Membership, names: string, options: Partial<RaftOptions> = {}) {
    this.options = { ...DEFAULT_RAFT_OPTIONS, ...options };
    for (const name of names.split(' ')) this.boot(name, emptyDisk(members));
  }

  boot(name: string, disk: Disk, learnerOnly = false): Seat {
    const start: RaftStart = { hardState: disk.hardState, snapshot: disk.snapshot, entries: disk.entries, learnerOnly };
    const seed = this.seats.size + 7 * name.charCodeAt(0);
    const node = new RaftNode({ id: id(name), ...this.options }, start, createRng(seed), this.now);
    const seat: Seat = {
      node,
      disk,
      unsynced: [],
      applied: [],
      reads: [],
      events: [],
      fetching: null,
      down: false,
      autoSync: true,
    };
    this.seats.set(name, seat);
    return seat;
  }

  seat(name: string): Seat {
    const seat = this.seats.get(name);
    if (seat === undefined) throw new Error(`no node ${name}`);
    return seat;
  }

  node(name: string): RaftNode {
    return this.seat(name).node;
  }

  isolate(name: string): void {
    for (const other of this.seats.keys()) {
      if (other !== name) this.cut.add(`${name}>${other}`).add(`${other}>${name}`);
    }
  }

  cutBoth(one: string, other: string): this {
    this.cut.add(`${one}>${other}`).add(`${other}>${one}`);
    return this;
  }

  heal(): void {
    this.cut.clear();
  }

  /** Loses what was not synced. */
  crash(name: string): void {
    this.seat(name).down = true;
    this.seat(name).unsynced = [];
  }

  revive(name: string, learnerOnly = false): Seat {
    return this.boot(name, this.seat(name).disk, learnerOnly);
  }

  restart(name: string): Seat {
    this.crash(name);
    return this.revive(name);
  }

  /** Carries out the duties of one node. */
  work(name: string): void {
    const seat = this.seat(name);
    while (!seat.down && seat.node.hasReady()) {
      const ready = seat.node.ready();
      this.onReady(name, ready);
      seat.fetching = ready.fetchSnapshot?.snapshot ?? seat.fetching;
      this.#send(ready.messages);
      seat.applied.push(...ready.committed);
      seat.reads.push(...ready.reads);
      seat.events.push(...ready.events.map((event) => event.text));
      seat.unsynced.push(ready);
      if (seat.autoSync) this.sync(name);
    }
  }

  /** Everything handed out so far reaches the disk. */
  sync(name: string): void {
    const seat = this.seat(name);
    for (const ready of seat.unsynced.splice(0)) {
      write(seat.disk, ready);
      this.#send(ready.messagesAfterSync);
      seat.node.advance(ready.number, this.now);
    }
    if (seat.node.hasReady() && seat.autoSync) this.work(name);
  }

  /** Delivers and works until nothing moves; the time stands still. */
  settle(): void {
    for (let turn = 0; turn < 1000; turn += 1) {
      for (const name of this.seats.keys()) this.work(name);
      const message = this.wire.shift();
      if (message === undefined) return;
      const seat = this.seats.get(message.to);
      const arrives = seat?.down === false && !this.cut.has(`${message.from}>${message.to}`);
      this.onDelivery(message, arrives);
      if (arrives) seat.node.step(message, this.now);
    }
    throw new Error('the nodes do not come to rest');
  }

  /** Lets `ms` pass, stopping wherever a node asked to be woken. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.settle();
      const up = [...this.seats.values()].filter((seat) => !seat.down);
      const next = Math.min(...up.map((seat) => seat.node.nextDeadline()));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const seat of up) if (seat.node.nextDeadline() <= this.now) seat.node.tick(this.now);
    }
    this.now = until;
    this.settle();
  }

  leader(): string | null {
    const leaders = [...this.seats].filter(([, seat]) => !seat.down && seat.node.status(this.now).role === 'leader');
    const terms = leaders.map(([name, seat]) => ({ name, term: seat.node.status(this.now).term }));
    return terms.sort((left, right) => right.term - left.term)[0]?.name ?? null;
  }

  /** Time passes until `name` leads. */
  elect(name: string): void {
    this.node(name).tick(this.now);
    for (let tries = 0; tries < 100 && this.leader() === null; tries += 1) this.pass(100);
    if (this.leader() !== name) {
      this.node(this.leader() ?? '').transferLeadership(id(name), this.now);
      this.settle();
    }
    if (this.leader() !== name) throw new Error(`${name} was not elected`);
  }

  #send(messages: readonly Message[]): void {
    this.wire.push(...messages);
    this.sent.push(...messages);
  }
}

function write(disk: Disk, ready: Ready): void {
  if (ready.logReset !== null) {
    disk.snapshot = ready.logReset;
    disk.entries = [];
  }
  if (ready.hardState !== null) disk.hardState = ready.hardState;
  const first = ready.entries[0];
  if (first === undefined) return;
  disk.entries = [...disk.entries.filter((entry) => entry.index < first.index), ...ready.entries];
}
