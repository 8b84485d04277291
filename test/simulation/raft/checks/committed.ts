/**
 * State-machine safety: what one node applied at an index, no node ever applies differently; and each node applies every
 * index once, in order. Leader completeness: a new leader's log holds everything that was committed before. Both keep the
 * same record, the history of committed entries.
 */
import type { Entry, LogIndex, Term } from '../../../../src/core/raft/message.js';
import type { Check } from '../observer.js';
import { Violation } from '../observer.js';
import type { Server } from '../server.js';

export class CommittedHistory implements Check<Server> {
  readonly #terms: Term[] = [0];
  /** The term in which it became committed: an entry of term 2 may be so only in term 4, and term 3 owes it nothing. */
  readonly #committedIn: Term[] = [0];
  readonly #contents: string[] = [''];

  /** The highest index that is known to be committed. */
  get lastIndex(): LogIndex {
    return this.#terms.length - 1;
  }

  applied(server: Server, entry: Entry): void {
    const content = `${entry.term} ${entry.kind} ${Buffer.from(entry.payload).toString('hex')}`;
    const known = this.#contents[entry.index];
    if (known === undefined) {
      if (entry.index !== this.#terms.length) {
        throw new Violation(
          `state machine safety: ${server.id} applies ${entry.index}, nobody has applied the one before`,
        );
      }
      this.#contents.push(content);
      this.#terms.push(entry.term);
      this.#committedIn.push(server.node?.status(server.now).term ?? Number.POSITIVE_INFINITY);
    } else if (known !== content) {
      throw new Violation(
        `state machine safety: at index ${entry.index} ${server.id} applies "${content}", another node applied "${known}"`,
      );
    }
  }

  leads(server: Server, term: Term): void {
    const { mirror } = server;
    for (let index = mirror.baseIndex; index <= this.lastIndex; index += 1) {
      if ((this.#committedIn[index] ?? 0) >= term || mirror.termAt(index) === this.#terms[index]) continue;
      throw new Violation(
        `leader completeness: ${server.id} leads term ${term} without committed entry ${index} of term ${this.#terms[index] ?? 0}`,
      );
    }
  }
}
