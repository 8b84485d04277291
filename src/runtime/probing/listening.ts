/**
 * Watches every other node, and hands on what it sees as if it had been seen here, with times on our own clock. A watch
 * over which nothing comes any more is ended: who is heard decides who shares in the probing.
 */
import { addressText } from '../../core/topology/address.js';
import type { Participant, Roster } from '../../core/topology/assignment.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Vitals } from '../../core/topology/vitals.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Peers, SharedLook, Watch, WatchFrame } from '../ports/peers.js';
import { type Lasting, REPORT_SCHEMA } from './feed.js';
import { PeerClock } from './peer-clock.js';

export interface ListeningParts {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'others' | 'watch'>;
  /** Did this process run all the time since? Clocks that stood still meanwhile are compared anew. */
  ranSince(atMs: number): boolean;
  onLook(result: ProbeResult, by: string): void;
  /** Null: the peer does not lead. */
  onRoster(roster: Roster | null, by: string): void;
  /** Who is heard is another set than before. */
  onHeard(): void;
  log(level: 'debug' | 'info' | 'warn', text: string): void;
}

const TEND_MS = 250;
/** Also how precisely a peer's clock is known: drift is allowed for from the last answer on. */
const PING_MS = 1000;
/** Three answers in a row that did not come: the peer is frozen or the way to it is cut. */
const QUIET_MAX_MS = 3000;
const REOPEN_MS = 500;
/** A program of another version does not become ours in a moment. */
const UNREADABLE_MS = 10_000;

/** One watch, while it lasts. */
interface Ear {
  readonly node: string;
  readonly watch: Watch;
  /** What lasts of each report, as it was told last; its vitals come alone from then on. */
  readonly lasting: Map<string, Lasting>;
  pingedAtMs: number;
  heardAtMs: number;
  dataCenter: string | null;
  clock: PeerClock | null;
}

export class Listening {
  readonly #parts: ListeningParts;
  readonly #ears = new Map<string, Ear>();
  readonly #notBeforeMs = new Map<string, number>();
  readonly #unreadable = new Set<string>();
  #timer: Timer | null = null;

  constructor(parts: ListeningParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#tend();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const ear of this.#ears.values()) ear.watch.close();
    this.#ears.clear();
  }

  /** The peers whose looks come in, by id. */
  get heard(): ReadonlyMap<string, Participant> {
    const heard = new Map<string, Participant>();
    for (const { node, clock, dataCenter } of this.#ears.values()) {
      if (clock !== null && dataCenter !== null) heard.set(node, { id: node, dataCenter });
    }
    return heard;
  }

  #tend(): void {
    const nowMs = this.#parts.clock.nowMs();
    const others = new Set(this.#parts.peers.others());
    for (const ear of [...this.#ears.values()]) {
      if (!others.has(ear.node)) this.#end(ear, 'it is no member any more', REOPEN_MS);
      else this.#keepUp(ear, nowMs);
    }
    for (const node of others) {
      if (!this.#ears.has(node) && nowMs >= (this.#notBeforeMs.get(node) ?? 0)) this.#open(node, nowMs);
    }
    this.#timer = this.#parts.clock.setTimer(TEND_MS, () => {
      this.#tend();
    });
  }

  #keepUp(ear: Ear, nowMs: number): void {
    // What it said while we stood still lies in the socket, behind this timer.
    if (!this.#parts.ranSince(ear.heardAtMs)) ear.heardAtMs = nowMs;
    if (nowMs - ear.heardAtMs > QUIET_MAX_MS) {
      this.#end(ear, 'it says nothing', REOPEN_MS);
      return;
    }
    if (nowMs - ear.pingedAtMs < PING_MS) return;
    ear.pingedAtMs = nowMs;
    ear.watch.ping(nowMs);
  }

