/**
 * Is what clients of one object were told possible if every operation took effect at one instant between its call and its
 * answer? The search of Wing and Gong with Lowe's memory of configurations already tried: take any operation that was
 * called before every unplaced one had returned, apply it to a model, go on; step back when nothing fits.
 *
 * An operation without an answer may have taken effect at any time after its call, or never, which would double the search
 * with each. Three rules keep it short for objects like a register, where a write replaces all that was there:
 * what changes nothing is placed as soon as it fits; changes that name their own order are placed in it; and an operation
 * of unknown fate is placed only right before one that would not fit without it (any other place could be left out, or
 * moved there, without anyone being told otherwise).
 */
export interface Operation<Input, Output> {
  readonly client: number;
  readonly input: Input;
  /** Null: its fate is unknown. */
  readonly output: Output | null;
  readonly calledAt: number;
  /** Infinity when the fate is unknown. */
  readonly returnedAt: number;
}

export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The state after the operation, or null when it could not have had that output. `output` null: any would do. */
  step(state: State, input: Input, output: Output | null): State | null;
  /** Equal for equal states. */
  name(state: State): string;
  /** Changes take effect in this order; null for what is no change, or is not told. */
  order(output: Output): number | null;
}

export type Judgement<Input, Output> =
  | { readonly linearizable: true }
  /** `longest`: the most operations that could be put in order; `stuck`: what fits nowhere after them. */
  | {
      readonly linearizable: false;
      readonly longest: readonly Operation<Input, Output>[];
      readonly stuck: readonly Operation<Input, Output>[];
    };

export function judge<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): Judgement<Input, Output> {
  return new Search(history, model).run();
}

interface Placed<State> {
  readonly operation: number;
  readonly before: State;
  /** Nothing else needs to be tried in its place. */
  readonly only: boolean;
}

interface Choice<State> {
  readonly operation: number;
  readonly after: State;
  readonly only: boolean;
}

class Search<State, Input, Output> {
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #model: Model<State, Input, Output>;
  readonly #placed: Uint8Array;
  readonly #tried = new Set<string>();
  readonly #path: Placed<State>[] = [];
  /** Operations that name their order, in it. */
  readonly #ordered: readonly number[];
  #state: State;

  constructor(history: readonly Operation<Input, Output>[], model: Model<State, Input, Output>) {
    this.#operations = [...history].sort((one, other) => one.calledAt - other.calledAt);
    this.#model = model;
    this.#placed = new Uint8Array(this.#operations.length);
    this.#state = model.initial;
    this.#ordered = this.#operations
      .map((_, number) => number)
      .filter((number) => this.#orderOf(number) !== null)
      .sort((one, other) => (this.#orderOf(one) ?? 0) - (this.#orderOf(other) ?? 0));
  }

  run(): Judgement<Input, Output> {
    let left = this.#operations.filter(({ output }) => output !== null).length;
    let longest: readonly number[] = [];
    let from = 0;
    while (left > 0) {
      const choice = this.#next(from);
      if (choice !== null) {
        const { operation, after, only } = choice;
        this.#path.push({ operation, before: this.#state, only });
        this.#placed[operation] = 1;
        this.#state = after;
        if (this.#isAnswered(operation)) left -= 1;
        if (this.#path.length > longest.length) longest = this.#path.map((place) => place.operation);
        from = 0;
        continue;
      }
      const last = this.#path.pop();
      if (last === undefined) return this.#impossible(longest);
      this.#placed[last.operation] = 0;
      this.#state = last.before;
      if (this.#isAnswered(last.operation)) left += 1;
      from = last.only ? this.#operations.length : last.operation + 1;
    }
    return { linearizable: true };
  }

  /** The first operation, from that position on, that may come next and leads to a configuration not tried before. */
  #next(from: number): Choice<State> | null {
    const horizon = this.#earliestReturn();
    const nextOrdered = this.#ordered.find((number) => this.#placed[number] === 0);
    const fitting: { operation: number; after: State }[] = [];
    for (let number = 0; number < this.#operations.length; number += 1) {
      const operation = this.#operations[number];
      if (operation === undefined || operation.calledAt > horizon) break;
      if (this.#placed[number] === 1) continue;
      if (this.#orderOf(number) !== null && number !== nextOrdered) continue;
      const after = this.#fit(this.#state, number);
      if (after === null || !this.#isNeeded(number)) continue;
      const changesNothing = this.#model.name(after) === this.#model.name(this.#state);
      if (changesNothing)
        return from === 0 && this.#isNew(number, after) ? { operation: number, after, only: true } : null;
      if (number >= from) fitting.push({ operation: number, after });
    }
    for (const { operation, after } of fitting) {
      if (this.#isNew(operation, after)) return { operation, after, only: false };
    }
    return null;
  }

  /** One of unknown fate that changes nothing is as good as never done. */
  #fit(state: State, number: number): State | null {
    const operation = this.#operations[number];
    if (operation === undefined) return null;
    const after = this.#model.step(state, operation.input, operation.output);
    if (after === null || operation.output !== null) return after;
    return this.#model.name(after) === this.#model.name(state) ? null : after;
  }

  /** After an operation of unknown fate comes only what would not fit without it. */
  #isNeeded(number: number): boolean {
    const last = this.#path[this.#path.length - 1];
    return last === undefined || this.#isAnswered(last.operation) || this.#fit(last.before, number) === null;
  }

  #isNew(number: number, after: State): boolean {
    this.#placed[number] = 1;
    const last = this.#isAnswered(number) ? '' : this.#model.name(this.#state);
    const name = `${this.#placedName()}|${this.#model.name(after)}|${last}`;
    this.#placed[number] = 0;
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    return true;
  }

  /** What lies before the first gap is placed altogether, and is named by its length. */
  #placedName(): string {
    const gap = this.#placed.indexOf(0);
    const start = gap < 0 ? this.#placed.length : gap;
    const end = this.#placed.lastIndexOf(1) + 1;
    return `${start}:${end > start ? this.#placed.subarray(start, end).join('') : ''}`;
  }

  #earliestReturn(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let number = 0; number < this.#operations.length; number += 1) {
      const operation = this.#operations[number];
      if (operation === undefined || operation.calledAt > earliest) break;
      if (this.#placed[number] === 0) earliest = Math.min(earliest, operation.returnedAt);
    }
    return earliest;
  }

  #isAnswered(number: number): boolean {
    return this.#operations[number]?.output != null;
  }

  #orderOf(number: number): number | null {
    const output = this.#operations[number]?.output ?? null;
    return output === null ? null : this.#model.order(output);
  }

  #impossible(longest: readonly number[]): Judgement<Input, Output> {
    const ordered = new Set(longest);
    return {
      linearizable: false,
      longest: longest.flatMap((number) => this.#operations[number] ?? []),
      stuck: this.#operations
        .filter((operation, number) => operation.output !== null && !ordered.has(number))
        .slice(0, 10),
    };
  }
}
