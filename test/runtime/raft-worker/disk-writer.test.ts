import { describe, expect, it } from 'vitest';
import type { Entry, NodeId } from '../../../src/core/raft/message.js';
import type { HardState, Ready } from '../../../src/core/raft/ready.js';
import { DiskWriter, mergeWrites } from '../../../src/runtime/raft-worker/disk-writer.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { MemoryLogStore } from '../../support/raft/raft-memory-log-store.js';
import { hard, run } from '../../contracts/log-store.js';

const NOTHING: Omit<Ready, 'number'> = {
  hardState: null,
  logReset: null,
  entries: [],
  messages: [],
  messagesAfterSync: [],
  committed: [],
  membership: null,
  softState: null,
  reads: [],
  fetchSnapshot: null,
  events: [],
};

function ready(number: number, part: Partial<Ready> = {}): Ready {
  return { ...NOTHING, number, ...part };
}

function indexes(entries: readonly Entry[]): string[] {
  return entries.map(({ index, term }) => `${term}.${index}`);
}

describe('several Readies in one write', () => {
  const before: HardState = hard(1, 'a', 3);

  it('keep the newest hard state and all entries', () => {
    const write = mergeWrites(
      [ready(1, { entries: run(1, 2, 1) }), ready(2, { hardState: hard(2, 'b') }), ready(3, { entries: run(3, 3, 2) })],
      before,
    );
    expect(write?.hardState).toEqual(hard(2, 'b'));
    expect(indexes(write?.entries ?? [])).toEqual(['1.1', '1.2', '2.3']);
    expect(write?.restart).toBeNull();
  });

  it('let a later one cut what an earlier one appended', () => {
    const write = mergeWrites([ready(1, { entries: run(5, 9, 1) }), ready(2, { entries: run(7, 7, 2) })], before);
    expect(indexes(write?.entries ?? [])).toEqual(['1.5', '1.6', '2.7']);
    const whole = mergeWrites([ready(1, { entries: run(5, 9, 1) }), ready(2, { entries: run(4, 5, 2) })], before);
    expect(indexes(whole?.entries ?? [])).toEqual(['2.4', '2.5']);
  });

  it('forget everything before a log that starts anew', () => {
    const membership = { voters: ['a' as NodeId], outgoing: [], learners: [], addresses: {} };
    const write = mergeWrites(
      [
        ready(1, { entries: run(5, 9, 1) }),
        ready(2, { logReset: { index: 20, term: 2, membership }, entries: run(21, 21, 2) }),
        ready(3, { entries: run(22, 22, 2) }),
      ],
      before,
    );
    expect(write?.restart).toEqual({ index: 20, term: 2 });
    expect(indexes(write?.entries ?? [])).toEqual(['2.21', '2.22']);
    expect(write?.hardState).toEqual(before);
  });

  it('are nothing when there is nothing in them', () => {
    expect(mergeWrites([ready(1), ready(2)], before)).toBeNull();
  });
});

class Bench {
  readonly clock = new FakeClock();
  readonly store = new MemoryLogStore();
  readonly told: string[] = [];
  readonly writer: DiskWriter;

  constructor() {
    this.writer = new DiskWriter(this.store, hard(0), this.clock, {
      onSynced: (readies) => this.told.push(`synced ${readies.map(({ number }) => number).join(' ')}`),
      onFailed: (trouble) => this.told.push(`failed: ${trouble}`),
      onRecovered: () => this.told.push('recovered'),
      onForgot: (what) => this.told.push(`forgot: ${what}`),
    });
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the writer of the log', () => {
  it('reports at once what has nothing to write, and in order behind what has', async () => {
    const bench = new Bench();
    await bench.store.open();
    bench.writer.write(ready(1));
    expect(bench.told).toEqual(['synced 1']);
    bench.writer.write(ready(2, { entries: run(1, 1, 1) }));
    bench.writer.write(ready(3));
    expect(bench.told).toEqual(['synced 1']);
    await bench.settle();
    expect(bench.told).toEqual(['synced 1', 'synced 2', 'synced 3']);
  });

  it('puts what piles up during a write into one write', async () => {
    const bench = new Bench();
    await bench.store.open();
    let release: () => void = () => undefined;
    bench.store.beforeWrite = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    bench.writer.write(ready(1, { entries: run(1, 1, 1) }));
    await bench.settle();
    for (const number of [2, 3, 4]) bench.writer.write(ready(number, { entries: run(number, number, 1) }));
    bench.store.beforeWrite = () => Promise.resolve();
    release();
    await bench.settle();
    expect(bench.told).toEqual(['synced 1', 'synced 2 3 4']);
    expect(bench.store.writes).toBe(2);
  });

  it('reports nothing after a failure, opens the store again, and goes on', async () => {
    const bench = new Bench();
    await bench.store.open();
    bench.writer.write(ready(1, { entries: run(1, 1, 1) }));
    await bench.settle();
    bench.store.trouble = 'no space left';
    bench.writer.write(ready(2, { entries: run(2, 2, 1) }));
    bench.writer.write(ready(3, { entries: run(3, 3, 1) }));
    await bench.settle();
    expect(bench.told).toEqual(['synced 1', 'failed: no space left']);
    expect(bench.writer.trouble).toBe('no space left');
    // What has nothing to write still goes out meanwhile: the core says nothing then that needs a disk.
    bench.writer.write(ready(4));
    expect(bench.told.at(-1)).toBe('synced 4');
    await bench.clock.advance(3000);
    await bench.settle();
    expect(bench.told).toHaveLength(3);
    bench.store.trouble = null;
    await bench.clock.advance(1000);
    await bench.settle();
    expect(bench.told.at(-1)).toBe('recovered');
    expect(bench.writer.trouble).toBeNull();
    bench.writer.write(ready(5, { entries: run(2, 2, 1) }));
    await bench.settle();
    expect(bench.told.at(-1)).toBe('synced 5');
  });

  it('does not go on with a disk that came back without what it had', async () => {
    const bench = new Bench();
    await bench.store.open();
    bench.store.trouble = 'I/O error';
    bench.writer.write(ready(1, { entries: run(1, 1, 1) }));
    await bench.settle();
    bench.store.trouble = null;
    bench.store.forget('everything');
    await bench.clock.advance(1000);
    await bench.settle();
    expect(bench.told.at(-1)).toBe('forgot: everything');
  });

  it('does chores between writes, never beside one, and takes their failure for its own', async () => {
    const bench = new Bench();
    await bench.store.open();
    const done: string[] = [];
    bench.writer.write(ready(1, { entries: run(1, 3, 1) }));
    bench.writer.exclusively(async (store) => {
      await store.compact(2);
      done.push('compacted');
    });
    bench.writer.write(ready(2, { entries: run(4, 4, 1) }));
    await bench.settle();
    expect(done).toEqual(['compacted']);
    expect(bench.told).toEqual(['synced 1', 'synced 2']);
    bench.writer.exclusively(() => Promise.reject(new Error('bad sector')));
    await bench.settle();
    expect(bench.told.at(-1)).toBe('failed: bad sector');
  });

  it('waits for the write under way when it is closed', async () => {
    const bench = new Bench();
    await bench.store.open();
    bench.writer.write(ready(1, { entries: run(1, 1, 1) }));
    await bench.writer.close();
    expect(bench.told).toEqual(['synced 1']);
  });
});