  #open(node: string, nowMs: number): void {
    this.#notBeforeMs.set(node, nowMs + REOPEN_MS);
    const watch = this.#parts.peers.watch(node, {
      onFrame: (frame) => {
        const ear = this.#ears.get(node);
        if (ear?.watch === watch) this.#take(ear, frame);
      },
      onEnded: (reason) => {
        const ear = this.#ears.get(node);
        if (ear?.watch === watch) this.#end(ear, reason, REOPEN_MS);
      },
    });
    if (watch === null) return;
    const ear: Ear = {
      node,
      watch,
      lasting: new Map(),
      pingedAtMs: nowMs,
      heardAtMs: nowMs,
      dataCenter: null,
      clock: null,
    };
    this.#ears.set(node, ear);
    watch.ping(nowMs);
  }

  #end(ear: Ear, reason: string, pauseMs: number): void {
    this.#ears.delete(ear.node);
    this.#notBeforeMs.set(ear.node, this.#parts.clock.nowMs() + pauseMs);
    ear.watch.close();
    if (ear.clock === null) return;
    this.#parts.log('info', `${ear.node} is not heard any more: ${reason}`);
    this.#parts.onHeard();
  }

  #take(ear: Ear, frame: WatchFrame): void {
    const { clock } = this.#parts;
    ear.heardAtMs = clock.nowMs();
    if (frame.greeting !== null && !this.#greet(ear, frame.greeting)) return;
    const isFirst = ear.clock === null;
    if (frame.pong !== null) ear.clock = new PeerClock(frame.pong);
    if (isFirst && ear.clock !== null) {
      this.#parts.log('info', `${ear.node} is heard`);
      this.#parts.onHeard();
    }
    if (frame.roster !== null || frame.pong !== null) this.#parts.onRoster(frame.roster, ear.node);
    if (frame.looks.length > 0) this.#takeLooks(ear, frame.looks);
  }

  #greet(ear: Ear, { dataCenter, schema }: { readonly dataCenter: string; readonly schema: number }): boolean {
    ear.dataCenter = dataCenter;
    if (schema === REPORT_SCHEMA) {
      this.#unreadable.delete(ear.node);
      return true;
    }
    if (!this.#unreadable.has(ear.node)) {
      const text = `${ear.node} tells what it sees in another form (${String(schema)}, here ${String(REPORT_SCHEMA)})`;
      this.#parts.log('warn', `${text}: it does not share in the probing until both nodes run the same program`);
    }
    this.#unreadable.add(ear.node);
    this.#end(ear, 'its reports cannot be read', UNREADABLE_MS);
    return false;
  }

  #takeLooks(ear: Ear, looks: readonly SharedLook[]): void {
    const nowMs = this.#parts.clock.nowMs();
    if (ear.clock === null || !this.#parts.ranSince(ear.clock.sinceMs)) {
      this.#end(ear, 'its clock must be compared with ours anew', 0);
      return;
    }
    for (const look of looks) {
      const result = resultOf(look, ear, ear.clock, nowMs);
      if (result === null) {
        this.#end(ear, `what it tells of ${addressText(look.address)} cannot be read`, REOPEN_MS);
        return;
      }
      this.#parts.onLook(result, ear.node);
    }
  }
}

/** Null when it makes no sense. */
function resultOf(look: SharedLook, ear: Ear, clock: PeerClock, nowMs: number): ProbeResult | null {
  const { address, failure } = look;
  const startedAtMs = clock.ours(look.startedAtMs, nowMs);
  const finishedAtMs = Math.max(startedAtMs, clock.ours(look.finishedAtMs, nowMs));
  if (failure !== null) return { ok: false, startedAtMs, finishedAtMs, address, failure };
  const key = addressText(address);
  try {
    if (look.lasting !== null) ear.lasting.set(key, JSON.parse(look.lasting) as Lasting);
    const lasting = ear.lasting.get(key);
    if (lasting === undefined) return null;
    const vitals = JSON.parse(look.vitals) as Vitals;
    return { ok: true, startedAtMs, finishedAtMs, report: { ...lasting, vitals } };
  } catch {
    return null;
  }
}
