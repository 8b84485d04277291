/**
 * Asks servers, each at its own pace, and passes on what it and its peers see: to the sightings that doors read, to the
 * diagnosis, and, where this node leads, to the log. Which addresses there are is in the replicated state; which of them
 * are this node's to ask follows from who takes part. Servers that others hang on every node asks itself, because whether
 * they can be reached is put to the vote.
 */
import type { Rng } from '../../core/base/rng.js';
import { forgottenAddresses } from '../../core/ledger/tombstones.js';
import { type Address, addressKey, addressText } from '../../core/topology/address.js';
import { assignedTo, type Participant } from '../../core/topology/assignment.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import { beginCourse, type Course, noteLook } from './course.js';
import { Lane, type Place } from './lane.js';
import { Observer, type ProbingLedger } from './observer.js';
import { OtherShares } from './other-shares.js';
import type { ProbingPace } from './pace.js';
import { intervalMs } from './rhythm.js';
import type { News, SightingStore, Sightings } from './sightings.js';
import { UrgentLooks } from './urgent-looks.js';
import { type Wanted, wantedAddresses } from './wanted.js';

export interface ProbingParts {
  /** This node's id, as it is in the list of those who take part. */
  readonly self: string;
  readonly clock: Clock;
  readonly prober: Prober;
  readonly rng: Rng;
  readonly pace: ProbingPace;
  readonly ledger: ProbingLedger;
  readonly sightings: SightingStore;
  /** DiscoveryIgnore... filters. */
  isIgnored(address: Address, as: 'server' | 'replica' | 'source'): boolean;
  /** May the report be believed, and its server be known? */
  admits(report: ServerReport): boolean;
  /** What HostnameResolveMethod makes of a host; at once where it is known. */
  hostName(host: string): string | Promise<string>;
  /** Does every node look at it with its own eyes, because others hang on it? */
  isForAll(server: ServerId): boolean;
  /** Every look that says something, in the turn in which it ended or came in. */
  onNews(news: News): void;
  /** Nobody asks for it any more. */
  onForgotten(address: Address): void;
  log(level: 'debug' | 'info' | 'warn', text: string): void;
}

export interface QueueState {
  readonly active: number;
  readonly queued: number;
}

const FOLLOW_UP_GAP_MS = 250;
/** Whoever decides after a change waits no longer to see it: a server that hangs is judged as it was last seen. */
const SEE_ANEW_MS = 3000;
const TICKS_BETWEEN_CLEANINGS = 100;

export class ProbingLoop {
  readonly #parts: ProbingParts;
  readonly #store: SightingStore;
  readonly #observer: Observer;
  readonly #courses = new Map<string, Course>();
  readonly #urgent: UrgentLooks;
  readonly #others: OtherShares;
  readonly #living: Lane;
  readonly #dead: Lane;
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  /** Of the same addresses, however a report spells them. */
  #wantedKeys: ReadonlySet<string> = new Set();
  /** Whoever names them does not bring them back. */
  #forgotten: ReadonlySet<string> = new Set();
  #nodes: readonly Participant[];
  #term: number | null = null;
  #ledSinceMs = Number.POSITIVE_INFINITY;
  #tick: Timer | null = null;
  #ticks = 0;
  #stopped = true;

