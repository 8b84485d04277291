import { describe, expect, it } from 'vitest';
import { progressSeen } from '../../../../src/core/recovery/progress/seen-progress.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import type { Vitals } from '../../../../src/core/topology/vitals.js';
import { channelTo, observed, serverId } from '../../../support/facts.js';
import { lookOf } from '../../../support/sights.js';

const SOURCE = serverId('99ec6843-e6d6-11f1-892d-02fc00000001');
const place = (position: number) => ({ file: 'binlog.000007', position });

function seen(facts: Partial<ServerFacts>, vitals: Partial<Vitals>): ReturnType<typeof progressSeen> {
  const look = lookOf().vitals;
  if (look === null) throw new Error('the look has vitals');
  return progressSeen(observed('r', 'p', facts), { ...look, ...vitals });
}

describe('how far a server had come when it was last looked at', () => {
  it('is told in sets by MySQL with GTID, and in writers by MariaDB', () => {
    expect(seen({}, { executedGtids: `${SOURCE}:1-5` })).toMatchObject({ executedGtids: `${SOURCE}:1-5` });
    expect(seen({ flavor: 'MariaDB', gtidMode: '' }, { executedGtids: '0-1-5' })).toMatchObject({
      executedGtids: '0-1-5',
    });
  });

  it('is told in places of the log of its source without GTID, and of its own where it has none', () => {
    const channels = [channelTo('p', { autoPosition: false, sourceId: SOURCE })];
    const [vitals] = lookOf().vitals?.channels ?? [];
    if (vitals === undefined) throw new Error('the look has a channel');
    const own = place(900);
    expect(
      seen(
        { gtidMode: 'OFF', channels },
        { binlog: own, channels: [{ ...vitals, executed: place(100), read: place(150) }] },
      ),
    ).toEqual({
      executedGtids: `binlog.000007:100@${SOURCE}`,
      receivedGtids: `binlog.000007:150@${SOURCE}`,
      purgedGtids: '',
      ownEnd: own,
    });
    expect(seen({ gtidMode: 'OFF', channels: [] }, { binlog: own })).toMatchObject({
      executedGtids: 'binlog.000007:900@r',
      receivedGtids: '',
    });
  });

  it('is not known where the words are of another kind', () => {
    expect(seen({}, { executedGtids: '0-1' })).toBeNull();
  });
});
