/**
 * Remembers the last things that happened, each with an id, and lets any number of followers read at their own pace: a
 * follower holds a place in this list and nothing else, so a slow one costs nothing. Who asks for what is forgotten is
 * told how things stand now and goes on from there; nothing is left out without a word.
 */
import type { LedgerState } from '../../core/ledger/state.js';
import { addressText } from '../../core/topology/address.js';
import type { Recovery } from '../../core/recovery/recovery.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Happening, Happenings, HappeningWatch } from '../ports/happenings.js';
import type { Analysis } from '../ports/service.js';
import { isSameProblem, leaderIs, marker, problemIs, recoveryNews, type ShownProblem, type Told } from './comparing.js';

/** A failover of ten servers says about fifty things. */
const KEPT = 2000;

export interface HappeningLogParts {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Differs between two lives of a node, so that an id of an earlier one is not taken for one of this. */
  readonly life: string;
  /** When it began, wall clock, milliseconds. */
  readonly startedAtMs: number;
  state(): LedgerState;
  analysis(): Analysis;
  leader(): string;
}

interface Follower {
  wake: () => void;
}

export class HappeningLog implements Happenings {
  readonly #parts: HappeningLogParts;
  readonly #followers = new Set<Follower>();
  /** The newest last; `#first` is the number of the oldest. */
  #kept: Happening[] = [];
  #first = 1;
  #problems: ReadonlyMap<ServerId, ShownProblem> = new Map();
  #recoveries: ReadonlyMap<string, Recovery> = new Map();
  #leader: string | null = null;

  constructor(parts: HappeningLogParts) {
    this.#parts = parts;
  }

  get watchers(): number {
    return this.#followers.size;
  }

  watch(after: string, wake: () => void): HappeningWatch {
    const follower: Follower = { wake };
    this.#followers.add(follower);
    let next = this.#placeAfter(after);
    let picture: Happening[] = next === null ? this.#picture() : [];
    next ??= this.#end;
    return {
      take: (max) => {
        if (picture.length === 0 && (next ?? 0) < this.#first) {
          picture = this.#picture();
          next = this.#end;
        }
        if (picture.length > 0) return picture.splice(0, max);
        const from = (next ?? 0) - this.#first;
        const taken = this.#kept.slice(from, from + max);
        next = (next ?? 0) + taken.length;
        return taken;
      },
      close: () => {
        this.#followers.delete(follower);
      },
    };
  }

  /** Something may be different from before. */
  notice(): void {
    const before = this.#end;
    this.#noticeLeader();
    this.#noticeProblems();
    this.#noticeRecoveries();
    if (this.#end === before) return;
    for (const { wake } of [...this.#followers]) wake();
  }

  /** The number that the next one gets. */
  get #end(): number {
    return this.#first + this.#kept.length;
  }

  #noticeLeader(): void {
    const leader = this.#parts.leader();
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#add(leaderIs(leader));
  }

  #noticeProblems(): void {
    const now = this.#problemsNow();
    for (const [server, shown] of now) {
      const before = this.#problems.get(server);
      if (before === undefined) this.#add(problemIs('problem-began', shown, this.#nameOf));
      else if (!isSameProblem(before, shown)) this.#add(problemIs('problem-changed', shown, this.#nameOf));
    }
    for (const [server, shown] of this.#problems) {
      if (!now.has(server)) this.#add(problemIs('problem-ended', shown, this.#nameOf));
    }
    this.#problems = now;
  }

  #noticeRecoveries(): void {
    const { startedAtMs } = this.#parts;
    const { recoveries } = this.#parts.state();
    const now = new Map<string, Recovery>();
    for (const [id, recovery] of recoveries) {
      now.set(id, recovery);
      const before = this.#recoveries.get(id) ?? null;
      if (before === recovery) continue;
      for (const told of recoveryNews(before, recovery, this.#nameOf, startedAtMs)) this.#add(told);
    }
    this.#recoveries = now;
  }

  #problemsNow(): ReadonlyMap<ServerId, ShownProblem> {
    const { problems, restraint } = this.#parts.analysis();
    return new Map(
      problems.map((problem) => [problem.server, { problem, restraint: restraint.get(problem.server) ?? [] }]),
    );
  }

  readonly #nameOf = (id: ServerId): string => {
    const server = this.#parts.state().servers.get(id);
    return server === undefined ? id : addressText(server.address);
  };

  #add(told: Told): void {
    this.#kept.push({ id: this.#idOf(this.#end), atMs: this.#parts.clock.wallMs(), ...told });
    // Cut in pieces: to move the whole list for each one would cost more than all the rest.
    if (this.#kept.length < 2 * KEPT) return;
    this.#first += this.#kept.length - KEPT;
    this.#kept = this.#kept.slice(-KEPT);
  }

  #idOf(number: number): string {
    return `${this.#parts.life}-${String(number)}`;
  }

  /** Null: it is not one of ours, or what came after it is forgotten. */
  #placeAfter(id: string): number | null {
    const [, life, digits] = /^(.*)-(\d{1,15})$/.exec(id) ?? [];
    const next = Number(digits ?? Number.NaN) + 1;
    return life === this.#parts.life && next >= this.#first && next <= this.#end ? next : null;
  }

  /** Only the last one has an id: whoever is cut off in the middle begins again. */
  #picture(): Happening[] {
    const atMs = this.#parts.clock.wallMs();
    const open = [...this.#recoveries.values()].filter(({ closedAtMs }) => closedAtMs === null);
    const told: readonly Told[] = [
      marker('reset'),
      leaderIs(this.#leader ?? ''),
      ...[...this.#problems.values()].map((shown) => problemIs('problem-began', shown, this.#nameOf)),
      ...open.flatMap((recovery) => recoveryNews(null, recovery, this.#nameOf)),
    ];
    return [
      ...told.map((one) => ({ id: '', atMs, ...one })),
      { id: this.#idOf(this.#end - 1), atMs, ...marker('current') },
    ];
  }
}
