/** What every log store must do, whatever it is made of. Run by the tests of each. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, NodeId } from '../../src/core/raft/message.js';
import type { HardState } from '../../src/core/raft/ready.js';
import type { LogStore, OpenedLog } from '../../src/runtime/ports/log-store.js';

export interface LogStoreHarness {
  store: LogStore;
  /** Closes and opens the same store again, as a restarted process would. */
  reopen(): Promise<OpenedLog>;
  end(): Promise<void>;
}

export function entry(index: number, term: number, text = `${String(term)}.${String(index)}`): Entry {
  return { index, term, kind: 'command', payload: new TextEncoder().encode(text) };
}

export function run(from: number, to: number, term: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, offset) => entry(from + offset, term));
}

export function hard(term: number, vote: string | null = null, commit = 0): HardState {
  return { term, vote: vote === null ? null : (vote as NodeId), commit };
}

/** Payloads come back as one kind of bytes or another; compare what they hold. */
export function plain(log: OpenedLog): unknown {
  const entries = log.entries.map(({ payload, ...rest }) => ({ ...rest, payload: new TextDecoder().decode(payload) }));
  return { ...log, entries };
}

function expected(hardState: HardState, base: number, entries: readonly Entry[]): unknown {
  return plain({ hardState, base, entries, fresh: false, forgot: null });
}

