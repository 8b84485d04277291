import { describe, expect, it } from 'vitest';
import { Waiting } from '../../src/runtime/raft-waiting.js';
import { FakeClock } from '../support/raft/fake-consensus.js';

function make(): { clock: FakeClock; waiting: Waiting<string> } {
  const clock = new FakeClock();
  return { clock, waiting: new Waiting(clock, () => new Error('too late')) };
}

async function settle(promise: Promise<string>): Promise<string> {
  return promise.catch((error: unknown) => (error as Error).message);
}

describe('callers that wait', () => {
  it('are answered, each once', async () => {
    const { waiting, clock } = make();
    const one = waiting.add(1, clock.now + 100);
    const two = waiting.add(2, clock.now + 100);
    waiting.resolve(2, 'second');
    waiting.resolve(1, 'first');
    waiting.resolve(1, 'again');
    waiting.reject(3, new Error('nobody'));
    expect(await Promise.all([one, two])).toEqual(['first', 'second']);
    expect(waiting.size).toBe(0);
  });

  it('are told when their own deadline passes, in whatever order they came', async () => {
    const { waiting, clock } = make();
    const told: string[] = [];
    const note = (name: string, promise: Promise<string>): void => {
      void settle(promise).then((text) => told.push(`${name} ${text} at ${clock.now}`));
    };
    const start = clock.now;
    note('late', waiting.add(1, start + 300));
    note('early', waiting.add(2, start + 100));
    note('middle', waiting.add(3, start + 200));
    note('answered', waiting.add(4, start + 150));
    waiting.resolve(4, 'in time');
    await clock.advance(0);
    await clock.advance(1000);
    expect(told).toEqual([
      `answered in time at ${start}`,
      `early too late at ${start + 100}`,
      `middle too late at ${start + 200}`,
      `late too late at ${start + 300}`,
    ]);
  });

  it('are all told when nobody is left to answer', async () => {
    const { waiting, clock } = make();
    const both = [settle(waiting.add(1, clock.now + 10)), settle(waiting.add(2, clock.now + 10))];
    waiting.close(() => new Error('gone'));
    expect(await Promise.all(both)).toEqual(['gone', 'gone']);
    await clock.advance(100);
  });
});
