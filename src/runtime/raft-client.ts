/**
 * The main thread's end of consensus: keeps what callers wait for, sends their wishes to the Raft thread in bulk, and hands
 * out what was committed. Every wait has a deadline here, because the other thread may be the one that is stuck.
 */
import { assert, assertNever } from '../core/base/assert.js';
import { unpackEntries } from '../core/raft/entry-batch.js';
import type { LogIndex, Membership, NodeId } from '../core/raft/message.js';
import type { Lease } from '../core/raft/ready.js';
import { OperationalError } from './errors.js';
import type { Clock, Timer } from './ports/clock.js';
import type { Consensus, ConsensusListeners, ConsensusStatus, Leadership, LogPosition } from './ports/consensus.js';
import {
  ConsensusError,
  FateUnknown,
  NotLeader,
  Overloaded,
  ProposalDropped,
  ReadTimedOut,
} from './ports/consensus-errors.js';
import type { Greeting, NodeInfo } from './ports/peer-transport.js';
import { Waiting } from './raft-waiting.js';
import { batchBytes } from './raft-worker/delivery.js';
import type { LeaseReader } from './raft-worker/lease-cell.js';
import { ALIVE_EVERY_MS } from './raft-worker/main-thread-watch.js';
import type { Call, CallResult, Line, Refused, ToMain, ToWorker } from './raft-worker/protocol.js';

/** Beyond this many, callers are told to slow down; the core has a limit in bytes of its own. */
const PROPOSALS_MAX = 16_384;
/** How much is applied before the Raft thread is told so. */
const APPLIED_BYTES = 1024 * 1024;
const STATUS_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 5000;
const MEETING_MARGIN_MS = 500;

interface OutgoingProposal {
  readonly bytes: Uint8Array;
  readonly deadlineMs: number;
}

export class RaftClient implements Consensus {
  readonly #line: Line<ToWorker, ToMain>;
  readonly #lease: LeaseReader;
  readonly #clock: Clock;
  readonly #proposals: Waiting<LogPosition>;
  readonly #readers: Waiting<LogIndex>;
  readonly #calls: Waiting<unknown>;
  #listeners: ConsensusListeners | null = null;
  #outgoing: OutgoingProposal[] = [];
  #askingReaders: number[] = [];
  #askingDeadlineMs = 0;
  /** Readers of a turn share one question; by its number. */
  readonly #asked = new Map<number, readonly number[]>();
  #lastProposal = 0;
  #lastReader = 0;
  #lastQuestion = 0;
  #lastCall = 0;
  #flushing = false;
  #appliedBytes = 0;
  #leadership: Leadership = { role: 'follower', term: 0, leader: null };
  #peers: ReadonlyMap<NodeId, NodeInfo> = new Map();
  #started: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  #closed: (() => void) | null = null;
  #nextAlive: Timer | null = null;
  /** Why nothing works any more. */
  #ended: string | null = null;