export function describeLogStore(name: string, make: () => Promise<LogStoreHarness>): void {
  describe(`${name} as a log store`, () => {
    let harness: LogStoreHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.end();
    });

    it('is fresh before the first write and not after it', async () => {
      expect(await harness.store.open()).toEqual({
        hardState: hard(0),
        base: 0,
        entries: [],
        fresh: true,
        forgot: null,
      });
      await harness.store.append({ hardState: hard(1, 'a'), restart: null, entries: [] });
      expect(plain(await harness.reopen())).toEqual(expected(hard(1, 'a'), 0, []));
    });

    it('keeps term, vote, commit and entries of all kinds', async () => {
      await harness.store.open();
      const entries: Entry[] = [
        { index: 1, term: 1, kind: 'empty', payload: new Uint8Array() },
        { index: 2, term: 1, kind: 'membership', payload: Uint8Array.of(1, 2, 3) },
        entry(3, 2),
      ];
      await harness.store.append({ hardState: hard(2, 'b', 1), restart: null, entries });
      expect(plain(await harness.reopen())).toEqual(expected(hard(2, 'b', 1), 0, entries));
    });

    it('replaces entries that are there and cuts everything after them', async () => {
      await harness.store.open();
      await harness.store.append({ hardState: hard(1), restart: null, entries: run(1, 10, 1) });
      await harness.store.append({ hardState: hard(2), restart: null, entries: [entry(4, 2)] });
      const after = [...run(1, 3, 1), entry(4, 2)];
      expect(plain(await harness.reopen())).toEqual(expected(hard(2), 0, after));
      await harness.store.append({ hardState: hard(2), restart: null, entries: run(5, 6, 2) });
      expect(plain(await harness.reopen())).toEqual(expected(hard(2), 0, [...after, ...run(5, 6, 2)]));
    });

    it('forgets compacted entries and goes on after them', async () => {
      await harness.store.open();
      await harness.store.append({ hardState: hard(1), restart: null, entries: run(1, 10, 1) });
      await harness.store.append({ hardState: hard(1, null, 9), restart: null, entries: run(11, 12, 1) });
      await harness.store.compact(6);
      expect(plain(await harness.reopen())).toEqual(expected(hard(1, null, 9), 5, run(6, 12, 1)));
      await harness.store.append({ hardState: hard(2), restart: null, entries: run(12, 13, 2) });
      expect(plain(await harness.reopen())).toEqual(expected(hard(2), 5, [...run(6, 11, 1), ...run(12, 13, 2)]));
    });

    it('gets smaller by compaction', async () => {
      await harness.store.open();
      for (let index = 1; index <= 50; index += 1) {
        await harness.store.append({ hardState: hard(1), restart: null, entries: [entry(index, 1, 'x'.repeat(500))] });
      }
      const before = harness.store.bytes();
      expect(before).toBeGreaterThan(50 * 500);
      await harness.store.compact(46);
      expect(harness.store.bytes()).toBeLessThan(before / 5);
      const size = harness.store.bytes();
      await harness.reopen();
      expect(harness.store.bytes()).toBe(size);
    });

    it('compacts beyond its own end when a snapshot covers more than it holds', async () => {
      await harness.store.open();
      await harness.store.append({ hardState: hard(1), restart: null, entries: run(1, 3, 1) });
      await harness.store.compact(4);
      expect(plain(await harness.reopen())).toEqual(expected(hard(1), 3, []));
      await harness.store.append({ hardState: hard(1), restart: null, entries: run(4, 5, 1) });
      expect(plain(await harness.reopen())).toEqual(expected(hard(1), 3, run(4, 5, 1)));
    });

    it('starts anew after a snapshot', async () => {
      await harness.store.open();
      await harness.store.append({ hardState: hard(1), restart: null, entries: run(1, 10, 1) });
      await harness.store.append({ hardState: hard(4, null, 100), restart: { index: 100, term: 4 }, entries: [] });
      expect(plain(await harness.reopen())).toEqual(expected(hard(4, null, 100), 100, []));
      await harness.store.append({ hardState: hard(5), restart: null, entries: run(101, 102, 5) });
      expect(plain(await harness.reopen())).toEqual(expected(hard(5), 100, run(101, 102, 5)));
    });

    it('keeps an entry of a megabyte', async () => {
      await harness.store.open();
      const large: Entry = { index: 1, term: 1, kind: 'command', payload: new Uint8Array(1_000_000).fill(7) };
      await harness.store.append({ hardState: hard(1), restart: null, entries: [large] });
      await harness.store.append({ hardState: hard(1), restart: null, entries: [entry(2, 1)] });
      const { entries, forgot } = await harness.reopen();
      expect(forgot).toBeNull();
      expect(entries.map(({ payload }) => payload.length)).toEqual([1_000_000, 3]);
      expect(entries[0]?.payload.every((byte) => byte === 7)).toBe(true);
    });

    it('remembers over restarts that it forgot, until it is told otherwise', async () => {
      await harness.store.open();
      await harness.store.append({ hardState: hard(3, 'a'), restart: null, entries: run(1, 2, 3) });
      await harness.store.setForgot(true);
      const log = await harness.reopen();
      expect(log.forgot).not.toBeNull();
      expect(plain({ ...log, forgot: null })).toEqual(expected(hard(3, 'a'), 0, run(1, 2, 3)));
      await harness.store.append({ hardState: hard(4), restart: null, entries: run(3, 3, 4) });
      expect((await harness.reopen()).forgot).not.toBeNull();
      await harness.store.setForgot(false);
      expect((await harness.reopen()).forgot).toBeNull();
    });

    it('comes back as a plain array would after any sequence of writes', async () => {
      await harness.store.open();
      const model = { term: 1, base: 0, entries: [] as Entry[], hardState: hard(0) };
      const action = fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 0, max: 6 }) }),
        },
        {
          weight: 3,
          arbitrary: fc.record({ kind: fc.constant('overwrite' as const), back: fc.integer({ min: 1, max: 5 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.integer({ min: 0, max: 4 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('restart' as const), ahead: fc.integer({ min: 1, max: 5 }) }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
      );
      const last = (): number => model.base + model.entries.length;
      const append = async (from: number, count: number): Promise<void> => {
        const entries = count === 0 ? [] : run(from, from + count - 1, model.term);
        model.hardState = hard(model.term, null, model.base);
        await harness.store.append({ hardState: model.hardState, restart: null, entries });
        if (count > 0) model.entries = [...model.entries.slice(0, from - model.base - 1), ...entries];
      };
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
          for (const step of actions) {
            if (step.kind === 'append') await append(last() + 1, step.count);
            if (step.kind === 'overwrite') {
              model.term += 1;
              await append(Math.max(model.base + 1, last() - step.back + 1), 2);
            }
            if (step.kind === 'compact') {
              const keepFrom = Math.max(model.base + 1, last() - step.back);
              await harness.store.compact(keepFrom);
              model.entries = model.entries.filter(({ index }) => index >= keepFrom);
              model.base = keepFrom - 1;
            }
            if (step.kind === 'restart') {
              model.base = last() + step.ahead;
              model.entries = [];
              model.hardState = hard(model.term, null, model.base);
              await harness.store.append({
                hardState: model.hardState,
                restart: { index: model.base, term: model.term },
                entries: [],
              });
            }
            if (step.kind === 'reopen') await harness.reopen();
          }
          const { fresh, ...rest } = plain(await harness.reopen()) as OpenedLog;
          expect(rest).toEqual({
            ...(plain({
              hardState: model.hardState,
              base: model.base,
              entries: model.entries,
              fresh,
              forgot: null,
            }) as object),
            fresh: undefined,
          });
        }),
        { numRuns: 60 },
      );
    });
  });
}
