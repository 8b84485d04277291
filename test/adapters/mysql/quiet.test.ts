import { describe, expect, it } from 'vitest';
import type { ReadChannel } from '../../../src/adapters/mysql/probe/channel-rows.js';
import { QuietWatch } from '../../../src/adapters/mysql/probe/quiet.js';
import type { IoThread } from '../../../src/core/topology/server.js';
import { channelTo } from '../../support/facts.js';
import { channelVitals } from '../../support/probes.js';

interface Look {
  readonly position?: number;
  readonly heartbeats?: number;
  readonly ioThread?: IoThread;
  readonly told?: number | null;
}

const read = ({ position = 4, heartbeats = 1, ioThread = 'running', told = null }: Look): ReadChannel => ({
  heartbeats: String(heartbeats),
  channel: channelTo('p', { ioThread, heartbeatIntervalMs: 1000 }),
  vitals: channelVitals({ read: { file: 'bin.000001', position }, quietMs: told }),
});

/** Looks a second apart, and the quiet that each finds. */
function quiet(...looks: readonly Look[]): (number | null | undefined)[] {
  const watch = new QuietWatch();
  return looks.map((look, at) => watch.refined([read(look)], at * 1000)[0]?.vitals.quietMs);
}

describe('how long a source has been quiet', () => {
  it('is counted from the last look at which anything had moved', () => {
    expect(quiet({}, { heartbeats: 2 }, { heartbeats: 2 }, { heartbeats: 2, position: 9 })).toEqual([null, 0, 1000, 0]);
  });

  it('is unknown to who has only begun to look, until heartbeats are missing', () => {
    expect(quiet({}, {}, {}, {}, {})).toEqual([null, null, null, null, 4000]);
  });

  it('is not broken by a thread that connects anew and goes back by itself', () => {
    const lost: Look = { ioThread: 'connecting', position: 4 };
    expect(quiet({ position: 9 }, { position: 10 }, lost, { position: 4 })).toEqual([null, 0, null, null]);
  });

  it('is what the server says where that is less', () => {
    expect(quiet({ told: 70 }, { told: 300, heartbeats: 2 }, { told: 300, heartbeats: 2 })).toEqual([70, 0, 300]);
  });
});
