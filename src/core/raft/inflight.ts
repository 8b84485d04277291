/**
 * The window of appends on the way to one peer, bounded in messages and in bytes. Without it a leader would pour its whole
 * log into the buffers of a stream whose other end is slow.
 */
import type { LogIndex } from './message.js';

interface Flight {
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

export class Inflight {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #flights: Flight[] = [];
  #bytes = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#flights.length;
  }

  get full(): boolean {
    return this.#flights.length >= this.#maxMessages || this.#bytes >= this.#maxBytes;
  }

  add(lastIndex: LogIndex, bytes: number): void {
    this.#flights.push({ lastIndex, bytes });
    this.#bytes += bytes;
  }

  /** Everything up to `index` has arrived. */
  freeTo(index: LogIndex): void {
    const remaining = this.#flights.filter((flight) => flight.lastIndex > index);
    this.#flights = remaining;
    this.#bytes = remaining.reduce((sum, flight) => sum + flight.bytes, 0);
  }

  clear(): void {
    this.#flights = [];
    this.#bytes = 0;
  }
}
