/**
 * A leader that cannot reach a primary which other nodes reach is in the wrong place: should that primary's failover ever
 * be needed, its own eyes are missing. It says so, and hands leadership to a node that sees. Leadership must not wander
 * between nodes that are each blind to something: the successor has to see everything that this node sees, and more, so
 * that no chain of successors leads back; and none of it is tried in a young term, soon again, or amid a recovery.
 */
import { addressText } from '../../core/topology/address.js';
import { joinWords } from '../../core/analysis/words.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Peers } from '../ports/peers.js';
import type { Inquest } from './inquest.js';

export interface ViewPace {
  /** A cable that is pulled and put back is no reason. */
  readonly blindMs: number;
  /** So long a term lasts at least. */
  readonly termMs: number;
  readonly retryMs: number;
  readonly examineMs: number;
}

export const VIEW_PACE: ViewPace = { blindMs: 5000, termMs: 10_000, retryMs: 30_000, examineMs: 700 };

/** Of what this node sees, so many are put to the successors; with more primaries than that, others the next time. */
const SAMPLE_MAX = 32;

export interface ClearerViewParts {
  readonly self: string;
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'examine'>;
  readonly pace: ViewPace;
  /** The heads of clusters. */
  heads(): readonly Server[];
  inquestOf(server: ServerId): Inquest | null;
  /** This node reached it with its last look. */
  reaches(server: Server): boolean;
  /** A recovery is open: whoever took over now would have to pick it up. */
  isActing(): boolean;
  voters(): readonly string[];
  /** The first of them that is up to date gets leadership. Resolves with what came of it, a sentence. Never rejects. */
  handOverTo(candidates: readonly string[]): Promise<string>;
  log(level: 'info' | 'warn', text: string): void;
}

export class ClearerView {
  readonly #parts: ClearerViewParts;
  #ledSinceMs = 0;
  #blindSinceMs: number | null = null;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #turn = 0;
  #told: string | null = null;
  #busy = false;

  constructor(parts: ClearerViewParts) {
    this.#parts = parts;
  }

  lead(): void {
    this.#ledSinceMs = this.#parts.clock.nowMs();
    this.#blindSinceMs = null;
    this.#told = null;
  }

  /** About once a second, while this node leads. */
  look(): void {
    const { clock, pace, isActing } = this.#parts;
    const nowMs = clock.nowMs();
    const blind = this.#blindTo();
    if (blind.length === 0) {
      this.#blindSinceMs = null;
      this.#told = null;
      return;
    }
    this.#blindSinceMs ??= nowMs;
    if (nowMs - this.#blindSinceMs < pace.blindMs || this.#busy) return;
    if (nowMs - this.#ledSinceMs < pace.termMs || nowMs - this.#triedAtMs < pace.retryMs || isActing()) return;
    this.#triedAtMs = nowMs;
    this.#busy = true;
    void this.#handOver(blind).finally(() => {
      this.#busy = false;
    });
  }

  #blindTo(): readonly { readonly server: Server; readonly seenBy: readonly string[] }[] {
    const { heads, inquestOf } = this.#parts;
    return heads().flatMap((server) => {
      const inquest = inquestOf(server.id);
      const own = inquest?.ownOpinion?.vote;
      if (inquest === null || (own !== 'silent' && own !== 'refused')) return [];
      const seenBy = [...inquest.inquiry.opinions.values()].filter(({ vote }) => vote === 'alive');
      return seenBy.length === 0 ? [] : [{ server, seenBy: seenBy.map(({ node }) => node) }];
    });
  }

  async #handOver(blind: readonly { readonly server: Server; readonly seenBy: readonly string[] }[]): Promise<void> {
    const { self, voters } = this.#parts;
    const gain = (node: string): number => blind.filter(({ seenBy }) => seenBy.includes(node)).length;
    const better = voters()
      .filter((node) => node !== self && gain(node) > 0)
      .sort((one, other) => gain(other) - gain(one) || (one < other ? -1 : 1));
    const candidates = await this.#seeingAll(better);
    const names = joinWords(blind.map(({ server }) => addressText(server.address)));
    const head = `this node leads and cannot reach ${names}, which others reach`;
    if (this.#blindTo().length === 0) return;
    if (candidates.length === 0) {
      this.#tell(`${head}; nobody else sees all that it sees, so it leads on`);
      return;
    }
    this.#tell(`${head}; ${await this.#parts.handOverTo(candidates)}`);
  }

  /** Those who reach every one of the primaries that this node reaches, as far as they are asked for. */
  async #seeingAll(nodes: readonly string[]): Promise<readonly string[]> {
    const { heads, reaches, peers, pace } = this.#parts;
    const seen = heads().filter((server) => reaches(server));
    const from = seen.length > SAMPLE_MAX ? (this.#turn * SAMPLE_MAX) % seen.length : 0;
    this.#turn += 1;
    const sample = [...seen.slice(from), ...seen.slice(0, from)].slice(0, SAMPLE_MAX);
    const answers = await Promise.all(
      sample.map(({ address }) => peers.examine(address, pace.examineMs, () => undefined)),
    );
    return nodes.filter((node) =>
      answers.every((opinions) => opinions.some((opinion) => opinion.node === node && opinion.vote === 'alive')),
    );
  }

  /** The same once; a log that repeats itself is not read. */
  #tell(text: string): void {
    if (this.#told === text) return;
    this.#told = text;
    this.#parts.log('warn', text);
  }
}
