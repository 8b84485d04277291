// What a process takes of the machine, from Linux's /proc.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux reports CPU time in hundredths of a second wherever Node runs. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** User and system time so far, of all threads. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function rssMiB(pid: number): number {
  const [, kib = 'NaN'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return Number(kib) / KIB;
}

/** Cores that each process used on average while `durationMs` went by. */
export async function coresUsed(pids: readonly number[], durationMs: number): Promise<number[]> {
  const before = pids.map(cpuSecondsOf);
  const beganAt = performance.now();
  await sleep(durationMs);
  const seconds = (performance.now() - beganAt) / 1000;
  return pids.map((pid, position) => (cpuSecondsOf(pid) - (before[position] ?? 0)) / seconds);
}
