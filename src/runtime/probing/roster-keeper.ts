/**
 * Who takes part in the probing now. The leader decides, from whom it hears, and tells the others, so that there is one
 * answer at a time; a server is then looked at by one node, and by no fewer. A node that hears no leader goes by whom it
 * hears itself: in a part of the cluster that was cut off, or between two leaders, all come to the same answer, and what
 * they show stays fresh.
 */
import {
  isLater,
  type Participant,
  type Roster,
  sameParticipants,
  sortedParticipants,
} from '../../core/topology/assignment.js';
import type { Clock, Timer } from '../ports/clock.js';

export interface RosterKeeperParts {
  readonly clock: Clock;
  readonly self: Participant;
  /** The peers whose looks come in. */
  heard(): ReadonlyMap<string, Participant>;
  /** A node that starts waits so long for a leader before it goes by itself: alone, it would ask every server. */
  readonly startGraceMs: number;
  /** The list in force is another one. */
  onChange(roster: Roster): void;
  /** This node leads, and its list is another one. */
  onDecided(): void;
}

/** A watch that broke is back within this, unless the leader is gone. */
const LAPSE_MS = 700;

const NOBODY: readonly Participant[] = [];

export class RosterKeeper {
  readonly #parts: RosterKeeperParts;
  #term: number | null = null;
  #number = 0;
  #inForce: Roster = { term: 0, number: 0, nodes: NOBODY };
  #told: { readonly roster: Roster; readonly by: string } | null = null;
  /** Until when the list of a leader that is not heard any more stands. */
  #lapsesAtMs = Number.POSITIVE_INFINITY;
  #waitsUntilMs = Number.POSITIVE_INFINITY;
  #timer: Timer | null = null;

  constructor(parts: RosterKeeperParts) {
    this.#parts = parts;
  }

  get inForce(): Roster {
    return this.#inForce;
  }

  /** What this node has decided as leader; null while it does not lead. */
  get decided(): Roster | null {
    return this.#term === null ? null : this.#inForce;
  }

  start(): void {
    this.#waitsUntilMs = this.#parts.clock.nowMs() + this.#parts.startGraceMs;
    this.#decide();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  lead(term: number): void {
    if (this.#term === term) return;
    this.#term = term;
    this.#told = null;
    this.#number = 0;
    this.#decide();
  }

  follow(): void {
    if (this.#term === null) return;
    this.#term = null;
    this.#decide();
  }

  /** The peers that are heard are others than before. */
  noticeHeard(): void {
    if (this.#told !== null && !this.#parts.heard().has(this.#told.by)) this.#lapseSoon();
    this.#decide();
  }

  /** Null: it does not lead, or not any more. */
  hear(roster: Roster | null, by: string): void {
    if (this.#term !== null) return;
    if (roster === null) {
      if (this.#told?.by === by) this.#lapseSoon();
      this.#decide();
      return;
    }
    const isNews = this.#told === null || this.#hasLapsed() || isLater(roster, this.#told.roster);
    const isRepeated = this.#told?.by === by && !isLater(this.#told.roster, roster);
    if (!isNews && !isRepeated) return;
    this.#told = { roster, by };
    this.#lapsesAtMs = Number.POSITIVE_INFINITY;
    this.#decide();
  }

  #lapseSoon(): void {
    this.#lapsesAtMs = Math.min(this.#lapsesAtMs, this.#parts.clock.nowMs() + LAPSE_MS);
  }

  #hasLapsed(): boolean {
    return this.#parts.clock.nowMs() >= this.#lapsesAtMs;
  }

  #decide(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#term !== null) this.#decideAsLeader(this.#term);
    else this.#goBy(this.#asFollower());
  }

  #decideAsLeader(term: number): void {
    const nodes = this.#everyoneHeard();
    if (this.#inForce.term === term && this.#number > 0 && sameParticipants(this.#inForce.nodes, nodes)) return;
    this.#number += 1;
    this.#goBy({ term, number: this.#number, nodes });
    this.#parts.onDecided();
  }

  #asFollower(): Roster {
    if (this.#told !== null && !this.#hasLapsed()) {
      if (this.#lapsesAtMs !== Number.POSITIVE_INFINITY) this.#decideAt(this.#lapsesAtMs);
      return this.#told.roster;
    }
    this.#told = null;
    if (this.#parts.clock.nowMs() < this.#waitsUntilMs) {
      this.#decideAt(this.#waitsUntilMs);
      return { term: 0, number: 0, nodes: NOBODY };
    }
    return { term: 0, number: 0, nodes: this.#everyoneHeard() };
  }

  #everyoneHeard(): readonly Participant[] {
    return sortedParticipants([this.#parts.self, ...this.#parts.heard().values()]);
  }

  #goBy(roster: Roster): void {
    const isSame = sameParticipants(this.#inForce.nodes, roster.nodes);
    this.#inForce = roster;
    if (!isSame) this.#parts.onChange(roster);
  }

  #decideAt(atMs: number): void {
    this.#timer = this.#parts.clock.setTimer(Math.max(1, atMs - this.#parts.clock.nowMs()), () => {
      this.#timer = null;
      this.#decide();
    });
  }
}
