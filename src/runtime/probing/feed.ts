/**
 * Tells whoever watches this node what it sees with its own eyes. What changes with every probe goes out a few times a
 * second; what matters goes out at once, because how soon a dead server is found hangs on it. Everything else about a
 * server is told once and again only when it changed. Of each address the newest look alone is kept, so that a peer that
 * cannot follow gets fewer looks, and never old ones.
 */
import { addressText } from '../../core/topology/address.js';
import type { Roster } from '../../core/topology/assignment.js';
import { sameValue } from '../../core/topology/diff.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { PeerFeed, SharedLook, Watcher, WatchSink } from '../ports/peers.js';

/** Raise it when a report has a part that older programs would miss, or miss one that they need. */
export const REPORT_SCHEMA = 1;

export interface FeedPace {
  /** Looks in which nothing changed go out together this often. */
  readonly batchMs: number;
  /** A change waits this long for others: when a switch dies, a hundred servers change in one moment. */
  readonly urgentMs: number;
}

export const FEED_PACE: FeedPace = { batchMs: 250, urgentMs: 3 };

/** Of one frame: far below the limit of a gRPC message, and small enough to be handled between two other things. */
const FRAME_LOOKS_MAX = 100;
const FRAME_CHARACTERS_MAX = 512 * 1024;

export interface FeedParts {
  readonly clock: Clock;
  readonly pace: FeedPace;
  /** '' when this node was not told where it stands. */
  readonly dataCenter: string;
  /** What this node has decided as leader; null while it does not lead. */
  roster(): Roster | null;
}

/** The newest look at one address, and its JSON, made when it is first sent and shared by all who watch. */
interface Told {
  readonly result: ProbeResult;
  readonly lasting: string | null;
  /** Another one whenever `lasting` changes, and of no other address. */
  readonly version: number;
  vitals: string | null;
}

export class Feed implements PeerFeed {
  readonly #parts: FeedParts;
  readonly #told = new Map<string, Told>();
  readonly #watchers = new Set<Listener>();
  #versions = 0;
  #timer: Timer | null = null;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  watched(_by: string, sink: WatchSink): Watcher {
    const listener: Listener = new Listener(this.#parts, sink, this.#told, () => this.#watchers.delete(listener));
    this.#watchers.add(listener);
    return listener;
  }

