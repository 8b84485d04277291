/**
 * One process of the simulation: the shell around a RaftNode, with a disk that takes time, a clock of its own, a state
 * machine, and the ability to die at any boundary: before a Ready's messages leave, between them and the write, between
 * the write and the word that it is done.
 */
import type { Rng } from '../../../src/core/base/rng.js';
import { createRng } from '../../../src/core/base/rng.js';
import type { LogIndex, Membership, Message, NodeId } from '../../../src/core/raft/message.js';
import { RaftNode } from '../../../src/core/raft/node.js';
import type { RaftOptions, RaftStart } from '../../../src/core/raft/node.js';
import type { Ready } from '../../../src/core/raft/ready.js';
import type { Clock } from './clock.js';
import { Disk } from './disk.js';
import type { SnapshotFile, Write } from './disk.js';
import type { EventQueue } from './event-queue.js';
import type { Happening, Happenings } from './happenings.js';
import { LogMirror } from './log-mirror.js';
import { applyEntry } from './machine.js';
import type { MachineState } from './machine.js';
import type { Check } from './observer.js';
import type { Profile } from './profile.js';

/** What a plant may replace: the shell's side of the contract, and the core itself. */
export interface Shell {
  createNode(options: RaftOptions, start: RaftStart, rng: Rng, now: number): RaftNode;
  /** What of a write reaches the platter. */
  persist(disk: Disk, write: Write): void;
  /** Which messages leave at once, and which after the sync. */
  sort(ready: Ready): { readonly now: readonly Message[]; readonly afterSync: readonly Message[] };
  /** Does a start after a damaged disk say so? */
  ownsUpToDamage: boolean;
}

export const HONEST_SHELL: Shell = {
  createNode: (options, start, rng, now) => new RaftNode(options, start, rng, now),
  persist: (disk, write) => {
    disk.persist(write);
  },
  sort: (ready) => ({ now: ready.messages, afterSync: ready.messagesAfterSync }),
  ownsUpToDamage: true,
};

/** Terms, votes and leaders change rarely, and to die in the middle of it is the worst moment. */
const TURNING_POINT_RISK = 20;

export interface World {
  readonly events: EventQueue;
  readonly rng: Rng;
  readonly profile: Profile;
  readonly shell: Shell;
  readonly checks: readonly Check<Server>[];
  readonly happened: Happenings;
  send(message: Message): void;
  server(id: NodeId): Server;
  /** Processes may die at the boundaries of their work. */
  dangerous: boolean;
}

/** What stops: the process alone, with or without its noticing afterwards; or the whole machine, clock and all. */
export type Pause = 'noticed' | 'unnoticed' | 'suspended';

export class Server {
  readonly id: NodeId;
  readonly clock: Clock;
  readonly disk: Disk;
  machine: MachineState;
  mirror: LogMirror;
  node: RaftNode | null = null;
  #pause: { readonly kind: Pause; readonly sinceMs: number } | null = null;
  diskBroken = false;
  slowDisk = false;
  /** Called with each Ready's outcome for clients: what was applied and which reads were answered. */
  onApplied: (() => void)[] = [];
  onRead = new Map<number, (index: LogIndex | null) => void>();
  readonly #world: World;
  #incarnation = 0;
  #backlog: (() => void)[] = [];
  #writes: Write[] = [];
  #writing = false;
  /** Snapshots that the node may be told to start its log from. */
  #files: SnapshotFile[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #readContext = 0;

  constructor(world: World, id: NodeId, clock: Clock, first: Membership) {
    this.#world = world;
    this.id = id;
    this.clock = clock;
    this.disk = new Disk(first);
    this.machine = this.disk.snapshot.state;
    this.mirror = new LogMirror(this.disk.snapshot.mark, []);
  }

