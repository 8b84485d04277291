/**
 * The points of a plan at which its leader can be struck: before a statement of it reaches the server, and after the server
 * has done it but before the leader hears so. A step is several statements: its barrier, what it reads, its changes, what it
 * reads back. Struck are the first and the last of every step, and every change; what is only read in between is the same
 * to the next leader whether the dead one heard it or not.
 */
import type { DoorWatch } from '../../../tools/lab/door/conversation.js';
import type { Said } from '../../../tools/lab/door/said.js';

export interface PlanPoint {
  /** Null: whatever its shape. */
  readonly shape: string | null;
  /** Which one of that shape, from 1 on, in the order in which all servers of the plan are told. */
  readonly nth: number;
  readonly when: 'before' | 'after';
}

export function pointText({ shape, nth, when }: PlanPoint): string {
  return `${when} ${String(nth)}x ${shape ?? 'anything'}`;
}

/** A step of a recovery's record, as far as it matters here; wall clock, milliseconds. */
export interface RecordedStep {
  /** Its address. */
  readonly server: string;
  readonly finishedAtMs: number | null;
}

/** All points at which another plan may be struck that says what this one has said in these steps. */
export function pointsOf(said: readonly Said[], steps: readonly RecordedStep[]): readonly PlanPoint[] {
  const stepOf = said.map(({ by, atMs }) =>
    steps.findIndex(({ server, finishedAtMs }) => server === by.server && (finishedAtMs ?? atMs) >= atMs),
  );
  const counts = new Map<string, number>();
  return said.flatMap((one, at): PlanPoint[] => {
    const nth = (counts.get(one.shape) ?? 0) + 1;
    counts.set(one.shape, nth);
    const isFirst = stepOf.indexOf(stepOf[at] ?? -1) === at;
    const isLast = stepOf.lastIndexOf(stepOf[at] ?? -1) === at;
    const before = isFirst || one.isChange ? [{ shape: one.shape, nth, when: 'before' } as const] : [];
    return isLast || one.isChange ? [...before, { shape: one.shape, nth, when: 'after' }] : before;
  });
}

/** Strikes whoever speaks; what is said is held until it resolves. */
export type Blow = (said: Said) => Promise<void>;

export class PlanPoints implements DoorWatch {
  /** What was said since the last start, in order. */
  readonly said: Said[] = [];
  #counts = new Map<string, number>();
  readonly #nth = new WeakMap<Said, number>();
  #armed: { readonly point: PlanPoint; readonly blow: Blow } | null = null;
  #struck: Promise<void> | null = null;
  #striking = false;
  readonly #held: Said[] = [];

  /** Counts anew; with a point, strikes there once. */
  start(point: PlanPoint | null = null, blow: Blow = () => Promise.resolve()): void {
    this.said.length = 0;
    this.#held.length = 0;
    this.#counts = new Map();
    this.#armed = point === null ? null : { point, blow };
    this.#struck = null;
  }

  /** Null: the plan did not come to the point (yet). */
  get struck(): Promise<void> | null {
    return this.#struck;
  }

  /** What was held at the blow arrives now, where an end of its line still lives. */
  letGo(): void {
    for (const said of this.#held.splice(0)) said.letGo();
  }

  statement(said: Said): void {
    const nth = (this.#counts.get(said.shape) ?? 0) + 1;
    this.#counts.set(said.shape, nth);
    this.said.push(said);
    this.#nth.set(said, nth);
    this.#consider(said, 'before');
  }

  answer(said: Said): void {
    this.#consider(said, 'after');
  }

  /** While the blow falls, nothing else of the plan goes on either: it would be said by somebody who is dead. */
  #consider(said: Said, when: PlanPoint['when']): void {
    if (this.#striking) {
      this.#hold(said);
      return;
    }
    const armed = this.#armed;
    if (armed === null) return;
    const { point, blow } = armed;
    if (point.when !== when || (point.shape !== null && point.shape !== said.shape)) return;
    if (point.nth !== (point.shape === null ? this.said.indexOf(said) + 1 : this.#nth.get(said))) return;
    this.#armed = null;
    this.#hold(said);
    this.#striking = true;
    this.#struck = blow(said).finally(() => {
      this.#striking = false;
    });
  }

  #hold(said: Said): void {
    said.hold();
    this.#held.push(said);
  }
}
