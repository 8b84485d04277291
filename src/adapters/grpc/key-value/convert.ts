/** Between the wire's words and the store's. Nothing is decided here. */
import type {
  KeyValueEntry,
  KeyValueEvent,
  KeyValueOutcome,
  KeyValueWrite,
} from '../../../core/ledger/key-value/write.js';
import { Overloaded } from '../../../runtime/ports/consensus-errors.js';
import type { Consistency } from '../../../runtime/ports/key-value.js';
import type {
  WireCompareAndSwapRequest,
  WireDeleteRequest,
  WireGetRequest,
  WireGetResponse,
  WirePipelineRequest,
  WirePipelineResponse,
  WirePutRequest,
  WireWatchEvent,
} from './wire.js';

export function consistencyOf({ consistency }: WireGetRequest): Consistency {
  return consistency === 'STALE' ? 'stale' : 'linearizable';
}

export function toWireEntry(entry: KeyValueEntry | null): WireGetResponse {
  if (entry === null) return { found: false, value: '', revision: 0 };
  return { found: true, value: entry.value, revision: entry.revision };
}

export function toWireEvent({ key, value, revision }: KeyValueEvent): WireWatchEvent {
  return value === null ? { key, revision } : { key, value, revision };
}

export function putOf({ key, value }: WirePutRequest): KeyValueWrite {
  return { kind: 'put', key, value };
}

export function swapOf({ key, expected, value }: WireCompareAndSwapRequest): KeyValueWrite {
  return { kind: 'compare-and-swap', key, expected: expected ?? null, value };
}

export function deletionOf({ key }: WireDeleteRequest): KeyValueWrite {
  return { kind: 'delete', key };
}

/** Null: not a write. */
export function writeOf(request: WirePipelineRequest): KeyValueWrite | null {
  if (request.put) return putOf(request.put);
  if (request.compareAndSwap) return swapOf(request.compareAndSwap);
  if (request.delete) return deletionOf(request.delete);
  return null;
}

export function requestOf(id: number, write: KeyValueWrite): WirePipelineRequest {
  switch (write.kind) {
    case 'put':
      return { id, put: { key: write.key, value: write.value } };
    case 'compare-and-swap': {
      const { key, value, expected } = write;
      return { id, compareAndSwap: expected === null ? { key, value } : { key, expected, value } };
    }
    case 'delete':
      return { id, delete: { key: write.key } };
  }
}

export interface Effect {
  readonly changed: boolean;
  readonly revision: number;
}

/** Throws when the store refused it: certainly not done, though it stands in the log. */
export function effectOf(outcome: KeyValueOutcome): Effect {
  switch (outcome.done) {
    case 'changed':
      return { changed: true, revision: outcome.event.revision };
    case 'unchanged':
      return { changed: false, revision: outcome.revision };
    case 'refused':
      throw new Overloaded(outcome.reason);
  }
}

export function responseOf(id: number, write: KeyValueWrite, { changed, revision }: Effect): WirePipelineResponse {
  switch (write.kind) {
    case 'put':
      return { id, put: { revision } };
    case 'compare-and-swap':
      return { id, compareAndSwap: { swapped: changed, revision } };
    case 'delete':
      return { id, delete: { found: changed, revision } };
  }
}

/** What the leader said of a write that was passed on to it; null when it is no answer to that. */
export function outcomeOf(write: KeyValueWrite, response: WirePipelineResponse): KeyValueOutcome | null {
  const { put, compareAndSwap, delete: deletion } = response;
  const value = write.kind === 'delete' ? null : write.value;
  const changed = (revision: number): KeyValueOutcome => ({
    done: 'changed',
    event: { key: write.key, value, revision },
  });
  if (put) return changed(put.revision);
  if (compareAndSwap) {
    const { swapped, revision } = compareAndSwap;
    return swapped ? changed(revision) : { done: 'unchanged', revision };
  }
  if (deletion) return deletion.found ? changed(deletion.revision) : { done: 'unchanged', revision: deletion.revision };
  return null;
}
