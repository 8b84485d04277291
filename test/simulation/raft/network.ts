/** The network between the nodes: loses, delays, reorders and repeats, and links can be cut in one direction only. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { Message, NodeId } from '../../../src/core/raft/message.js';
import type { EventQueue } from './event-queue.js';
import type { Happenings } from './happenings.js';
import type { Profile } from './profile.js';

export class Network {
  readonly #events: EventQueue;
  readonly #rng: Rng;
  readonly #profile: Profile;
  readonly #happened: Happenings;
  readonly #deliver: (message: Message) => void;
  readonly #cut = new Set<string>();
  readonly #lastArrivalMs = new Map<string, number>();
  /** The faults are over: nothing is lost any more. */
  calm = false;

  constructor(
    events: EventQueue,
    rng: Rng,
    profile: Profile,
    happened: Happenings,
    deliver: (message: Message) => void,
  ) {
    this.#events = events;
    this.#rng = rng;
    this.#profile = profile;
    this.#happened = happened;
    this.#deliver = deliver;
  }

  send(message: Message): void {
    const { lossShare, duplicateShare } = this.#profile;
    if (!this.calm && this.#rng.next() < lossShare) {
      this.#happened.note('message lost');
      return;
    }
    this.#carry(message);
    if (this.calm || this.#rng.next() >= duplicateShare) return;
    this.#happened.note('message repeated');
    this.#carry(message);
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  #carry(message: Message): void {
    const { delayMsMin, delayMsMax, inOrder, strayShare } = this.#profile;
    const link = `${message.from}>${message.to}`;
    // Most messages are quick, a few take very long: that is what reorders them.
    const share = this.#rng.next() ** 3;
    let arrivalMs = this.#events.nowMs + delayMsMin + (delayMsMax - delayMsMin) * share;
    if (!this.calm && !inOrder && this.#rng.next() < strayShare) {
      arrivalMs += 500 * this.#rng.next();
      this.#happened.note('message delayed for long');
    }
    const lastMs = this.#lastArrivalMs.get(link) ?? 0;
    if (inOrder) arrivalMs = Math.max(arrivalMs, lastMs);
    else if (arrivalMs < lastMs) this.#happened.note('message overtaken');
    this.#lastArrivalMs.set(link, Math.max(arrivalMs, lastMs));
    this.#events.at(arrivalMs, () => {
      if (!this.isCut(message.from, message.to)) this.#deliver(message);
      else if (this.isCut(message.to, message.from)) this.#happened.note('message lost in a cut of both directions');
      else this.#happened.note('message lost in a cut of one direction');
    });
  }
}