  constructor(line: Line<ToWorker, ToMain>, lease: LeaseReader, clock: Clock) {
    this.#line = line;
    this.#lease = lease;
    this.#clock = clock;
    this.#proposals = new Waiting(clock, () => new FateUnknown());
    this.#readers = new Waiting(clock, () => new ReadTimedOut());
    this.#calls = new Waiting(
      clock,
      () => new OperationalError('DEADLINE', 'it did not come true before the deadline'),
    );
    line.onMessage((message) => {
      this.#onMessage(message);
    });
  }

  async start(listeners: ConsensusListeners): Promise<void> {
    assert(this.#listeners === null, 'consensus was started already');
    this.#listeners = listeners;
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#line.post({ kind: 'start' });
    });
  }

  async propose(command: Uint8Array, deadlineMs: number): Promise<LogPosition> {
    if (this.#ended !== null) throw new ProposalDropped(this.#ended);
    if (this.#proposals.size >= PROPOSALS_MAX) throw new Overloaded();
    this.#outgoing.push({ bytes: command, deadlineMs });
    this.#lastProposal += 1;
    this.#flushLater();
    return this.#proposals.add(this.#lastProposal, deadlineMs);
  }

  async readIndex(deadlineMs: number): Promise<LogIndex> {
    if (this.#ended !== null) throw new ReadTimedOut();
    this.#lastReader += 1;
    this.#askingReaders.push(this.#lastReader);
    this.#askingDeadlineMs = Math.max(this.#askingDeadlineMs, deadlineMs);
    this.#flushLater();
    return this.#readers.add(this.#lastReader, deadlineMs);
  }

  lease(): Lease {
    return this.#lease.read();
  }

  leadership(): Leadership {
    return this.#leadership;
  }

  peers(): ReadonlyMap<NodeId, NodeInfo> {
    return this.#peers;
  }

  async status(): Promise<ConsensusStatus> {
    return (await this.#call({ method: 'status' }, this.#clock.nowMs() + STATUS_TIMEOUT_MS)) as ConsensusStatus;
  }

  async transferLeadership(to: NodeId, deadlineMs: number): Promise<void> {
    await this.#call({ method: 'transfer', to }, deadlineMs);
  }

  async changeMembership(next: Membership, deadlineMs: number): Promise<void> {
    await this.#call({ method: 'membership', next }, deadlineMs);
  }

  async meet(address: string, deadlineMs: number): Promise<Greeting> {
    const timeoutMs = Math.max(1, deadlineMs - this.#clock.nowMs());
    // The other end of the line keeps the time; here only for the case that it is stuck.
    return (await this.#call({ method: 'meet', address, timeoutMs }, deadlineMs + MEETING_MARGIN_MS)) as Greeting;
  }

  founded(founding: string): void {
    this.#line.post({ kind: 'founding', founding });
  }

  async takeSnapshot(deadlineMs: number): Promise<LogIndex> {
    return (await this.#call({ method: 'snapshot' }, deadlineMs)) as LogIndex;
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return;
    this.#end('this node is shutting down');
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(CLOSE_TIMEOUT_MS, resolve);
      this.#closed = () => {
        timer.cancel();
        resolve();
      };
      this.#line.post({ kind: 'close' });
    });
  }

  /** To be called by whoever started the thread when it is gone without having been asked to. */
  died(error: Error): void {
    this.#closed?.();
    if (this.#ended !== null) return;
    this.#end(`the Raft thread died: ${error.message}`);
    this.#started?.reject(error);
    this.#started = null;
    this.#listeners?.onFatal(error);
  }

  /** Its thread gives the lead away when it hears nothing. */
  #sayAlive(): void {
    this.#line.post({ kind: 'alive' });
    this.#nextAlive = this.#clock.setTimer(ALIVE_EVERY_MS, () => {
      this.#sayAlive();
    });
  }

  #end(why: string): void {
    this.#ended = why;
    this.#nextAlive?.cancel();
    this.#proposals.close(() => new FateUnknown(`${why}; the command may still be committed`));
    this.#readers.close(() => new ReadTimedOut());
    this.#calls.close(() => new OperationalError('NO_QUORUM', why));
  }

  async #call(call: Call, deadlineMs: number): Promise<unknown> {
    if (this.#ended !== null) throw new OperationalError('NO_QUORUM', this.#ended);
    this.#lastCall += 1;
    this.#line.post({ kind: 'call', id: this.#lastCall, call });
    return this.#calls.add(this.#lastCall, deadlineMs);
  }

  /** A lone caller is served at once; when others wait already, those that come in the same turn go together. */
  #flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    if (this.#proposals.size + this.#readers.size === 0) queueMicrotask(this.#flush);
    else setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    this.#flushProposals();
    this.#flushReads();
  };

  #flushProposals(): void {
    const batch = this.#outgoing;
    if (batch.length === 0) return;
    this.#outgoing = [];
    const lengths = batch.map(({ bytes }) => bytes.length);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let offset = 0;
    for (const proposal of batch) {
      bytes.set(proposal.bytes, offset);
      offset += proposal.bytes.length;
    }
    const firstId = this.#lastProposal - batch.length + 1;
    const deadlinesMs = batch.map(({ deadlineMs }) => deadlineMs);
    this.#line.post({ kind: 'propose', firstId, deadlinesMs, lengths, bytes }, [bytes.buffer]);
  }

  #flushReads(): void {
    if (this.#askingReaders.length === 0) return;
    this.#lastQuestion += 1;
    this.#asked.set(this.#lastQuestion, this.#askingReaders);
    this.#line.post({ kind: 'read', id: this.#lastQuestion, deadlineMs: this.#askingDeadlineMs });
    this.#askingReaders = [];
    this.#askingDeadlineMs = 0;
  }

  #onMessage(message: ToMain): void {
    const listeners = this.#listeners;
    assert(listeners !== null, 'the Raft thread spoke before it was started');
    switch (message.kind) {
      case 'started':
      case 'start-failed':
      case 'closed':
        this.#onLife(message);
        return;
      case 'committed':
        this.#onCommitted(message, listeners);
        return;
      case 'restored':
        listeners.onSnapshotRestore(message.bytes, message.index);
        return;
      case 'refused':
        this.#proposals.reject(message.id, errorOf(message.error));
        return;
      case 'read':
        this.#onRead(message.id, message.index);
        return;
      case 'result':
        this.#onResult(message.id, message.result);
        return;
      case 'leadership':
        this.#leadership = message.leadership;
        listeners.onLeadershipChange(message.leadership);
        return;
      case 'peers':
        this.#peers = new Map(message.peers.map((info) => [info.id, info]));
        listeners.onPeersChange(this.#peers);
        return;
      case 'event':
        listeners.onEvent(message.event);
        return;
      case 'snapshot-wanted':
        this.#provideSnapshot(listeners);
        return;
      default:
        assertNever(message);
    }
  }

  #onLife(message: Extract<ToMain, { kind: 'started' | 'start-failed' | 'closed' }>): void {
    if (message.kind === 'started') {
      this.#started?.resolve();
      if (this.#ended === null) this.#sayAlive();
    }
    if (message.kind === 'closed') this.#closed?.();
    if (message.kind !== 'start-failed') return;
    this.#end(message.error.message);
    this.#started?.reject(errorOf(message.error));
  }

  #onCommitted({ packed, settled }: Extract<ToMain, { kind: 'committed' }>, listeners: ConsensusListeners): void {
    const entries = unpackEntries(packed);
    assert(entries !== null, 'committed entries came as something else');
    listeners.onCommitted(entries);
    for (const { id, index, term } of settled) this.#proposals.resolve(id, { index, term });
    this.#appliedBytes += batchBytes(entries);
    if (this.#appliedBytes < APPLIED_BYTES) return;
    this.#line.post({ kind: 'applied', bytes: this.#appliedBytes });
    this.#appliedBytes = 0;
  }

  #onRead(question: number, index: LogIndex | null): void {
    for (const reader of this.#asked.get(question) ?? []) {
      if (index === null) this.#readers.reject(reader, new ReadTimedOut());
      else this.#readers.resolve(reader, index);
    }
    this.#asked.delete(question);
  }

  #onResult(id: number, result: CallResult): void {
    if (result.ok) this.#calls.resolve(id, result.value);
    else this.#calls.reject(id, errorOf(result.error));
  }

  #provideSnapshot(listeners: ConsensusListeners): void {
    const { bytes, index } = listeners.provideSnapshot();
    // A view into a larger buffer would take the rest of it away from its owner.
    const own = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
    const given = own ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
    this.#line.post({ kind: 'snapshot', index, bytes: given }, [given.buffer]);
  }
}

function errorOf({ code, message, leader }: Refused): OperationalError {
  switch (code) {
    case 'NOT_LEADER':
      return new NotLeader(leader);
    case 'OVERLOADED':
      return new Overloaded(message);
    case 'PROPOSAL_DROPPED':
      return new ProposalDropped(message);
    case 'FATE_UNKNOWN':
      return new FateUnknown(message);
    default:
      return new ConsensusError(code, message);
  }
}
