/**
 * The points of a plan at which its leader can be struck: before a statement of it reaches the server, and after the server
 * has done it but before the leader hears so. A step is several statements (its barrier, what it reads, its changes, what
 * it reads back), so these are at least all the moments before and after every step, with those in between. What only reads
 * is struck before alone: whether the dead leader was about to hear what it read is the same to the next one.
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

/** In the session alone, right before a change. */
const DEADLINE = /^SET @orchestrator_deadline/;

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

  /** Of the run so far: all points at which another one like it may be struck. */
  get points(): readonly PlanPoint[] {
    const seen = new Map<string, number>();
    return this.said.flatMap(({ shape, text, isChange }): PlanPoint[] => {
      const nth = (seen.get(shape) ?? 0) + 1;
      seen.set(shape, nth);
      if (DEADLINE.test(text)) return [];
      return [{ shape, nth, when: 'before' }, ...(isChange ? [{ shape, nth, when: 'after' } as const] : [])];
    });
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
