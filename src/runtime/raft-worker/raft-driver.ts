/**
 * Carries out what the core decides. Everything that happens (messages, proposals, timers, finished writes) is told to the
 * core as it comes; once per turn of the event loop its Readies are drained: the lease published, messages sent, the write
 * begun beside them, commits handed on. Many proposals of one turn so become one write and one message a peer.
 *
 * One timer is armed, for the core's next deadline; at rest nothing runs.
 */
import type { Rng } from '../../core/base/rng.js';
import type { Entry, LogIndex, Membership, Message, NodeId, SnapshotMark } from '../../core/raft/message.js';
import { RaftNode, type RaftOptions, type RaftStart, type RaftStatus } from '../../core/raft/node.js';
import type { Proposal } from '../../core/raft/propose.js';
import type { Ready } from '../../core/raft/ready.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { ConsensusEvent, Leadership } from '../ports/consensus.js';
import type { LogStore } from '../ports/log-store.js';
import type { PeerTransport } from '../ports/peer-transport.js';
import { DiskWriter } from './disk-writer.js';
import type { LeaseWriter } from './lease-cell.js';
import { PauseWatch } from './pause-watch.js';

export interface DriverParts {
  readonly options: RaftOptions;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly store: LogStore;
  readonly transport: PeerTransport;
  readonly lease: LeaseWriter;
  /** Calls back once what is waiting in the event loop has been handled. */
  readonly later: (act: () => void) => void;
}

export interface DriverOutput {
  /** Before the entries that follow it. */
  onLogReset(mark: SnapshotMark): void;
  onCommitted(entries: readonly Entry[]): void;
  onReads(answers: Ready['reads']): void;
  onLeadership(leadership: Leadership): void;
  onMembership(membership: Membership): void;
  onFetchSnapshot(from: NodeId, mark: SnapshotMark): void;
  onEvent(event: ConsensusEvent): void;
  /** This process cannot go on with what it believes. */
  onFatal(why: string): void;
}

export class RaftDriver {
  readonly #parts: DriverParts;
  readonly #output: DriverOutput;
  readonly #node: RaftNode;
  readonly #disk: DiskWriter;
  readonly #watch: PauseWatch;
  #timer: { readonly atMs: number; readonly timer: Timer } | null = null;
  #woken = false;
  #draining = false;
  #closed = false;
  #forgetful: boolean;
  #leadership: Leadership = { role: 'follower', term: 0, leader: null };

