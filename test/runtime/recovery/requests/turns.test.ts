import { describe, expect, it } from 'vitest';
import { Turns } from '../../../../src/runtime/recovery/requests/turns.js';

describe('turns', () => {
  it('are taken one after the other for the same, beside each other for others, whatever comes of the one before', async () => {
    const turns = new Turns<string>(10);
    const told: string[] = [];
    let fail: (error: Error) => void = () => undefined;
    const first = turns.take(['a'], () => new Promise((_resolve, reject) => (fail = reject)));
    const second = turns.take(['a'], () => Promise.resolve(told.push('second')));
    await turns.take(['b'], () => Promise.resolve(told.push('other')));
    expect(told).toEqual(['other']);
    fail(new Error('no quorum'));
    await expect(first).rejects.toThrow('no quorum');
    await second;
    expect(told).toEqual(['other', 'second']);
  });

  it('wait for whoever holds any of what they need, and for nobody else', async () => {
    const turns = new Turns<string>(10);
    const told: string[] = [];
    const ends = new Map<string, () => void>();
    const take = (name: string, ...keys: string[]) =>
      turns.take(keys, () => {
        told.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    const all = [take('ab', 'a', 'b'), take('bc', 'b', 'c'), take('ca', 'c', 'a'), take('d', 'd')];
    for (const name of ['ab', 'bc', 'ca', 'd']) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).toEqual({ ab: ['ab', 'd'], bc: ['ab', 'd', 'bc'] }[name] ?? ['ab', 'd', 'bc', 'ca']);
      ends.get(name)?.();
    }
    await Promise.all(all);
  });

  it('are so many; a turn that is over makes room', async () => {
    const turns = new Turns<string>(2);
    let end: () => void = () => undefined;
    const first = turns.take(['a'], () => new Promise<void>((resolve) => (end = resolve)));
    const second = turns.take(['a'], () => Promise.resolve());
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.isCrowded).toBe(true);
    end();
    await Promise.all([first, second]);
    expect(turns.isCrowded).toBe(false);
  });
});
