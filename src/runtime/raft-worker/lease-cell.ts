/**
 * The lease in memory that both threads share. Whoever is about to change a server reads it in the same turn in which the
 * statement goes out; a message from the other thread would tell what was true some time ago.
 *
 * Two numbers cannot be written at once, so a counter goes before and after them: odd while they change. Beside the lease
 * stands how far the two clocks of the machine were apart when it was written. A virtual machine that was frozen wakes
 * up with its monotonic clock where it was and its wall clock moved on: such a lease is no longer believed, even before
 * this thread or the other has noticed anything else.
 */
import type { Lease } from '../../core/raft/ready.js';
import type { Clock } from '../ports/clock.js';

const SEQUENCE = 0;
const TERM = 1;
const UNTIL_MICROS = 2;
const OFFSET_MICROS = 3;
const CELLS = 4;

/** Of the wall clock against the monotonic one. A clock that is only corrected moves by less in the life of a lease. */
const SHIFT_MAX_MS = 50;
const NO_LEASE: Lease = { term: 0, until: 0 };

export function createLeaseBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT);
}

function toMicros(ms: number): bigint {
  return BigInt(Math.floor(ms * 1000));
}

function toMs(micros: bigint): number {
  return Number(micros) / 1000;
}

function offsetMs(clock: Clock): number {
  return clock.wallMs() - clock.nowMs();
}

/** The Raft thread's end. */
export class LeaseWriter {
  readonly #cells: BigInt64Array;
  readonly #clock: Clock;
  #last = NO_LEASE;

  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.#cells = new BigInt64Array(buffer);
    this.#clock = clock;
  }

  publish(lease: Lease): void {
    if (lease.until === this.#last.until && lease.term === this.#last.term) return;
    this.#last = lease;
    Atomics.add(this.#cells, SEQUENCE, 1n);
    Atomics.store(this.#cells, TERM, BigInt(lease.term));
    Atomics.store(this.#cells, UNTIL_MICROS, toMicros(lease.until));
    Atomics.store(this.#cells, OFFSET_MICROS, toMicros(offsetMs(this.#clock)));
    Atomics.add(this.#cells, SEQUENCE, 1n);
  }
}

/** Every other thread's end. */
export class LeaseReader {
  readonly #cells: BigInt64Array;
  readonly #clock: Clock;

  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.#cells = new BigInt64Array(buffer);
    this.#clock = clock;
  }

  /** `until` 0 means that there is none. */
  read(): Lease {
    for (;;) {
      const before = Atomics.load(this.#cells, SEQUENCE);
      const term = Atomics.load(this.#cells, TERM);
      const until = Atomics.load(this.#cells, UNTIL_MICROS);
      const offset = Atomics.load(this.#cells, OFFSET_MICROS);
      if (before % 2n !== 0n || Atomics.load(this.#cells, SEQUENCE) !== before) continue;
      const lease = { term: Number(term), until: toMs(until) };
      const shift = Math.abs(offsetMs(this.#clock) - toMs(offset));
      return lease.until > 0 && shift > SHIFT_MAX_MS ? { ...lease, until: 0 } : lease;
    }
  }
}
