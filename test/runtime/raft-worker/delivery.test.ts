import { describe, expect, it } from 'vitest';
import { unpackEntries } from '../../../src/core/raft/entry-batch.js';
import type { Entry } from '../../../src/core/raft/message.js';
import { batchBytes, Delivery } from '../../../src/runtime/raft-worker/delivery.js';
import type { ToMain } from '../../../src/runtime/raft-worker/protocol.js';

function make(): { posted: ToMain[]; delivery: Delivery } {
  const posted: ToMain[] = [];
  const delivery = new Delivery({ post: (message) => posted.push(message), onMessage: () => undefined });
  return { posted, delivery };
}

function entry(index: number, bytes: number): Entry {
  return { index, term: 1, kind: 'command', payload: new Uint8Array(bytes) };
}

function names(posted: readonly ToMain[]): string[] {
  return posted.map((message) => {
    if (message.kind === 'restored') return `state at ${message.index}`;
    if (message.kind !== 'committed') return message.kind;
    const indexes = unpackEntries(message.packed)?.map(({ index }) => index) ?? [];
    return `entries ${indexes.join(' ')}, settled ${message.settled.map(({ id }) => id).join(' ')}`;
  });
}

describe('delivery to the main thread', () => {
  it('keeps the order of entries and states', () => {
    const { posted, delivery } = make();
    delivery.entries([entry(1, 10)], []);
    delivery.state(Uint8Array.of(1, 2), 50);
    delivery.entries([entry(51, 10), entry(52, 10)], [{ id: 9, index: 52, term: 1 }]);
    expect(names(posted)).toEqual(['entries 1, settled ', 'state at 50', 'entries 51 52, settled 9']);
  });

  it('does not get ahead of a main thread that is slow', () => {
    const { posted, delivery } = make();
    const large = Array.from({ length: 6 }, (_, position) => [entry(position + 1, 3_000_000)]);
    for (const entries of large) delivery.entries(entries, []);
    delivery.state(Uint8Array.of(1), 90);
    expect(posted).toHaveLength(3);
    delivery.applied(batchBytes(large[0] ?? []));
    expect(posted).toHaveLength(4);
    for (let round = 1; round < 6; round += 1) delivery.applied(batchBytes(large[round] ?? []));
    expect(names(posted).at(-1)).toBe('state at 90');
    expect(posted).toHaveLength(7);
  });

  it('hands over copies: what the log holds stays there', () => {
    const { posted, delivery } = make();
    const kept = entry(1, 10);
    const state = Uint8Array.of(1, 2, 3);
    delivery.entries([kept], []);
    delivery.state(state, 2);
    for (const message of posted) {
      if (message.kind === 'committed') message.packed.fill(9);
      if (message.kind === 'restored') message.bytes.fill(9);
    }
    expect(kept.payload).toEqual(new Uint8Array(10));
    expect(state).toEqual(Uint8Array.of(1, 2, 3));
  });
});
