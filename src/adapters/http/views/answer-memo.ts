/**
 * Whole answers, kept while nothing that they rest on has changed: the same entry applied, no event since, the same
 * second of the clock (ages are in most answers). Between two events thousands of requests are one lookup each.
 */
import { HTTP_LIMITS } from '../limits.js';

export interface AnswerMoment {
  readonly stateIndex: number;
  /** Rises with every event of the service. */
  readonly events: number;
  readonly second: number;
}

export class AnswerMemo {
  readonly #answers = new Map<string, Buffer>();
  #moment: AnswerMoment = { stateIndex: -1, events: -1, second: -1 };
  #bytes = 0;

  answer(moment: AnswerMoment, key: string, build: () => Buffer): Buffer {
    if (!sameMoment(moment, this.#moment)) {
      this.#answers.clear();
      this.#bytes = 0;
      this.#moment = moment;
    }
    const kept = this.#answers.get(key);
    if (kept !== undefined) return kept;
    const built = build();
    // Full: answered all the same, only not kept. Keys come from callers and must not be able to fill the memory.
    const fits = this.#bytes + built.length <= HTTP_LIMITS.answerBytesKept;
    if (fits && this.#answers.size < HTTP_LIMITS.answersKept) {
      this.#answers.set(key, built);
      this.#bytes += built.length;
    }
    return built;
  }
}

function sameMoment(one: AnswerMoment, other: AnswerMoment): boolean {
  return one.stateIndex === other.stateIndex && one.events === other.events && one.second === other.second;
}
