// A process that is told to stop goes on for a moment: the signal is taken by one of its threads, and on a busy machine another
// may answer a client before it stands. Whoever freezes a server to see what it does afterwards must not be told of that answer.
import { readdirSync, readFileSync } from 'node:fs';

const PATIENCE_MS = 5000;
const STOPPED = /\) [TtZX] /;

/** Blocks until all threads of a stopped process stand. Where the system does not tell, it is believed. */
export function awaitStandstill(pid: number): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!standsStill(pid) && performance.now() < deadlineMs) Atomics.wait(nothing, 0, 0, 1);
}

function standsStill(pid: number): boolean {
  try {
    const tasks = `/proc/${String(pid)}/task`;
    return readdirSync(tasks).every((task) => STOPPED.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')));
  } catch {
    return true;
  }
}
