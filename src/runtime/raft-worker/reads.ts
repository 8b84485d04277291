/**
 * Linearizable reads that this thread has taken on. The core answers "ask again" when there is no leader or no quorum at
 * the moment; asking again, until the deadline, is done here, so that an election is a delay for a reader and no error.
 */
import type { LogIndex } from '../../core/raft/message.js';
import type { Ready } from '../../core/raft/ready.js';
import type { Clock, Timer } from '../ports/clock.js';

const ASK_AGAIN_AFTER_MS = 15;

interface Waiting {
  /** The main thread's name for it. */
  readonly id: number;
  readonly deadlineMs: number;
}

export class Reads {
  readonly #clock: Clock;
  readonly #ask: (context: number) => void;
  readonly #answer: (id: number, index: LogIndex | null) => void;
  readonly #waiting = new Map<number, Waiting>();
  #again: Waiting[] = [];
  #timer: Timer | null = null;
  #lastContext = 0;

  constructor(clock: Clock, ask: (context: number) => void, answer: (id: number, index: LogIndex | null) => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#answer = answer;
  }

  begin(id: number, deadlineMs: number): void {
    this.#begin({ id, deadlineMs });
  }

  answered(answers: Ready['reads']): void {
    for (const { context, index } of answers) {
      const read = this.#waiting.get(context);
      if (read === undefined) continue;
      this.#waiting.delete(context);
      if (index !== null) this.#answer(read.id, index);
      else if (this.#clock.nowMs() + ASK_AGAIN_AFTER_MS < read.deadlineMs) this.#again.push(read);
      else this.#answer(read.id, null);
    }
    if (this.#again.length > 0) this.#timer ??= this.#clock.setTimer(ASK_AGAIN_AFTER_MS, this.#askAgain);
  }

  close(): void {
    this.#timer?.cancel();
  }

  readonly #askAgain = (): void => {
    this.#timer = null;
    for (const read of this.#again.splice(0)) this.#begin(read);
  };

  #begin(read: Waiting): void {
    this.#lastContext += 1;
    this.#waiting.set(this.#lastContext, read);
    this.#ask(this.#lastContext);
  }
}
