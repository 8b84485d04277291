import { describe, expect, it } from 'vitest';
import type { Entry, NodeId, SnapshotMark } from '../../../src/core/raft/message.js';
import type { PeerTransport, SnapshotChunk } from '../../../src/runtime/ports/peer-transport.js';
import { SnapshotKeeper } from '../../../src/runtime/raft-worker/snapshot-keeper.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { MemorySnapshotStore } from '../../support/raft/raft-memory-cluster.js';

const membership = { voters: ['a' as NodeId], outgoing: [], learners: [], addresses: {} };
const PEER = 'b' as NodeId;

/** Only what the keeper uses. */
class Transport {
  attempts = 0;
  chunks: (attempt: number) => AsyncIterable<SnapshotChunk> = () => {
    throw new Error('not now');
  };

  fetchSnapshot(): AsyncIterable<SnapshotChunk> {
    this.attempts += 1;
    return this.chunks(this.attempts);
  }
}

class Bench {
  readonly clock = new FakeClock();
  readonly store = new MemorySnapshotStore();
  readonly transport = new Transport();
  readonly told: string[] = [];
  readonly keeper: SnapshotKeeper;

  constructor(everyBytes = 100) {
    const settings = { everyBytes, newest: { index: 0, term: 0 } };
    const transport = this.transport as unknown as PeerTransport;
    this.keeper = new SnapshotKeeper(this.store, transport, this.clock, settings, {
      onWanted: () => this.told.push('wanted'),
      membershipAt: () => membership,
      onTaken: (mark, keepFrom) => this.told.push(`taken ${mark.term}.${mark.index}, log from ${keepFrom}`),
      onFetched: ({ mark }) => this.told.push(`fetched ${mark.term}.${mark.index}`),
      onFetchFailed: (why) => this.told.push(`failed: ${why}`),
    });
  }

  deliver(from: number, to: number, term: number, bytes = 10): void {
    const entries: Entry[] = [];
    for (let index = from; index <= to; index += 1) {
      entries.push({ index, term, kind: 'command', payload: new Uint8Array(bytes) });
    }
    this.keeper.delivered(entries);
  }
}

describe('snapshots of our own', () => {
  it('are wanted once, when the log has grown enough', () => {
    const bench = new Bench(100);
    bench.deliver(1, 3, 1);
    expect(bench.told).toEqual([]);
    bench.deliver(4, 20, 1);
    bench.deliver(21, 40, 1);
    expect(bench.told).toEqual(['wanted']);
  });

  it('carry the term of their entry, whenever they are taken', async () => {
    const bench = new Bench(1e9);
    bench.deliver(1, 5, 1);
    bench.deliver(6, 9, 3);
    bench.deliver(10, 12, 4);
    for (const index of [5, 6, 9, 11]) await bench.keeper.take(index, new Uint8Array());
    expect(bench.told).toEqual([
      'taken 1.5, log from 1',
      'taken 3.6, log from 6',
      'taken 3.9, log from 7',
      'taken 4.11, log from 10',
    ]);
  });

  it('leave the log that follows the snapshot before them', async () => {
    const bench = new Bench(1e9);
    bench.deliver(1, 100, 1);
    await bench.keeper.take(40, new Uint8Array());
    await bench.keeper.take(80, new Uint8Array());
    expect(bench.told.at(-1)).toBe('taken 1.80, log from 41');
  });

  it('are not taken twice, nor backwards', async () => {
    const bench = new Bench(1e9);
    bench.deliver(1, 100, 1);
    await bench.keeper.take(40, new Uint8Array());
    await bench.keeper.take(40, new Uint8Array());
    await bench.keeper.take(30, new Uint8Array());
    expect(bench.told).toHaveLength(1);
  });

  it('that cannot be written say why, and are tried again when more has come', async () => {
    const bench = new Bench(1000);
    bench.deliver(1, 50, 1);
    bench.store.trouble = 'no space left';
    expect(await bench.keeper.take(50, new Uint8Array())).toBe('no space left');
    bench.deliver(51, 60, 1);
    expect(bench.told).toEqual(['wanted']);
    bench.deliver(61, 100, 1);
    expect(bench.told).toEqual(['wanted', 'wanted']);
  });
});

describe("the leader's snapshot", () => {
  const mark: SnapshotMark = { index: 7, term: 2, membership };

  async function* whole(sent: SnapshotMark = mark): AsyncGenerator<SnapshotChunk> {
    await Promise.resolve();
    const bytes = Buffer.from(JSON.stringify({ mark: sent, text: '[]' }));
    yield { offset: 0, totalBytes: bytes.length, bytes };
  }

  it('is fetched', async () => {
    const bench = new Bench();
    bench.transport.chunks = () => whole();
    await bench.keeper.fetch(PEER, mark);
    expect(bench.told).toEqual(['fetched 2.7']);
  });

  it('is asked for again when the stream breaks', async () => {
    const bench = new Bench();
    bench.transport.chunks = (attempt) => {
      if (attempt < 3) throw new Error('broken');
      return whole();
    };
    const fetching = bench.keeper.fetch(PEER, mark);
    for (let round = 0; round < 5; round += 1) await bench.clock.advance(300);
    await fetching;
    expect(bench.transport.attempts).toBe(3);
    expect(bench.told).toEqual(['fetched 2.7']);
  });

  it('is given up after some tries, with the reason', async () => {
    const bench = new Bench();
    const fetching = bench.keeper.fetch(PEER, mark);
    for (let round = 0; round < 10; round += 1) await bench.clock.advance(300);
    await fetching;
    expect(bench.told).toEqual(['failed: not now']);
    expect(bench.transport.attempts).toBe(5);
  });

  it('is not taken for another one', async () => {
    const bench = new Bench();
    bench.transport.chunks = () => whole({ ...mark, index: 8 });
    const fetching = bench.keeper.fetch(PEER, mark);
    for (let round = 0; round < 10; round += 1) await bench.clock.advance(300);
    await fetching;
    expect(bench.told).toEqual(['failed: another snapshot']);
  });

  it('is not fetched any further when the node shuts down', async () => {
    const bench = new Bench();
    const fetching = bench.keeper.fetch(PEER, mark);
    bench.keeper.close();
    for (let round = 0; round < 3; round += 1) await bench.clock.advance(300);
    await fetching;
    expect(bench.told).toEqual([]);
    expect(bench.transport.attempts).toBe(1);
  });

  it('sets what is known of terms anew', async () => {
    const bench = new Bench(1e9);
    bench.deliver(1, 5, 1);
    bench.keeper.restored(mark);
    bench.deliver(8, 9, 2);
    await bench.keeper.take(8, new Uint8Array());
    expect(bench.told).toEqual(['taken 2.8, log from 8']);
  });
});
