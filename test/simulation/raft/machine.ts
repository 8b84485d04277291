/** The state machine of the simulation: registers, written by commands that name key and value. */
import type { Entry, LogIndex, Term } from '../../../src/core/raft/message.js';

export interface MachineState {
  readonly index: LogIndex;
  readonly term: Term;
  readonly values: ReadonlyMap<string, number>;
}

export const EMPTY_MACHINE: MachineState = { index: 0, term: 0, values: new Map() };

export function encodeWrite(key: string, value: number): Uint8Array {
  return new TextEncoder().encode(`${key}=${value}`);
}

export function applyEntry(state: MachineState, entry: Entry): MachineState {
  if (entry.index !== state.index + 1) throw new Error(`entry ${entry.index} applied after ${state.index}`);
  const { index, term } = entry;
  if (entry.kind !== 'command') return { ...state, index, term };
  const [key = '', value = ''] = new TextDecoder().decode(entry.payload).split('=');
  return { index, term, values: new Map(state.values).set(key, Number(value)) };
}
