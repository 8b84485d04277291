import { describe, expect, it } from 'vitest';
import { createLeaseBuffer, LeaseReader, LeaseWriter } from '../../../src/runtime/raft-worker/lease-cell.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function make(): { clock: FakeClock; writer: LeaseWriter; reader: LeaseReader; buffer: SharedArrayBuffer } {
  const clock = new FakeClock();
  const buffer = createLeaseBuffer();
  return { clock, buffer, writer: new LeaseWriter(buffer, clock), reader: new LeaseReader(buffer, clock) };
}

describe('the lease between threads', () => {
  it('is none before one is published', () => {
    expect(make().reader.read()).toEqual({ term: 0, until: 0 });
  });

  it('is read as it was published, never longer', () => {
    const { writer, reader } = make();
    writer.publish({ term: 12, until: 123_456.789_4 });
    expect(reader.read()).toEqual({ term: 12, until: 123_456.789 });
    writer.publish({ term: 13, until: 0 });
    expect(reader.read()).toEqual({ term: 13, until: 0 });
  });

  it('is not believed after the machine was frozen: wall clock moved on, monotonic clock did not', () => {
    const { clock, writer, reader } = make();
    writer.publish({ term: 1, until: clock.now + 90 });
    clock.wall += 60_000;
    expect(reader.read()).toEqual({ term: 1, until: 0 });
    writer.publish({ term: 1, until: clock.now + 95 });
    expect(reader.read().until).toBe(clock.now + 95);
  });

  it('survives a clock that is only being corrected', () => {
    const { clock, writer, reader } = make();
    writer.publish({ term: 1, until: clock.now + 90 });
    clock.wall += 20;
    expect(reader.read().until).toBe(clock.now + 90);
  });

  it('is not read half written', () => {
    const { writer, reader, buffer } = make();
    writer.publish({ term: 1, until: 100 });
    const cells = new BigInt64Array(buffer);
    // A writer that stands between its two counts; it goes on when the reader has looked twice.
    Atomics.add(cells, 0, 1n);
    Atomics.store(cells, 1, 2n);
    const load = Atomics.load;
    let looks = 0;
    const finish = (): void => {
      looks += 1;
      if (looks !== 8) return;
      Atomics.store(cells, 2, 200_000n);
      Atomics.add(cells, 0, 1n);
    };
    Object.defineProperty(Atomics, 'load', {
      configurable: true,
      value: (array: BigInt64Array, index: number) => {
        finish();
        return load(array, index);
      },
    });
    try {
      expect(reader.read()).toEqual({ term: 2, until: 200 });
    } finally {
      Object.defineProperty(Atomics, 'load', { configurable: true, value: load });
    }
  });
});