  /** Every look of this node's own that was taken in. */
  tell(result: ProbeResult): void {
    const key = addressText(result.ok ? result.report.address : result.address);
    const before = this.#told.get(key);
    const now = this.#toldOf(result, before);
    this.#told.set(key, now);
    for (const listener of this.#watchers) listener.mark(key);
    this.#flushIn(isMaterial(before, now) ? this.#parts.pace.urgentMs : this.#parts.pace.batchMs);
  }

  /** What it was before is nothing to anybody any more. */
  forget(key: string): void {
    this.#told.delete(key);
    for (const listener of this.#watchers) listener.forget(key);
  }

  rosterChanged(): void {
    for (const listener of this.#watchers) listener.tellRoster();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }

  #toldOf(result: ProbeResult, before: Told | undefined): Told {
    const version = before?.version ?? 0;
    if (!result.ok) return { result, lasting: before?.lasting ?? null, version, vitals: null };
    const lasting = lastingOf(result.report);
    if (before?.result.ok === true && sameValue(lastingOf(before.result.report), lasting)) {
      return { result, lasting: before.lasting, version, vitals: null };
    }
    const text = JSON.stringify(lasting);
    if (text === before?.lasting) return { result, lasting: text, version, vitals: null };
    this.#versions += 1;
    return { result, lasting: text, version: this.#versions, vitals: null };
  }

  #flushIn(delayMs: number): void {
    if (this.#watchers.size === 0) return;
    const dueAtMs = this.#parts.clock.nowMs() + delayMs;
    if (dueAtMs >= this.#dueAtMs) return;
    this.#timer?.cancel();
    this.#dueAtMs = dueAtMs;
    this.#timer = this.#parts.clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#dueAtMs = Number.POSITIVE_INFINITY;
      for (const listener of this.#watchers) listener.flush();
    });
  }
}

class Listener implements Watcher {
  readonly #parts: FeedParts;
  readonly #sink: WatchSink;
  readonly #told: Map<string, Told>;
  readonly #onGone: () => void;
  readonly #dirty = new Set<string>();
  /** The version of what lasts that this watch was told, by address. */
  readonly #versions = new Map<string, number>();
  #greeted = false;
  #blocked = false;

  constructor(parts: FeedParts, sink: WatchSink, told: Map<string, Told>, onGone: () => void) {
    this.#parts = parts;
    this.#sink = sink;
    this.#told = told;
    this.#onGone = onGone;
    for (const key of told.keys()) this.#dirty.add(key);
  }

  /** Answered at once and out of turn: the time that an answer waits makes every look seem older. */
  pinged(sentAtMs: number): void {
    const greeting = this.#greeted ? null : { dataCenter: this.#parts.dataCenter, schema: REPORT_SCHEMA };
    this.#greeted = true;
    const pong = { sentAtMs, clockMs: this.#parts.clock.nowMs() };
    this.#blocked = !this.#sink.send({ greeting, pong, roster: this.#parts.roster(), looks: [] }) || this.#blocked;
    if (greeting !== null) this.flush();
  }

  drained(): void {
    this.#blocked = false;
    this.flush();
  }

  gone(): void {
    this.#onGone();
  }

  mark(key: string): void {
    this.#dirty.add(key);
  }

  forget(key: string): void {
    this.#dirty.delete(key);
    this.#versions.delete(key);
  }

  tellRoster(): void {
    const roster = this.#parts.roster();
    if (!this.#greeted || roster === null) return;
    this.#blocked = !this.#sink.send({ greeting: null, pong: null, roster, looks: [] }) || this.#blocked;
  }

  flush(): void {
    while (this.#greeted && !this.#blocked && this.#dirty.size > 0) {
      const looks = this.#takeLooks();
      if (looks.length > 0) this.#blocked = !this.#sink.send({ greeting: null, pong: null, roster: null, looks });
    }
  }

  #takeLooks(): readonly SharedLook[] {
    const looks: SharedLook[] = [];
    let characters = 0;
    for (const key of this.#dirty) {
      if (looks.length >= FRAME_LOOKS_MAX || characters >= FRAME_CHARACTERS_MAX) break;
      this.#dirty.delete(key);
      const look = this.#lookAt(key);
      if (look === null) continue;
      looks.push(look);
      characters += look.vitals.length + (look.lasting?.length ?? 0);
    }
    return looks;
  }

  #lookAt(key: string): SharedLook | null {
    const told = this.#told.get(key);
    if (told === undefined) return null;
    const { result, version, lasting } = told;
    const { startedAtMs, finishedAtMs } = result;
    if (!result.ok) {
      const { address, failure } = result;
      return { address, startedAtMs, finishedAtMs, failure, lasting: null, vitals: '' };
    }
    const isNew = this.#versions.get(key) !== version;
    this.#versions.set(key, version);
    const { address, vitals } = result.report;
    told.vitals ??= JSON.stringify(vitals);
    return {
      address,
      startedAtMs,
      finishedAtMs,
      failure: null,
      lasting: isNew ? lasting : null,
      vitals: told.vitals,
    };
  }
}

/** All that a report says except what flows. */
export type Lasting = Omit<ServerReport, 'vitals'>;

function lastingOf({ vitals: _flows, ...lasting }: ServerReport): Lasting {
  return lasting;
}

function isMaterial(before: Told | undefined, now: Told): boolean {
  if (before === undefined || before.version !== now.version) return true;
  if (before.result.ok || now.result.ok) return before.result.ok !== now.result.ok;
  return (
    before.result.failure.kind !== now.result.failure.kind || before.result.failure.code !== now.result.failure.code
  );
}
