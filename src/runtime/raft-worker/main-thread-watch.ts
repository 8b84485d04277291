/**
 * Whether the main thread still runs. This thread goes on by itself: with a main thread that hangs (a loop without end, a call
 * that waits for a disk) a node would lead on by its heartbeats, and nobody would act on a primary that dies. So a leader whose
 * main thread is silent gives the lead to another node, again at each look, in case it gets it back.
 *
 * Looks are counted and not milliseconds: whoever did not run for a while (SIGSTOP) has not looked either.
 */
import type { NodeId } from '../../core/raft/message.js';
import { bestSuccessor } from '../membership/live-voters.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { ConsensusEvent, ConsensusStatus } from '../ports/consensus.js';

/** How often the main thread says that it runs, and how often it is looked whether it did. */
export const ALIVE_EVERY_MS = 1000;

/** Garbage is collected and a thousand servers are judged in far less. */
const SILENT_LOOKS = 5;

export interface WatchedNode {
  status(): ConsensusStatus;
  transferLeadership(to: NodeId): void;
  tell(event: ConsensusEvent): void;
}

export class MainThreadWatch {
  readonly #clock: Clock;
  readonly #node: WatchedNode;
  #timer: Timer | null = null;
  #looks = 0;
  #closed = false;

  constructor(clock: Clock, node: WatchedNode) {
    this.#clock = clock;
    this.#node = node;
  }

  /** It runs. The first time begins the watch. */
  heard(): void {
    this.#looks = 0;
    if (this.#timer === null && !this.#closed) this.#wait();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#clock.setTimer(ALIVE_EVERY_MS, () => {
      this.#looks += 1;
      if (this.#looks >= SILENT_LOOKS) this.#giveLeadAway();
      this.#wait();
    });
  }

  #giveLeadAway(): void {
    const status = this.#node.status();
    const to = status.role === 'leader' ? bestSuccessor(status) : null;
    if (to === null) return;
    const text = `the main thread of this node has been silent for ${String(this.#looks)} s: the lead goes to ${to}`;
    this.#node.tell({ level: 'error', kind: 'main-thread', text });
    this.#node.transferLeadership(to);
  }
}
