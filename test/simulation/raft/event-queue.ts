/** Simulated time: events in the order of their moment, and of their arrival where moments are equal. */
interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  nowMs = 0;
  #heap: Event[] = [];
  #order = 0;

  at(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#heap.push({ atMs: Math.max(atMs, this.nowMs), order: this.#order, run });
    this.#siftUp(this.#heap.length - 1);
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** Runs the next event unless it lies beyond `untilMs`; false when there is nothing left to do before that. */
  runNext(untilMs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > untilMs) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#siftDown();
    }
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  #siftUp(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  #siftDown(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = this.#isEarlier(right, left) ? right : left;
      if (!this.#swapIfEarlier(child, at)) return;
      at = child;
    }
  }

  #isEarlier(one: number, other: number): boolean {
    const left = this.#heap[one];
    const right = this.#heap[other];
    if (left === undefined || right === undefined) return false;
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  }

  #swapIfEarlier(one: number, other: number): boolean {
    const left = this.#heap[one];
    const right = this.#heap[other];
    if (left === undefined || right === undefined || !this.#isEarlier(one, other)) return false;
    this.#heap[one] = right;
    this.#heap[other] = left;
    return true;
  }
}