  constructor(parts: DriverParts, start: RaftStart, output: DriverOutput) {
    const { clock, options } = parts;
    this.#parts = parts;
    this.#output = output;
    this.#forgetful = start.learnerOnly ?? false;
    this.#watch = new PauseWatch(clock, options.electionTimeoutMs / 2);
    this.#node = new RaftNode(options, start, parts.rng, clock.nowMs());
    this.#disk = new DiskWriter(parts.store, start.hardState, clock, {
      onSynced: (readies) => {
        this.#onSynced(readies);
      },
      onFailed: (trouble) => {
        this.#onDisk(`the disk failed: ${trouble}`, (now) => {
          this.#node.storageFailed(now);
        });
      },
      onRecovered: () => {
        this.#onDisk(null, (now) => {
          this.#node.storageRecovered(now);
        });
      },
      onForgot: (what) => {
        output.onFatal(`the disk came back without something it had acknowledged: ${what}`);
      },
    });
    // Before anything else is written: a restart in the middle of catching up must not make a voter of it.
    if (this.#forgetful) this.#disk.exclusively((store) => store.setForgot(true));
    this.#wake();
  }

  get leadership(): Leadership {
    return this.#leadership;
  }

  get storageTrouble(): string | null {
    return this.#disk.trouble;
  }

  status(): RaftStatus {
    return this.#node.status(this.#parts.clock.nowMs());
  }

  membershipAt(index: LogIndex): Membership {
    return this.#node.membershipAt(index);
  }

  committedMembership(): { readonly index: LogIndex; readonly membership: Membership } {
    return this.#node.committedMembership();
  }

  leftOut(index: LogIndex): void {
    this.#node.leftOut(index, this.#enter());
    this.#tellLeadership();
  }

  openTermsWith(payload: Uint8Array): void {
    this.#node.openTermsWith(payload);
  }

  receive(messages: readonly Message[]): void {
    const now = this.#enter();
    for (const message of messages) this.#node.step(message, now);
  }

  disconnected(peer: NodeId): void {
    this.#node.peerDisconnected(peer, this.#enter());
  }

  propose(payload: Uint8Array): Proposal {
    return this.#node.propose(payload, this.#enter());
  }

  proposeMembership(next: Membership): Proposal {
    return this.#node.proposeMembership(next, this.#enter());
  }

  transferLeadership(to: NodeId): Proposal {
    return this.#node.transferLeadership(to, this.#enter());
  }

  readIndex(context: number): void {
    this.#node.readIndex(context, this.#enter());
  }

  snapshotInstalled(mark: SnapshotMark): void {
    this.#node.snapshotInstalled(mark, this.#enter());
  }

  snapshotFailed(): void {
    this.#node.snapshotFailed(this.#enter());
  }

  snapshotTaken(mark: SnapshotMark, keepFrom: LogIndex): void {
    this.#enter();
    this.#node.snapshotTaken(mark, keepFrom);
    this.#disk.exclusively((store) => store.compact(keepFrom));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.timer.cancel();
    await this.#disk.close();
  }

  /** Every way into the core goes through here: it tells a pause first, and sees to what comes of the call. */
  #enter(): number {
    const now = this.#parts.clock.nowMs();
    if (this.#watch.paused(now)) this.#node.clockJumped(now);
    this.#wake();
    return now;
  }

  #wake(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    this.#parts.later(() => {
      this.#woken = false;
      this.#drain();
    });
  }

  #drain(): void {
    // A write that had nothing to write reports from within the loop below, which then goes on anyway.
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    while (this.#node.hasReady()) this.#carryOut(this.#node.ready());
    this.#draining = false;
    this.#parts.lease.publish(this.#node.lease());
    this.#arm();
  }

  #carryOut(ready: Ready): void {
    const { transport, lease } = this.#parts;
    // First of all: a message that hands leadership over must not be faster than the news that the lease is gone.
    lease.publish(this.#node.lease());
    transport.send(ready.messages);
    if (ready.membership !== null) this.#output.onMembership(ready.membership);
    this.#disk.write(ready);
    if (ready.softState !== null || ready.hardState !== null) this.#tellLeadership();
    if (ready.logReset !== null) this.#output.onLogReset(ready.logReset);
    if (ready.committed.length > 0) this.#output.onCommitted(ready.committed);
    if (ready.reads.length > 0) this.#output.onReads(ready.reads);
    if (ready.fetchSnapshot !== null) {
      this.#output.onFetchSnapshot(ready.fetchSnapshot.from, ready.fetchSnapshot.snapshot);
    }
    for (const { kind, text } of ready.events) this.#output.onEvent({ level: 'info', kind, text });
  }

  #onSynced(readies: readonly Ready[]): void {
    const now = this.#parts.clock.nowMs();
    this.#parts.lease.publish(this.#node.lease());
    for (const { messagesAfterSync, number } of readies) {
      this.#parts.transport.send(messagesAfterSync);
      this.#node.advance(number, now);
    }
    if (this.#forgetful && !this.status().recovering) {
      this.#forgetful = false;
      this.#disk.exclusively((store) => store.setForgot(false));
    }
    this.#drain();
  }

  #onDisk(trouble: string | null, tell: (now: number) => void): void {
    tell(this.#enter());
    const event = { kind: 'storage', text: trouble ?? 'the disk works again' };
    this.#output.onEvent({ level: trouble === null ? 'info' : 'error', ...event });
  }

  #tellLeadership(): void {
    const { role, term, leader } = this.status();
    const before = this.#leadership;
    if (role === before.role && term === before.term && leader === before.leader) return;
    this.#leadership = { role, term, leader };
    this.#output.onLeadership(this.#leadership);
  }

  /** A timer that is early does no harm and is cheaper than to set it anew at every message. */
  #arm(): void {
    const atMs = this.#node.nextDeadline();
    if (!Number.isFinite(atMs) || (this.#timer !== null && this.#timer.atMs <= atMs)) return;
    this.#timer?.timer.cancel();
    const timer = this.#parts.clock.setTimer(atMs - this.#parts.clock.nowMs(), () => {
      this.#timer = null;
      this.#node.tick(this.#enter());
      this.#drain();
    });
    this.#timer = { atMs, timer };
    this.#watch.expect(atMs);
  }
}
