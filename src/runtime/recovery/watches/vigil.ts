/**
 * Waits at a server's door until somebody answers. The server may refuse (its process is not there), be silent because its
 * way is cut, or be silent because it is frozen, and in each case its first word must be heard within milliseconds:
 * a connection that was sent into a cut way is repeated by the kernel after 1, 3, 7 ... seconds, so a new one is begun every
 * turn and the old one given up; one that a frozen server accepted stays open and is met as it wakes (the prober's waiting
 * room keeps a few, because each that is broken off counts against this host).
 */
import type { Address } from '../../../core/topology/address.js';
import type { Clock, Timer } from '../../ports/clock.js';
import type { Prober } from '../../ports/mysql.js';

export interface VigilTimes {
  /** Between the beginnings of two knocks. */
  readonly vigilMs: number;
  /** How long one knock waits for a connection, or for the first word of one that stands. */
  readonly vigilWaitMs: number;
}

export class Vigil {
  readonly address: Address;
  readonly #parts: { readonly clock: Clock; readonly prober: Pick<Prober, 'knock'> };
  readonly #times: VigilTimes;
  readonly #sleepers = new Set<() => void>();
  #over = false;

  constructor(
    address: Address,
    parts: { readonly clock: Clock; readonly prober: Pick<Prober, 'knock'> },
    times: VigilTimes,
  ) {
    this.address = address;
    this.#parts = parts;
    this.#times = times;
  }

  isOver(): boolean {
    return this.#over;
  }

  /** In this turn: whoever sleeps wakes and sees that it is over. */
  end(): void {
    this.#over = true;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Resolves when somebody has answered, or when it is over. */
  async answered(): Promise<void> {
    const most = Math.max(1, Math.ceil(this.#times.vigilWaitMs / this.#times.vigilMs));
    const knocks = { heard: false, underWay: 0 };
    const enough = (): boolean => knocks.heard;
    while (!enough() && !this.#over) {
      if (knocks.underWay < most) void this.#knock(knocks);
      await this.sleep(this.#times.vigilMs, enough);
    }
  }

  async #knock(knocks: { heard: boolean; underWay: number }): Promise<void> {
    knocks.underWay += 1;
    const { vote } = await this.#parts.prober.knock(this.address, this.#times.vigilWaitMs);
    knocks.underWay -= 1;
    if (vote !== 'alive') return;
    knocks.heard = true;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Until the time is up, or it is over, or what is waited for has come. */
  async sleep(ms: number, enough: () => boolean = () => false): Promise<void> {
    if (this.#over || enough()) return;
    await new Promise<void>((resolve) => {
      let timer: Timer | null = null;
      const wake = (): void => {
        if (timer !== null && !this.#over && !enough()) return;
        timer?.cancel();
        this.#sleepers.delete(wake);
        resolve();
      };
      this.#sleepers.add(wake);
      timer = this.#parts.clock.setTimer(ms, () => {
        timer = null;
        wake();
      });
    });
  }
}
