/**
 * Asks every known server, each at its own pace, and passes on what it hears: to the sightings that doors read, to the
 * diagnosis, and, where this node leads, to the log. Which addresses to ask is in the replicated state; so every node asks
 * the same ones, and a new leader has seen them all with its own eyes.
 */
import type { Rng } from '../../core/base/rng.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import { Lane } from './lane.js';
import { Observer, type ProbingLedger } from './observer.js';
import type { ProbingPace } from './pace.js';
import { intervalMs, type Standing } from './rhythm.js';
import { SightingStore, type Sightings } from './sightings.js';
import { wantedAddresses } from './wanted.js';

export interface ProbingParts {
  readonly clock: Clock;
  readonly prober: Prober;
  readonly rng: Rng;
  readonly pace: ProbingPace;
  readonly ledger: ProbingLedger;
  /** DiscoveryIgnore... filters. */
  isIgnored(address: Address, as: 'server' | 'replica' | 'source'): boolean;
  /** Every probe that says something, in the turn in which it ended. */
  onProbed(result: ProbeResult): void;
  log(level: 'debug' | 'info' | 'warn', text: string): void;
}

interface Course {
  readonly address: Address;
  standing: Standing;
  failures: number;
  probes: number;
  /** When the last of its usual probes began. */
  startedAtMs: number;
  timer: Timer | null;
  /** In a queue or being asked at the usual pace; a course has one such probe at most. */
  busy: boolean;
}

interface Urgent {
  /** Infinity while it waits for its place. */
  startedAtMs: number;
  readonly result: Promise<ProbeResult>;
}

const FOLLOW_UP_GAP_MS = 250;

export class ProbingLoop {
  readonly #parts: ProbingParts;
  readonly #store = new SightingStore();
  readonly #observer: Observer;
  readonly #courses = new Map<string, Course>();
  readonly #urgent = new Map<string, Urgent>();
  readonly #living: Lane;
  readonly #dead: Lane;
  readonly #waited: Lane;
  #wanted: ReadonlyMap<string, unknown> = new Map();
  #term: number | null = null;
  #ledSinceMs = Number.POSITIVE_INFINITY;
  #stopped = true;

