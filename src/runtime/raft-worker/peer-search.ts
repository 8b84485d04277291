/**
 * Looking for the others elsewhere than the log says. When a whole cluster has moved, no node finds another by its log, and
 * none can commit where it is now; but each has been given a list of places (RaftNodes), which may be names that lead to
 * new addresses. As long as no leader is known they are asked, one round every few seconds, who is there.
 */
import type { Clock, Timer } from '../ports/clock.js';
import type { Introduction, PeerTransport } from '../ports/peer-transport.js';

const EVERY_MS = 3000;
const MEETING_MS = 2000;

export class PeerSearch {
  readonly #places: readonly string[];
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #onMet: (introduction: Introduction) => void;
  #timer: Timer | null = null;

  constructor(
    places: readonly string[],
    transport: PeerTransport,
    clock: Clock,
    onMet: (introduction: Introduction) => void,
  ) {
    this.#places = places;
    this.#transport = transport;
    this.#clock = clock;
    this.#onMet = onMet;
  }

  noticeLeader(leader: string | null): void {
    if (leader !== null) this.close();
    else if (this.#timer === null && this.#places.length > 0) this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #wait(): void {
    this.#timer = this.#clock.setTimer(EVERY_MS, () => {
      this.#wait();
      for (const place of this.#places) void this.#ask(place);
    });
  }

  async #ask(place: string): Promise<void> {
    try {
      const { clusterId, introduction } = await this.#transport.meet(place, MEETING_MS);
      if (this.#timer !== null && clusterId === this.#transport.clusterId) this.#onMet(introduction);
    } catch {
      // Nobody there: the next round asks again.
    }
  }
}
