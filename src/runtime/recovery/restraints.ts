/**
 * Why nothing is done about a problem: kept for whoever asks, and told once for each change. The sentences carry numbers
 * that count down, so it is the names of the reasons that are compared; a log that repeats itself is not read.
 */
import type { AnalysisCode, Problem } from '../../core/analysis/problem.js';
import type { Refusal } from '../../core/recovery/belief.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Log } from '../ports/log.js';

export class Restraints {
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #sentences = new Map<ServerId, readonly string[]>();
  readonly #codes = new Map<ServerId, AnalysisCode>();
  readonly #names = new Map<ServerId, string>();

  constructor(log: Log, onChange: () => void) {
    this.#log = log;
    this.#onChange = onChange;
  }

  get all(): ReadonlyMap<ServerId, readonly string[]> {
    return this.#sentences;
  }

  /** Of these problems, under the names that they have now: what was said of one under another name is no reason any more. */
  of(problems: readonly Pick<Problem, 'server' | 'code'>[]): ReadonlyMap<ServerId, readonly string[]> {
    const current = new Map<ServerId, readonly string[]>();
    for (const { server, code } of problems) {
      const sentences = this.#codes.get(server) === code ? this.#sentences.get(server) : undefined;
      if (sentences !== undefined) current.set(server, sentences);
    }
    return current;
  }

  /** `what`: the server and its problem, for the log; null on a node that would not act anyway. No refusals: nothing keeps us. True: the reasons are news. */
  set({ server, code }: Pick<Problem, 'server' | 'code'>, what: string | null, refusals: readonly Refusal[]): boolean {
    const names = refusals.map(({ code }) => code).join(' ');
    if (names === '') {
      this.clear(server);
      return false;
    }
    this.#sentences.set(server, refusals.map(sentence));
    const isSame = this.#names.get(server) === names;
    if (isSame && this.#codes.get(server) === code) return false;
    this.#codes.set(server, code);
    if (isSame) {
      this.#onChange();
      return false;
    }
    this.#names.set(server, names);
    if (what !== null) {
      this.#log.warn({ server, reasons: names }, `${what}: nothing is done: ${refusals.map(sentence).join('; ')}`);
    }
    this.#onChange();
    return true;
  }

  clear(server: ServerId): void {
    this.#names.delete(server);
    this.#codes.delete(server);
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
