/**
 * A consensus of one, held by the hand of a test: entries are committed when the test says so, and leadership, lease and
 * time are what the test sets. For the loops above Raft; Raft itself has its own tests.
 */
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import type { Lease } from '../../../src/core/raft/ready.js';
import type { Clock, Timer } from '../../../src/runtime/ports/clock.js';
import type {
  Consensus,
  ConsensusListeners,
  ConsensusStatus,
  Leadership,
  LogPosition,
} from '../../../src/runtime/ports/consensus.js';
import { NotLeader } from '../../../src/runtime/ports/consensus-errors.js';
import type { NodeInfo } from '../../../src/runtime/ports/peer-transport.js';

export class FakeClock implements Clock {
  now = 1000;
  wall = 1_700_000_000_000;
  readonly #timers = new Set<{ at: number; fire: () => void }>();

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.wall;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.now + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** Moves time on, firing what falls due in order, with a turn of the event loop after each. */
  async advance(byMs: number): Promise<void> {
    const end = this.now + byMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      // A test that moved `now` on by hand stopped the process: what fell due meanwhile fires late, not in the past.
      this.wall += Math.max(0, due.at - this.now);
      this.now = Math.max(this.now, due.at);
      due.fire();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.wall += end - this.now;
    this.now = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export class FakeConsensus implements Consensus {
  /** Commits on its own as soon as something is proposed; false lets the test do it with `commit`. */
  autoCommit = true;
  leaseNow: Lease = { term: 1, until: Number.MAX_SAFE_INTEGER };
  leadershipNow: Leadership = { role: 'leader', term: 1, leader: 'n1' as NodeId };
  membershipNow: Membership = { voters: ['n1' as NodeId], outgoing: [], learners: [], addresses: {} };
  peersNow: ReadonlyMap<NodeId, NodeInfo> = new Map();
  confirmRead: () => Promise<number> = () => Promise.resolve(this.index);
  index = 0;
  #listeners: ConsensusListeners | null = null;
  readonly #pending: { payload: Uint8Array; resolve: (position: LogPosition) => void }[] = [];

  start(listeners: ConsensusListeners): Promise<void> {
    this.#listeners = listeners;
    return Promise.resolve();
  }

  founding: string | null = null;

  founded(founding: string): void {
    this.founding = founding;
  }

  propose(payload: Uint8Array): Promise<LogPosition> {
    if (this.leadershipNow.role !== 'leader') return Promise.reject(new NotLeader(this.leadershipNow.leader));
    return new Promise((resolve) => {
      this.#pending.push({ payload, resolve });
      if (this.autoCommit) {
        queueMicrotask(() => {
          this.commit();
        });
      }
    });
  }

  commit(): void {
    for (const { payload, resolve } of this.#pending.splice(0)) {
      this.index += 1;
      const term = this.leadershipNow.term;
      this.#listeners?.onCommitted([{ index: this.index, term, kind: 'command', payload }]);
      resolve({ index: this.index, term });
    }
  }

  /** The entry a leader opens its term with. */
  beginTerm(term: number): void {
    this.lead(term);
    this.index += 1;
    this.#listeners?.onCommitted([{ index: this.index, term, kind: 'empty', payload: new Uint8Array() }]);
  }

  lead(term: number): void {
    this.leadershipNow = { role: 'leader', term, leader: 'n1' as NodeId };
    this.leaseNow = { ...this.leaseNow, term };
    this.#listeners?.onLeadershipChange(this.leadershipNow);
  }

  follow(term: number, leader: string | null): void {
    this.leadershipNow = { role: 'follower', term, leader: leader as NodeId | null };
    this.#listeners?.onLeadershipChange(this.leadershipNow);
  }

  /** A peer introduced itself. */
  meetPeer(info: NodeInfo): void {
    this.peersNow = new Map([...this.peersNow, [info.id, info]]);
    this.#listeners?.onPeersChange(this.peersNow);
  }

  readIndex(): Promise<number> {
    return this.confirmRead();
  }

  lease(): Lease {
    return this.leaseNow;
  }

  leadership(): Leadership {
    return this.leadershipNow;
  }

  peers(): ReadonlyMap<NodeId, NodeInfo> {
    return this.peersNow;
  }

  status(): Promise<ConsensusStatus> {
    const { index } = this;
    return Promise.resolve({
      ...this.leadershipNow,
      id: 'n1' as NodeId,
      commit: index,
      firstIndex: 1,
      lastIndex: index,
      membership: this.membershipNow,
      membershipIndex: 0,
      member: true,
      votes: true,
      transferringTo: null,
      snapshotIndex: 0,
      logBytes: 0,
      storageTrouble: null,
      peers: [],
    });
  }

  transferLeadership(): Promise<void> {
    return Promise.resolve();
  }

  changeMembership(_next: Membership): Promise<void> {
    return Promise.resolve();
  }

  meet(): Promise<never> {
    return Promise.reject(new Error('the fake meets nobody'));
  }

  takeSnapshot(): Promise<number> {
    return Promise.resolve(this.index);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
