/**
 * One key of the store as a checker of histories sees it, revisions included. They make the search short, because an
 * acknowledged change has its place in the order; and they are checked by it: a revision that goes back fits nowhere.
 */
import type { Model, Operation } from './linearizability.js';

export type Input =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  | SwapInput
  | { readonly kind: 'delete' };

interface SwapInput {
  readonly kind: 'swap';
  readonly expected: string | null;
  readonly value: string;
}

/** `changed`: put is always, swap if it swapped, delete and get if they found something. `value` is of a get that did. */
export interface Output {
  readonly changed: boolean;
  readonly value: string | null;
  readonly revision: number;
}

export interface KeyState {
  readonly value: string | null;
  /** Of the last change; null after one of unknown fate, whose revision nobody was told. */
  readonly revision: number | null;
  /** Every later change has a higher one. */
  readonly above: number;
}

export type KeyOperation = Operation<Input, Output>;

export const keyModel: Model<KeyState, Input, Output> = {
  initial: { value: null, revision: 0, above: 0 },
  name: ({ value, revision, above }) => `${value === null ? 'absent' : `=${value}`}@${String(revision)}>${above}`,
  order: ({ changed, value, revision }) => (changed && value === null ? revision : null),
  step: (state, input, output) => {
    switch (input.kind) {
      case 'get':
        return output === null ? state : read(state, output);
      case 'put':
        return change(state, input.value, output);
      case 'swap':
        return swap(state, input, output);
      case 'delete':
        return remove(state, output);
    }
  },
};

function swap(state: KeyState, { expected, value }: SwapInput, output: Output | null): KeyState | null {
  if (state.value === expected) return output?.changed === false ? null : change(state, value, output);
  return output?.changed === true ? null : unchanged(state, output);
}

function remove(state: KeyState, output: Output | null): KeyState | null {
  if (state.value !== null) return output?.changed === false ? null : change(state, null, output);
  return output?.changed === true ? null : state;
}

function read(state: KeyState, { changed: found, value, revision }: Output): KeyState | null {
  if (found !== (state.value !== null)) return null;
  if (!found) return state;
  return value === state.value ? seenAt(state, revision) : null;
}

function unchanged(state: KeyState, output: Output | null): KeyState | null {
  if (output === null || state.value === null) return state;
  return seenAt(state, output.revision);
}

/** The revision of a change of unknown fate is learnt by whoever sees it first. */
function seenAt(state: KeyState, revision: number): KeyState | null {
  if (state.revision !== null) return state.revision === revision ? state : null;
  return revision > state.above ? { ...state, revision, above: revision } : null;
}

function change(state: KeyState, value: string | null, output: Output | null): KeyState | null {
  if (output === null) return { value, revision: null, above: state.above };
  return output.revision > state.above ? { value, revision: output.revision, above: output.revision } : null;
}
