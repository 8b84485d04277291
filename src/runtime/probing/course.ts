/** One address and how it is being looked at. */
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Timer } from '../ports/clock.js';
import type { Wanted } from './wanted.js';
import type { Standing } from './rhythm.js';

export interface Course {
  readonly address: Address;
  standing: Standing;
  dataCenter: string;
  /** Every node looks at it with its own eyes. */
  forAll: boolean;
  /** This node looks at it again and again; else another one does, and tells. */
  isMine: boolean;
  /** Since when it is so, on the monotonic clock. */
  sinceMs: number;
  /** Looks in a row, of whichever node, that got no report. */
  failures: number;
  probes: number;
  /** When the last of its usual probes began. */
  startedAtMs: number;
  timer: Timer | null;
  /** In a queue or being asked at the usual pace; a course has one such probe at most. */
  busy: boolean;
  /** When this node last looked at what is not its own: the connection is kept a while and then closed. Null when closed. */
  borrowedAtMs: number | null;
}

export function beginCourse({ address, standing, dataCenter }: Wanted, nowMs: number): Course {
  return {
    address,
    standing,
    dataCenter,
    forAll: false,
    isMine: false,
    sinceMs: nowMs,
    failures: 0,
    probes: 0,
    startedAtMs: Number.NEGATIVE_INFINITY,
    timer: null,
    busy: false,
    borrowedAtMs: null,
  };
}

export function noteLook(course: Course, result: ProbeResult): void {
  course.probes += 1;
  course.failures = result.ok ? 0 : course.failures + 1;
}
