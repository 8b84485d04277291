/**
 * Why nothing is done about a problem: kept for whoever asks, and told once for each change. The sentences carry numbers
 * that count down, so it is the names of the reasons that are compared; a log that repeats itself is not read.
 */
import type { Refusal } from '../../core/recovery/belief.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Log } from '../ports/log.js';

export class Restraints {
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #sentences = new Map<ServerId, readonly string[]>();
  readonly #names = new Map<ServerId, string>();

  constructor(log: Log, onChange: () => void) {
    this.#log = log;
    this.#onChange = onChange;
  }

  get all(): ReadonlyMap<ServerId, readonly string[]> {
    return this.#sentences;
  }

  /** `what`: the server and its problem, for the log; null on a node that would not act anyway. No refusals: nothing keeps us. True: the reasons are news. */
  set(server: ServerId, what: string | null, refusals: readonly Refusal[]): boolean {
    const names = refusals.map(({ code }) => code).join(' ');
    if (names === '') {
      this.clear(server);
      return false;
    }
    this.#sentences.set(server, refusals.map(sentence));
    if (this.#names.get(server) === names) return false;
    this.#names.set(server, names);
    if (what !== null) {
      this.#log.warn({ server, reasons: names }, `${what}: nothing is done: ${refusals.map(sentence).join('; ')}`);
    }
    this.#onChange();
    return true;
  }

  clear(server: ServerId): void {
    this.#names.delete(server);
    if (this.#sentences.delete(server)) this.#onChange();
  }

  /** Those of servers without a problem go. */
  keepOnly(servers: ReadonlySet<ServerId>): void {
    for (const server of this.#sentences.keys()) if (!servers.has(server)) this.clear(server);
  }
}

function sentence({ message, mend }: Refusal): string {
  return mend === '' ? message : `${message} (to mend it: ${mend})`;
}