  constructor(parts: ProbingParts) {
    this.#parts = parts;
    const { clock, ledger, pace } = parts;
    this.#living = new Lane(pace.concurrencyMax);
    this.#dead = new Lane(pace.deadConcurrencyMax);
    this.#waited = new Lane(pace.urgentConcurrencyMax);
    this.#observer = new Observer({
      clock,
      ledger,
      pace,
      isKnown: (address) => this.#wanted.has(addressText(address)),
      isIgnored: (address, as) => parts.isIgnored(address, as),
      isValid: (server, startedAtMs) => this.#store.isValid(server, startedAtMs),
      onFailed: (what, error) => {
        parts.log('debug', `${what} was not committed: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
  }

  get sightings(): Sightings {
    return this.#store;
  }

  start(): void {
    this.#stopped = false;
    this.#parts.prober.onConnectionLost((address) => {
      this.#followUp(addressText(address));
    });
    this.noticeApplied();
  }

  stop(): void {
    this.#stopped = true;
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
    for (const [key, course] of this.#courses) {
      if (wanted.has(key)) continue;
      course.timer?.cancel();
      this.#courses.delete(key);
      this.#store.forget(course.address);
      this.#parts.prober.release(course.address);
    }
    for (const [key, { address, standing }] of wanted) {
      const course = this.#courses.get(key);
      if (course !== undefined) this.#restand(key, course, standing);
      else if (!this.#parts.isIgnored(address, 'server')) this.#begin(key, address, standing);
    }
    this.#store.forgetServersExcept(this.#parts.ledger.state.servers);
  }

  /** This node leads and has caught up. What it saw before may be older than the last step of its predecessor. */
  lead(term: number): void {
    if (this.#term === term) return;
    this.#term = term;
    this.#ledSinceMs = this.#parts.clock.nowMs();
    let delayMs = 0;
    const spreadMs = Math.min(5, this.#parts.pace.pollMs / Math.max(1, this.#courses.size));
    for (const [key, { standing }] of this.#courses) {
      if (standing === 'alias') continue;
      this.#hasten(key, delayMs);
      delayMs += spreadMs;
    }
  }

  follow(): void {
    this.#term = null;
    this.#ledSinceMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Looks now, in the order of the addresses; never rejects. A probe that is under way is not joined: it may have begun
   * before what the caller wants to know of. `timeoutMs` is per probe.
   */
  async probeNow(
    addresses: readonly Address[],
    timeoutMs = this.#parts.pace.probeTimeoutMs,
  ): Promise<readonly ProbeResult[]> {
    return await Promise.all(addresses.map((address) => this.#probeUrgently(address, timeoutMs)));
  }

  /** A probe that somebody else made with the same prober. */
  accept(result: ProbeResult): void {
    if (!this.#store.record(result, this.#parts.clock.wallMs())) return;
    this.#parts.onProbed(result);
    this.#observe(result);
  }

  /** A step changed this server at `monotonicMs`: what was seen of it before shows it as it was. Looks again at once. */
  invalidateBefore(server: ServerId, monotonicMs: number): void {
    this.#store.invalidateBefore(server, monotonicMs);
    const address = this.#parts.ledger.state.servers.get(server)?.address;
    if (address !== undefined) this.#hasten(addressText(address), 0);
  }

  #begin(key: string, address: Address, standing: Standing): void {
    const course: Course = {
      address,
      standing,
      failures: 0,
      probes: 0,
      startedAtMs: Number.NEGATIVE_INFINITY,
      timer: null,
      busy: false,
    };
    this.#courses.set(key, course);
    this.#arm(key, course, 0);
  }

  #restand(key: string, course: Course, standing: Standing): void {
    if (course.standing === standing) return;
    const backedOff = course.failures > 0 && standing === 'owed';
    course.standing = standing;
    if (backedOff) this.#hasten(key, 0);
  }

  #hasten(key: string, delayMs: number): void {
    const course = this.#courses.get(key);
    if (course !== undefined && !course.busy) this.#arm(key, course, delayMs);
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
      course.busy = true;
      const lane = course.failures > 0 ? this.#dead : this.#living;
      lane.run(() => this.#probe(key, course));
    });
  }

  async #probe(key: string, course: Course): Promise<void> {
    if (this.#courses.get(key) !== course) return;
    course.startedAtMs = this.#parts.clock.nowMs();
    const result = await this.#parts.prober.probe(course.address, this.#parts.pace.probeTimeoutMs);
    course.busy = false;
    if (this.#stopped || this.#courses.get(key) !== course) return;
    note(course, result);
    const { clock, pace, rng } = this.#parts;
    // A server that was changed while it was asked is asked again at once: nothing of this answer was taken in.
    const isStale = result.ok && !this.#store.isValid(result.report.id, result.startedAtMs);
    const nextAtMs = isStale ? 0 : result.startedAtMs + intervalMs(course, pace, rng);
    this.#arm(key, course, Math.max(0, nextAtMs - clock.nowMs()));
    this.accept(result);
  }

  #probeUrgently(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const key = addressText(address);
    const underway = this.#urgent.get(key);
    // It waits for its place, or began in this very moment: it sees all that the caller wants to know of.
    if (underway !== undefined && underway.startedAtMs >= this.#parts.clock.nowMs()) return underway.result;
    const { promise, resolve } = deferred<ProbeResult>();
    const urgent: Urgent = { startedAtMs: Number.POSITIVE_INFINITY, result: promise };
    this.#urgent.set(key, urgent);
    this.#waited.run(async () => {
      urgent.startedAtMs = this.#parts.clock.nowMs();
      const result = await this.#parts.prober.probe(address, timeoutMs);
      if (this.#urgent.get(key) === urgent) this.#urgent.delete(key);
      const course = this.#courses.get(key);
      if (course !== undefined) note(course, result);
      resolve(result);
      this.accept(result);
    });
    return promise;
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
}

function note(course: Course, result: ProbeResult): void {
  course.probes += 1;
  course.failures = result.ok ? 0 : course.failures + 1;
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let settle: ((value: T) => void) | null = null;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}