  constructor(parts: ProbingParts) {
    this.#parts = parts;
    const { clock, ledger, pace, sightings } = parts;
    this.#store = sightings;
    this.#nodes = [{ id: parts.self, dataCenter: '' }];
    this.#living = new Lane(() => pace.concurrencyMax);
    this.#dead = new Lane(() => pace.deadConcurrencyMax);
    this.#urgent = new UrgentLooks({
      clock,
      prober: parts.prober,
      concurrencyMax: pace.urgentConcurrencyMax,
      onLooked: (key, result) => {
        this.#noteUrgent(key, result);
      },
    });
    this.#others = new OtherShares({
      clock,
      pace,
      leads: () => this.#term !== null,
      lastLookMs: ({ address }) => sightings.newest(address)?.last.startedAtMs ?? null,
      look: (key, course) => {
        this.#enqueue(key, course);
      },
      release: ({ address }) => {
        parts.prober.release(address);
      },
    });
    this.#observer = new Observer({
      clock,
      ledger,
      pace,
      isKnown: (address) => this.#wantedKeys.has(addressKey(address)) || this.#forgotten.has(addressKey(address)),
      isIgnored: (address, as) => parts.isIgnored(address, as),
      admits: (report) => parts.admits(report),
      hostName: (host) => parts.hostName(host),
      isValid: (server, startedAtMs) => sightings.isValid(server, startedAtMs),
      onFailed: (what, error) => {
        parts.log('debug', `${what} was not committed: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
    sightings.showOwnOf((address) => this.#courses.get(addressText(address))?.isMine ?? true);
  }

  get sightings(): Sightings {
    return this.#store;
  }

  /** What is asked and what waits: servers that answer, and those that do not. */
  get queues(): { readonly living: QueueState; readonly dead: QueueState } {
    return { living: stateOf(this.#living), dead: stateOf(this.#dead) };
  }

  start(): void {
    this.#stopped = false;
    this.#parts.prober.onConnectionLost((address) => {
      this.#followUp(addressText(address));
    });
    this.noticeApplied();
    this.#armTick();
  }

  stop(): void {
    this.#stopped = true;
    this.#tick?.cancel();
    for (const course of this.#courses.values()) course.timer?.cancel();
    this.#courses.clear();
    for (const lane of [this.#living, this.#dead]) lane.clear();
    this.#observer.stop();
  }

  /** Entries were applied or a snapshot restored: the set of addresses may be another. */
  noticeApplied(): void {
    if (this.#stopped) return;
    const wanted = wantedAddresses(this.#parts.ledger.state);
    this.#wanted = wanted;
    this.#wantedKeys = new Set([...wanted.values()].map(({ address }) => addressKey(address)));
    this.#forgotten = forgottenAddresses(this.#parts.ledger.state);
    for (const [key, course] of this.#courses) if (!wanted.has(key)) this.#drop(key, course);
    for (const [key, one] of wanted) {
      const course = this.#courses.get(key);
      if (course !== undefined) this.#restand(key, course, one);
      else if (!this.#parts.isIgnored(one.address, 'server')) this.#begin(key, one);
    }
  }

  /** Who takes part is another list. What becomes this node's is asked when its turn comes: at once, if it is late. */
  assign(nodes: readonly Participant[]): void {
    this.#nodes = nodes;
    if (this.#stopped) return;
    for (const [key, course] of this.#courses) this.#settle(key, course);
  }

  /** This node leads and has caught up. What it saw before may be older than the last step of its predecessor. */
  lead(term: number): void {
    if (this.#term === term) return;
    this.#term = term;
    this.#ledSinceMs = this.#parts.clock.nowMs();
    let delayMs = 0;
    const spreadMs = Math.min(5, this.#parts.pace.pollMs / Math.max(1, this.#courses.size));
    for (const [key, { standing, isMine }] of this.#courses) {
      if (standing === 'alias' || !isMine) continue;
      this.#hasten(key, delayMs);
      delayMs += spreadMs;
    }
  }

  follow(): void {
    this.#term = null;
    this.#ledSinceMs = Number.POSITIVE_INFINITY;
  }

  /** Looks now, in the order of the addresses; never rejects. `timeoutMs` is per probe. */
  async probeNow(
    addresses: readonly Address[],
    timeoutMs = this.#parts.pace.probeTimeoutMs,
  ): Promise<readonly ProbeResult[]> {
    return await Promise.all(addresses.map((address) => this.#urgent.look(address, timeoutMs)));
  }

  /**
   * Those that were changed since they were seen are looked at now, and what was seen is committed; resolves within seconds
   * even where a server or the log is silent. Never rejects.
   */
  async seeAnew(servers: readonly ServerId[]): Promise<void> {
    const { clock, ledger } = this.#parts;
    const addresses = servers.flatMap((id) => {
      const address = ledger.state.servers.get(id)?.address;
      if (address === undefined) return [];
      const lookedAtMs = this.#store.newest(address)?.last.startedAtMs ?? Number.NEGATIVE_INFINITY;
      return this.#store.isValid(id, lookedAtMs) ? [] : [address];
    });
    const seen = this.probeNow(addresses).then(() => this.#observer.committed());
    let timer: Timer | null = null;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(SEE_ANEW_MS, resolve);
    });
    await Promise.race([seen, late]).finally(() => timer?.cancel());
  }

  /** A probe that this node made: the loop itself, or somebody else with the same prober. */
  accept(result: ProbeResult): void {
    const course = this.#courseOf(result);
    if (course?.isMine === false) course.borrowedAtMs = this.#parts.clock.nowMs();
    this.#take(this.#store.record(result));
  }

  /** A probe that a peer made, with its times on our clock. */
  hear(result: ProbeResult, by: string): void {
    if (this.#stopped) return;
    const news = this.#store.record(result, by);
    const course = this.#courseOf(result);
    if (news !== null && course?.isMine === false) noteLook(course, result);
    this.#take(news);
  }

  /** A step changed this server at `monotonicMs`: what was seen of it before shows it as it was. Looks again at once. */
  invalidateBefore(server: ServerId, monotonicMs: number): void {
    this.#store.invalidateBefore(server, monotonicMs);
    const address = this.#parts.ledger.state.servers.get(server)?.address;
    if (address === undefined) return;
    const key = addressText(address);
    const course = this.#courses.get(key);
    if (course?.isMine === false && !course.busy) this.#enqueue(key, course);
    else this.#hasten(key, 0);
  }

  /** Another node's step on it has ended by now: what was seen of it before may show it as it was. */
  noticeStep(server: ServerId): void {
    this.#store.invalidateBefore(server, this.#parts.clock.nowMs());
  }

  #begin(key: string, wanted: Wanted): void {
    const course = beginCourse(wanted, this.#parts.clock.nowMs());
    this.#courses.set(key, course);
    this.#restand(key, course, wanted);
  }

  #drop(key: string, course: Course): void {
    course.timer?.cancel();
    this.#courses.delete(key);
    this.#store.forget(course.address);
    this.#parts.prober.release(course.address);
    this.#parts.onForgotten(course.address);
  }

  #restand(key: string, course: Course, { standing, server, dataCenter }: Wanted): void {
    const backedOff = course.failures > 0 && standing === 'owed' && course.standing !== 'owed';
    course.standing = standing;
    course.dataCenter = dataCenter;
    course.forAll = standing === 'owed' || (standing === 'server' && server !== null && this.#parts.isForAll(server));
    this.#settle(key, course);
    if (backedOff) this.#hasten(key, 0);
  }

  /** Is it this node's to look at? */
  #settle(key: string, course: Course): void {
    const isMine = course.forAll || assignedTo(key, course.dataCenter, this.#nodes) === this.#parts.self;
    if (isMine === course.isMine) return;
    const nowMs = this.#parts.clock.nowMs();
    course.isMine = isMine;
    course.sinceMs = nowMs;
    if (isMine) {
      course.borrowedAtMs = null;
      if (!course.busy) this.#arm(key, course, this.#dueInMs(course));
      return;
    }
    course.timer?.cancel();
    course.timer = null;
    course.borrowedAtMs = nowMs;
  }

  /** Counted from the last look of whoever looked before. */
  #dueInMs(course: Course): number {
    const { clock, pace, rng } = this.#parts;
    const lastMs = this.#store.newest(course.address)?.last.startedAtMs;
    return lastMs === undefined ? 0 : Math.max(0, lastMs + intervalMs(course, pace, rng) - clock.nowMs());
  }

  #hasten(key: string, delayMs: number): void {
    const course = this.#courses.get(key);
    if (course?.isMine === true && !course.busy) this.#arm(key, course, delayMs);
  }

  /** A connection was lost. A server that ends each of our connections at once must not make us run in circles. */
  #followUp(key: string): void {
    const course = this.#courses.get(key);
    if (course === undefined) return;
    const earliestMs = course.startedAtMs + Math.min(this.#parts.pace.pollMs, FOLLOW_UP_GAP_MS);
    this.#hasten(key, Math.max(0, earliestMs - this.#parts.clock.nowMs()));
  }

  #arm(key: string, course: Course, delayMs: number): void {
    course.timer?.cancel();
    course.timer = this.#parts.clock.setTimer(delayMs, () => {
      course.timer = null;
      this.#enqueue(key, course);
    });
  }

  #enqueue(key: string, course: Course): void {
    course.busy = true;
    // Whoever must be fenced waits behind nobody.
    const lane = course.failures > 0 && course.standing !== 'owed' ? this.#dead : this.#living;
    lane.run((place) => this.#probe(key, course, place));
  }

  async #probe(key: string, course: Course, place: Place): Promise<void> {
    if (this.#courses.get(key) !== course) return;
    const { clock, prober, pace } = this.#parts;
    course.startedAtMs = clock.nowMs();
    const slow = clock.setTimer(pace.slowMs, () => {
      place.moveTo(this.#dead);
      this.#store.noteSlow(course.address, course.startedAtMs);
    });
    const result = await prober.probe(course.address, pace.probeTimeoutMs);
    slow.cancel();
    course.busy = false;
    if (this.#stopped || this.#courses.get(key) !== course) return;
    noteLook(course, result);
    if (course.isMine) this.#rearm(key, course, result);
    this.accept(result);
  }

  #rearm(key: string, course: Course, result: ProbeResult): void {
    const { clock, pace, rng } = this.#parts;
    // A server that was changed while it was asked is asked again at once: nothing of this answer was taken in.
    const isStale = result.ok && !this.#store.isValid(result.report.id, result.startedAtMs);
    const nextAtMs = isStale ? 0 : result.startedAtMs + intervalMs(course, pace, rng);
    this.#arm(key, course, Math.max(0, nextAtMs - clock.nowMs()));
  }

  #noteUrgent(key: string, result: ProbeResult): void {
    const course = this.#courses.get(key);
    if (course !== undefined) noteLook(course, result);
    this.accept(result);
  }

  #take(news: News | null): void {
    if (news === null) return;
    this.#parts.onNews(news);
    this.#observe(news.result);
  }

  #observe(result: ProbeResult): void {
    const { ledger } = this.#parts;
    const { readyTerm } = ledger;
    if (readyTerm === null) {
      this.follow();
      return;
    }
    if (readyTerm !== this.#term) this.lead(readyTerm);
    if (!result.ok || result.startedAtMs < this.#ledSinceMs) return;
    this.#observer.take(result.report, result.startedAtMs);
  }

  #courseOf(result: ProbeResult): Course | undefined {
    return this.#courses.get(addressText(result.ok ? result.report.address : result.address));
  }

  #armTick(): void {
    const everyMs = Math.min(500, Math.max(20, this.#parts.pace.pollMs / 10));
    this.#tick = this.#parts.clock.setTimer(everyMs, () => {
      this.#ticks += 1;
      this.#others.tend(this.#courses);
      if (this.#ticks % TICKS_BETWEEN_CLEANINGS === 0) {
        this.#store.keepOnly(this.#wanted, this.#parts.ledger.state.servers);
      }
      this.#armTick();
    });
  }
}

function stateOf({ active, queued }: Lane): QueueState {
  return { active, queued };
}
