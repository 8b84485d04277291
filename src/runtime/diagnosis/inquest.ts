/**
 * An emergency about one server, while it lasts: this node knocks, every other node is asked to knock, and all replicas
 * are read, at once and side by side, again and again, until the server answers or its death is settled. Nothing here
 * waits for a poll, and nobody who is slow holds up the others: each answer is weighed the moment it comes.
 */
import {
  beginInquiry,
  canaryRestarted,
  hearOpinion,
  type Inquiry,
  rememberBefore,
  restartClocks,
  seeReplica,
} from '../../core/analysis/inquiry.js';
import type { Link } from '../../core/analysis/links.js';
import type { NodeOpinion } from '../../core/analysis/vote.js';
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Channel, Server, ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import type { PeerOpinion, Peers } from '../ports/peers.js';
import type { Pace } from './limits.js';

export interface InquestParts {
  readonly self: string;
  readonly clock: Clock;
  readonly prober: Pick<Prober, 'knock' | 'probe'>;
  readonly peers: Pick<Peers, 'examine'>;
  readonly pace: Pace;
  /** The server as it is believed now, and its replicas; null when it is not known any more. */
  subject(): { readonly server: Server; readonly replicas: readonly Link[] } | null;
  /** Others of its data centre that are to be asked as well, because it may be all of that which is silent. */
  neighbours(): readonly Server[];
  /** The replica's channel as this node last read it; null when it never did. */
  channelBefore(link: Link): Channel | null;
  /** Every result, of the server itself and of its replicas; comes back through `see` where it belongs. */
  onProbed(result: ProbeResult): void;
  /** Something was heard or a round began: time to judge anew. */
  onHeard(): void;
}

export interface Suspicion {
  readonly atMs: number;
  readonly why: string;
  /** The replica that an earlier leader has used in the same incident. */
  readonly canary: ServerId | null;
}

export class Inquest {
  readonly why: string;
  readonly #parts: InquestParts;
  readonly #inFlight = new Set<string>();
  #inquiry: Inquiry;
  #hurriedAtMs: number;
  #timer: Timer | null = null;
  #dueAtMs: number | null = null;
  #paused = false;
  #closed = false;

  constructor(server: ServerId, suspicion: Suspicion, parts: InquestParts) {
    this.#parts = parts;
    this.#hurriedAtMs = parts.clock.nowMs();
    this.why = suspicion.why;
    this.#inquiry = beginInquiry(server, suspicion.atMs, suspicion.canary);
    for (const link of parts.subject()?.replicas ?? []) {
      const before = parts.channelBefore(link);
      if (before !== null) this.#inquiry = rememberBefore(this.#inquiry, link.replica.id, before);
    }
  }

  get inquiry(): Inquiry {
    return this.#inquiry;
  }

  get ownOpinion(): NodeOpinion | null {
    return this.#inquiry.opinions.get(this.#parts.self) ?? null;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** The first round goes out before this returns. */
  begin(): void {
    this.#round();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** Somebody lost it just now: however long this has been going on, ask at once and at full pace again. */
  hurry(): void {
    this.#hurriedAtMs = this.#parts.clock.nowMs();
    this.#timer?.cancel();
    this.#round();
  }

  /** While a recovery is at work on the server nothing is asked; what it does to the replicas would be read as evidence. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused || this.#closed) return;
    this.#paused = paused;
    this.#timer?.cancel();
    if (paused) return;
    this.restart();
    this.hurry();
  }

  restart(): void {
    this.#inquiry = restartClocks(this.#inquiry, this.#parts.clock.nowMs());
  }

  hear(opinion: NodeOpinion): void {
    if (this.#isOver()) return;
    this.#inquiry = hearOpinion(this.#inquiry, opinion);
    this.#parts.onHeard();
  }

  see(link: Link, result: ProbeResult): void {
    if (this.#isOver()) return;
    this.#inquiry = seeReplica(this.#inquiry, link, result);
    this.#parts.onHeard();
  }

  /** When time alone may change the verdict: the next round is held then if it were later; null: nobody waits for time. */
  expectAt(dueAtMs: number | null): void {
    this.#dueAtMs = dueAtMs;
  }

  canaryRestarted(canary: ServerId): void {
    this.#inquiry = canaryRestarted(this.#inquiry, canary, this.#parts.clock.nowMs());
  }

  #round(): void {
    if (this.#isOver()) return;
    const subject = this.#parts.subject();
    if (subject !== null) this.#ask(subject.server.address, subject.replicas);
    this.#parts.onHeard();
    if (this.#isOver()) return;
    this.#timer = this.#parts.clock.setTimer(this.#pauseMs(), () => {
      this.#round();
    });
  }

  /** `onHeard` may have ended it. */
  #isOver(): boolean {
    return this.#closed || this.#paused;
  }

  #pauseMs(): number {
    const { pace, clock } = this.#parts;
    const ageMs = clock.nowMs() - this.#hurriedAtMs;
    const step = pace.rounds.find((round) => ageMs < round.untilAgeMs) ?? pace.rounds[pace.rounds.length - 1];
    const everyMs = step?.everyMs ?? pace.calmRoundMs;
    const isReached = [...this.#inquiry.opinions.values()].some((opinion) => opinion.vote === 'alive');
    if (isReached) return Math.max(everyMs, pace.calmRoundMs);
    const dueInMs = (this.#dueAtMs ?? Number.POSITIVE_INFINITY) - clock.nowMs();
    return dueInMs > 0 ? Math.min(everyMs, dueInMs) : everyMs;
  }

  #ask(address: Address, replicas: readonly Link[]): void {
    this.#once('knock', () => this.#knock(address));
    // Not one at a time: whoever is down would hold up the next question to the others. The port joins calls to one peer.
    void this.#askPeers(address);
    for (const { replica } of replicas) {
      this.#once(`replica ${replica.id}`, () => this.#probe(replica.address));
    }
    for (const neighbour of this.#parts.neighbours()) {
      this.#once(`replica ${neighbour.id}`, () => this.#probe(neighbour.address));
    }
  }

  /** One of each at a time: a silent server must not gather connections. */
  #once(what: string, work: () => Promise<void>): void {
    if (this.#inFlight.has(what)) return;
    this.#inFlight.add(what);
    void work().finally(() => this.#inFlight.delete(what));
  }

  async #knock(address: Address): Promise<void> {
    const { clock, prober, pace, self } = this.#parts;
    const atMs = clock.nowMs();
    const { vote, detail } = await prober.knock(address, pace.knockMs);
    this.hear({ node: self, vote, atMs, detail });
    // It greets. Whether it can be read as well decides how this ends.
    if (vote === 'alive') await this.#probe(address);
  }

  async #askPeers(address: Address): Promise<void> {
    const { peers, pace } = this.#parts;
    await peers.examine(address, pace.examineMs, (opinion) => {
      this.#hearPeer(opinion);
    });
  }

  #hearPeer({ node, vote, detail, ageMs }: PeerOpinion): void {
    this.hear({ node, vote, detail, atMs: this.#parts.clock.nowMs() - ageMs });
  }

  async #probe(address: Address): Promise<void> {
    const { prober, pace } = this.#parts;
    const result = await prober.probe(address, pace.replicaProbeMs);
    if (!this.#closed) this.#parts.onProbed(result);
  }
}