  get now(): number {
    return this.clock.read(this.#world.events.nowMs);
  }

  get paused(): boolean {
    return this.#pause !== null;
  }

  get up(): boolean {
    return this.node !== null;
  }

  start(): void {
    if (this.node !== null) return;
    const { shell, rng, profile } = this.#world;
    const { snapshot, entries, damaged } = this.disk;
    const lastIndex = entries.at(-1)?.index ?? snapshot.mark.index;
    const hardState = { ...this.disk.hardState, commit: Math.min(this.disk.hardState.commit, lastIndex) };
    this.machine = snapshot.state;
    this.#files = [snapshot];
    this.mirror = new LogMirror(snapshot.mark, entries);
    const learnerOnly = damaged && shell.ownsUpToDamage;
    const start: RaftStart = { hardState, snapshot: snapshot.mark, entries, learnerOnly };
    const seed = rng.integer(2 ** 31);
    this.node = shell.createNode({ id: this.id, ...profile.options }, start, createRng(seed), this.now);
    this.handle(() => undefined);
  }

  /** Of what is on its way to the disk some part arrives, always the oldest; `afterWriting`: all of it. */
  crash(afterWriting = false): void {
    if (this.node === null) return;
    const { rng, shell, happened } = this.#world;
    const arrived = afterWriting ? this.#writes.length : rng.integer(this.#writes.length + 1);
    if (arrived < this.#writes.length) happened.note('dies with unsynced writes lost');
    if (arrived > 0) happened.note('dies with unsynced writes kept');
    for (const write of this.#writes.slice(0, arrived)) shell.persist(this.disk, write);
    this.#noteUnfinishedChange(this.node);
    this.node = null;
    this.#pause = null;
    this.diskBroken = false;
    this.#incarnation += 1;
    this.#backlog = [];
    this.#writes = [];
    this.#writing = false;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.onApplied = [];
    this.onRead.clear();
  }

  #noteUnfinishedChange(node: RaftNode): void {
    const { happened } = this.#world;
    const { role, membership, membershipIndex, commit } = node.status(this.now);
    if (role !== 'leader' || membershipIndex <= commit) return;
    if (membership.outgoing.length > 0) happened.note('leader dies before its joint membership is committed');
    else if (node.committedMembership().membership.outgoing.length > 0)
      happened.note('leader dies between joint and final membership');
  }

  /** Runs `what` as an event of this process: now, when it wakes from a pause, or never. */
  handle(what: (node: RaftNode) => void): void {
    if (this.node === null) return;
    if (this.paused) {
      if (this.#backlog.length < 1000) this.#backlog.push(() => this.handle(what));
      return;
    }
    what(this.node);
    this.#work();
    for (const check of this.#world.checks) check.settled?.(this);
  }

  pause(kind: Pause): void {
    if (this.node === null || this.#pause !== null) return;
    this.#pause = { kind, sinceMs: this.#world.events.nowMs };
  }

  resume(): void {
    const pause = this.#pause;
    if (pause === null) return;
    this.#pause = null;
    // A suspended machine's clock stood still; such a process must be told, for it cannot know.
    if (pause.kind === 'suspended') this.clock.standStill(this.#world.events.nowMs - pause.sinceMs);
    if (pause.kind !== 'unnoticed') this.handle((node) => node.clockJumped(this.now));
    for (const event of this.#backlog.splice(0)) event();
    this.handle((node) => node.tick(this.now));
  }

  read(answer: (index: LogIndex | null) => void): void {
    this.handle((node) => {
      this.#readContext += 1;
      const context = this.#readContext;
      this.onRead.set(context, answer);
      for (const check of this.#world.checks) check.readAsked?.(this, context);
      node.readIndex(context, this.now);
    });
  }

  takeSnapshot(): void {
    this.handle((node) => {
      const { index, term } = this.machine;
      // A log that is about to start anew must not overtake a newer snapshot on its way to the disk.
      if (index <= this.disk.snapshot.mark.index || this.diskBroken || this.#writes.some(({ file }) => file !== null))
        return;
      const mark = { index, term, membership: node.membershipAt(index) };
      const keepFrom = Math.max(1, index + 1 - this.#world.rng.integer(8));
      this.disk.takeSnapshot({ mark, state: this.machine }, keepFrom);
      this.#world.happened.note('snapshot taken');
      node.snapshotTaken(mark, keepFrom);
    });
  }

  failDisk(): void {
    this.handle((node) => {
      const { rng, shell } = this.#world;
      for (const write of this.#writes.slice(0, rng.integer(this.#writes.length + 1))) shell.persist(this.disk, write);
      this.#writes = [];
      this.diskBroken = true;
      node.storageFailed(this.now);
    });
  }

  repairDisk(): void {
    if (!this.diskBroken) return;
    this.diskBroken = false;
    this.handle((node) => node.storageRecovered(this.now));
  }

  #work(): void {
    while (this.node?.hasReady() === true && !this.#dies('dies before a Ready is taken'))
      this.#carryOut(this.node, this.node.ready());
    this.#setAlarm();
  }

  #carryOut(node: RaftNode, ready: Ready): void {
    const { checks, shell } = this.#world;
    const file = this.#files.find(({ mark }) => mark.index === ready.logReset?.index) ?? null;
    this.#writes.push({ ready, file });
    this.#noteOverwriting(ready);
    this.mirror.take(ready);
    for (const check of checks) check.ready?.(this, ready);
    if (ready.softState?.role === 'leader') {
      for (const check of checks) check.leads?.(this, node.status(this.now).term);
    }
    if (this.#dies('dies before its messages leave', ready)) return;
    for (const message of shell.sort(ready).now) this.#send(message);
    if (this.#dies('dies between messages and write', ready)) return;
    if (file !== null && file.state.index > this.machine.index) this.machine = file.state;
    this.#deliver(ready);
    if (ready.fetchSnapshot !== null) this.#fetch(ready.fetchSnapshot.from, ready.fetchSnapshot.snapshot.index);
    if (this.node === node) this.#startWriting();
  }

  #deliver(ready: Ready): void {
    for (const entry of ready.committed) {
      this.machine = applyEntry(this.machine, entry);
      for (const check of this.#world.checks) check.applied?.(this, entry);
      for (const tell of [...this.onApplied]) tell();
    }
    if (ready.logReset !== null) for (const tell of [...this.onApplied]) tell();
    for (const { context, index } of ready.reads) {
      for (const check of this.#world.checks) check.readAnswered?.(this, context, index);
      this.onRead.get(context)?.(index);
      this.onRead.delete(context);
    }
  }

  #startWriting(): void {
    if (this.#writing || this.#writes.length === 0) return;
    const { events, rng, profile } = this.#world;
    const needsDisk = this.#writes.some(({ ready }) => hasWrite(ready));
    const slow = this.slowDisk ? 300 : 1;
    const latencyMs = needsDisk ? profile.syncMsMax * rng.next() ** 2 * slow : 0;
    this.#writing = true;
    const incarnation = this.#incarnation;
    // One sync serves all that waits.
    const count = rng.next() < 0.5 ? 1 : this.#writes.length;
    const batch = this.#writes.slice(0, count);
    events.after(latencyMs, () => {
      if (incarnation === this.#incarnation) this.#whenSynced(batch);
    });
  }

  #whenSynced(batch: readonly Write[]): void {
    if (this.paused) {
      this.#backlog.push(() => this.#whenSynced(batch));
      return;
    }
    this.#writing = false;
    const { shell } = this.#world;
    const arrived = batch.filter((write) => this.#writes.includes(write));
    this.#writes = this.#writes.filter((write) => !arrived.includes(write));
    for (const write of arrived) shell.persist(this.disk, write);
    this.handle((node) => {
      for (const { ready } of arrived) {
        if (this.#dies('dies between sync and answers', ready)) return;
        for (const message of shell.sort(ready).afterSync) this.#send(message);
        if (this.#dies('dies between answers and the word that it is synced', ready)) return;
        node.advance(ready.number, this.now);
      }
      this.#startWriting();
      this.disk.damaged &&= node.status(this.now).recovering;
    });
  }

  #fetch(from: NodeId, index: LogIndex): void {
    const { events, rng, profile } = this.#world;
    const incarnation = this.#incarnation;
    events.after(5 + profile.fetchMsMax * rng.next(), () => {
      if (incarnation !== this.#incarnation) return;
      const source = this.#world.server(from);
      const file = source.disk.snapshot;
      this.handle((node) => {
        if (!source.up || file.mark.index < index || rng.next() < 0.1) {
          this.#world.happened.note('snapshot could not be fetched');
          node.snapshotFailed(this.now);
        } else {
          this.#files.push(file);
          node.snapshotInstalled(file.mark, this.now);
        }
      });
    });
  }

  #noteOverwriting({ entries: [first] }: Ready): void {
    const before = first && this.mirror.termAt(first.index);
    if (before !== undefined && before !== first?.term)
      this.#world.happened.note('entries of another leader overwritten');
  }

  #send(message: Message): void {
    for (const check of this.#world.checks) check.sent?.(this, message);
    this.#world.send(message);
  }

  /** At a boundary: the process may end here. */
  #dies(where: Happening, ready: Ready | null = null): boolean {
    if (this.node === null) return true;
    const { rng, profile, dangerous, events, happened } = this.#world;
    const isTurningPoint =
      ready !== null && (ready.hardState !== null || ready.softState !== null) && ready.committed.length === 0;
    const share = profile.crashShare * (isTurningPoint ? TURNING_POINT_RISK : 1);
    if (!dangerous || rng.next() >= share) return false;
    happened.note(where);
    this.crash();
    events.after(rng.next() < 0.7 ? 30 * rng.next() : 1000 * rng.next(), () => this.start());
    return true;
  }

  #setAlarm(): void {
    if (this.node === null) return;
    const dueMs = this.clock.trueTimeOf(this.node.nextDeadline());
    if (dueMs >= this.#wakeAtMs) return;
    const incarnation = this.#incarnation;
    this.#wakeAtMs = dueMs;
    // A hair late, as timers are, and so that rounding never wakes it before its own clock agrees.
    this.#world.events.at(dueMs + 0.01, () => {
      if (incarnation !== this.#incarnation || this.#wakeAtMs !== dueMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.handle((node) => node.tick(this.now));
    });
  }
}

function hasWrite(ready: Ready): boolean {
  return ready.hardState !== null || ready.entries.length > 0 || ready.logReset !== null;
}
