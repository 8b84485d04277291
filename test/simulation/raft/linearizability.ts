/**
 * Is a history of reads and writes of one register linearizable? The search of Wing and Gong, with Lowe's memory of states
 * already tried: pick any operation that began before every unfinished one ended, apply it, go on. An operation whose fate
 * is unknown may have taken effect at any time after its call, or never.
 */
export interface Operation {
  readonly kind: 'write' | 'read';
  /** Written, or read; a register nobody wrote reads null. */
  readonly value: number | null;
  readonly calledAt: number;
  /** Infinity: the answer never came. A read without one says nothing; a write may have happened. */
  readonly returnedAt: number;
}

export function isLinearizable(history: readonly Operation[]): boolean {
  const seen = new Set(history.filter(({ kind }) => kind === 'read').map(({ value }) => value));
  const operations = history
    // A write of unknown fate that nobody has read from may as well never have happened; a read without an answer did not.
    .filter(({ kind, value, returnedAt }) => Number.isFinite(returnedAt) || (kind === 'write' && seen.has(value)))
    .sort((left, right) => left.calledAt - right.calledAt);
  return new Search(operations).run();
}

class Search {
  readonly #operations: readonly Operation[];
  readonly #tried = new Set<string>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
  }

  run(): boolean {
    const stack: { readonly done: bigint; readonly value: number | null }[] = [{ done: 0n, value: null }];
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const { done, value } = state;
      if (this.#finished(done)) return true;
      for (const index of this.#candidates(done)) {
        const operation = this.#operations[index];
        if (operation === undefined || (operation.kind === 'read' && operation.value !== value)) continue;
        const next = {
          done: done | (1n << BigInt(index)),
          value: operation.kind === 'write' ? operation.value : value,
        };
        const name = `${next.done.toString(36)}:${String(next.value)}`;
        if (this.#tried.has(name)) continue;
        this.#tried.add(name);
        stack.push(next);
      }
    }
    return false;
  }

  /** Everything that was answered has been placed; what was not may never have happened. */
  #finished(done: bigint): boolean {
    return this.#operations.every((operation, index) => !Number.isFinite(operation.returnedAt) || isSet(done, index));
  }

  /** Operations that may come next: called before every operation that is not yet placed had returned. */
  #candidates(done: bigint): number[] {
    let earliestReturn = Number.POSITIVE_INFINITY;
    const open: number[] = [];
    this.#operations.forEach((operation, index) => {
      if (isSet(done, index)) return;
      open.push(index);
      earliestReturn = Math.min(earliestReturn, operation.returnedAt);
    });
    return open.filter((index) => (this.#operations[index]?.calledAt ?? 0) <= earliestReturn).reverse();
  }
}

function isSet(bits: bigint, index: number): boolean {
  return (bits >> BigInt(index)) % 2n === 1n;
}
