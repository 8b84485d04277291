/**
 * Time as a port, so that a whole node can be simulated. Two clocks with two uses that must not be mixed: `nowMs` is
 * monotonic and the same in every thread of the process (performance.now() is not: each worker has its own zero), so
 * deadlines and the lease may cross threads; `wallMs` is only for people and for noticing that a machine was frozen.
 */
export interface Timer {
  /** Harmless when the timer has fired. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds with a fraction; no meaning outside this boot of this machine. */
  nowMs(): number;
  /** Milliseconds since 1970; may jump. */
  wallMs(): number;
  /** Calls `fire` once, not before `delayMs` has passed. A delay below zero counts as zero. */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** Same zero in all threads of all processes of this machine (CLOCK_MONOTONIC). */
export function monotonicNowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

export const systemClock: Clock = {
  nowMs: monotonicNowMs,
  wallMs: () => Date.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.max(0, delayMs));
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};
