import { describe, expect, it } from 'vitest';
import { PauseWatch } from '../../../src/runtime/raft-worker/pause-watch.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function pass(clock: FakeClock, ms: number): void {
  clock.now += ms;
  clock.wall += ms;
}

describe('the watch for pauses', () => {
  it('says nothing of a thread that runs when it meant to, or somewhat late', () => {
    const clock = new FakeClock();
    const watch = new PauseWatch(clock, 200);
    watch.expect(clock.now + 100);
    pass(clock, 299);
    expect(watch.paused(clock.now)).toBe(false);
  });

  it('tells once of one that runs far too late', () => {
    const clock = new FakeClock();
    const watch = new PauseWatch(clock, 200);
    watch.expect(clock.now + 100);
    pass(clock, 301);
    expect(watch.paused(clock.now)).toBe(true);
    expect(watch.paused(clock.now)).toBe(false);
  });

  it('tells of a machine that was frozen with its monotonic clock', () => {
    const clock = new FakeClock();
    const watch = new PauseWatch(clock, 200);
    clock.wall += 5000;
    expect(watch.paused(clock.now)).toBe(true);
    expect(watch.paused(clock.now)).toBe(false);
  });

  it('does not take a slow drift for a leap', () => {
    const clock = new FakeClock();
    const watch = new PauseWatch(clock, 200);
    for (let round = 0; round < 100; round += 1) {
      pass(clock, 50);
      clock.wall += 5;
      watch.expect(clock.now + 50);
      expect(watch.paused(clock.now)).toBe(false);
    }
  });
});
