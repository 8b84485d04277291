// What the cluster did about a fault, from the record of the recovery and the writer's own clock.
import type { RecoveryOverview } from './overview.js';
import { milliseconds } from './voice.js';
import type { Gap } from './writer.js';

interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** Monotonic to wall clock, which is what the records of the cluster are stamped with. */
export function wallClock(monotonicMs: number): number {
  return performance.timeOrigin + monotonicMs;
}

function stepLines({ steps }: RecoveryOverview): Line[] {
  return steps.map(({ intendedAtMs, finishedAtMs, ok, intent, detail }) => {
    const took = finishedAtMs === null ? '' : ` (${milliseconds(finishedAtMs - intendedAtMs)})`;
    const result = ok === false ? `, FAILED: ${detail}` : detail === '' ? '' : `: ${detail}`;
    return { atMs: intendedAtMs, text: `  ${intent}${took}${result}` };
  });
}

export function recoveryLines(recovery: RecoveryOverview): Line[] {
  const { openedAtMs, closedAtMs, verdict, code, description, openedBy, successor } = recovery;
  const opened = { atMs: openedAtMs, text: `${code}: ${description}; decided by ${openedBy}` };
  if (closedAtMs === null || verdict === null) return [opened, ...stepLines(recovery)];
  const reason = verdict.reason === '' ? '' : `: ${verdict.reason}`;
  const who = successor === null ? '' : `, the primary is ${successor}`;
  return [opened, ...stepLines(recovery), { atMs: closedAtMs, text: `recovery ${verdict.kind}${reason}${who}` }];
}

export function gapLines({ before, after }: Gap): Line[] {
  return [
    { atMs: wallClock(before.atMs), text: `the last write is acknowledged by ${before.server}` },
    { atMs: wallClock(after.atMs), text: `the first write is acknowledged by ${after.server}` },
  ];
}

/** The lines in the order of their times, each with its distance from `zeroMs` (wall clock). */
export function timeline(zeroMs: number, lines: readonly Line[]): string {
  return lines
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, text }) => {
      const distance = Math.round(atMs - zeroMs);
      return `${`${distance < 0 ? '' : '+'}${distance}`.padStart(7)} ms  ${text}`;
    })
    .join('\n');
}
