import { describe, expect, it } from 'vitest';
import {
  beginInquiry,
  canaryRestarted,
  hearOpinion,
  type Inquiry,
  rememberBefore,
  restartClocks,
  seeReplica,
} from '../../../src/core/analysis/inquiry.js';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { Link } from '../../../src/core/analysis/links.js';
import { voteOfReplica } from '../../../src/core/analysis/replica-vote.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import type { Channel } from '../../../src/core/topology/server.js';
import type { ChannelVitals } from '../../../src/core/topology/vitals.js';
import { addressOf, channelTo, serverId } from '../../support/facts.js';
import { failedProbe, replicaProbe } from '../../support/probes.js';
import { believe, linksBelow } from '../../support/topology.js';

const BEGAN = 100_000;
const LINK = linksBelow(believe({ p: null, r: 'p' }), 'p')[0] as Link;

function seen(
  atMs: number,
  channel: Partial<Channel>,
  vitals: Partial<ChannelVitals> = {},
  inquiry: Inquiry = beginInquiry(serverId('p'), BEGAN),
): Inquiry {
  return seeReplica(inquiry, LINK, replicaProbe('r', channelTo('p', channel), atMs, vitals));
}

function error(number: number): Partial<Channel> {
  return { ioThread: 'connecting', ioError: { number, text: 'as the server says' } };
}

function voteIn(inquiry: Inquiry) {
  return voteOfReplica(inquiry, LINK, JUDGEMENT_LIMITS);
}

function after(result: ProbeResult) {
  return voteIn(seeReplica(beginInquiry(serverId('p'), BEGAN), LINK, result));
}

describe('the vote of a replica at whose address another server answers', () => {
  const stranger = (address: string, ioThread: Channel['ioThread']): ProbeResult => {
    const result = replicaProbe('other', channelTo('p', { ioThread }), BEGAN + 10, { quietMs: 0 });
    return result.ok ? { ...result, report: { ...result.report, address: addressOf(address) } } : result;
  };

  it.each(['running', 'stopped'] as const)('is that it cannot be reached, whatever that one says (%s)', (ioThread) => {
    const inquiry = seeReplica(beginInquiry(serverId('p'), BEGAN), LINK, stranger('r', ioThread));
    expect(voteIn(inquiry)).toMatchObject({
      vote: 'unreachable',
      why: 'r:3306 is not there any more (other answers at its address)',
    });
    expect(inquiry.sinceMs).toBe(BEGAN);
  });

  it('is not touched when the address is only a former name of it', () => {
    const broken = seen(BEGAN + 5, error(2003));
    expect(voteIn(seeReplica(broken, LINK, stranger('once', 'running'))).vote).toBe('broken');
  });
});

describe('the vote of a replica that was not read', () => {
  it('is unknown without a report', () => {
    expect(voteIn(beginInquiry(serverId('p'), BEGAN))).toMatchObject({ vote: 'unknown', unnoticed: false });
  });

  it('is unknown with a report that began before the suspicion, even by a millisecond', () => {
    expect(voteIn(seen(BEGAN - 1, error(2003))).vote).toBe('unknown');
    expect(voteIn(seen(BEGAN, error(2003))).vote).toBe('broken');
  });

  it('takes nothing from looks that began before the suspicion, whoever looked', () => {
    const inquiry = beginInquiry(serverId('p'), BEGAN);
    expect(seen(BEGAN - 1, { ioThread: 'connecting' }, {}, inquiry)).toBe(inquiry);
    expect(hearOpinion(inquiry, { node: 'n2', vote: 'alive', atMs: BEGAN - 1, detail: '' })).toBe(inquiry);
  });

  it('is unknown with a report that began before somebody else had a sign of life', () => {
    const broken = seen(BEGAN + 10, error(2003));
    const answered = hearOpinion(broken, { node: 'n2', vote: 'alive', atMs: BEGAN + 20, detail: '' });
    expect(voteIn(answered).vote).toBe('unknown');
  });

  it('is not changed by a report that comes late', () => {
    const newer = seen(BEGAN + 50, error(2003));
    expect(voteIn(seen(BEGAN + 40, {}, { quietMs: 0 }, newer)).vote).toBe('broken');
  });

  it.each([
    ['refused', 'unreachable'],
    ['silent', 'unreachable'],
    ['none', 'unreachable'],
    ['alive', 'unknown'],
  ] as const)('after a probe that ended "%s" is %s', (kind, vote) => {
    expect(after(failedProbe('r', kind, BEGAN + 1)).vote).toBe(vote);
  });
});

describe('the vote of a replica that lost its link', () => {
  it.each([2002, 2003, 2006, 2013, 2055])('is broken with error %i, connecting or given up', (number) => {
    const connecting = voteIn(seen(BEGAN + 1, error(number)));
    expect(connecting).toMatchObject({ vote: 'broken', disconnected: true });
    expect(connecting.why).toBe(`r:3306 lost its source and cannot reconnect (error ${number})`);
    expect(voteIn(seen(BEGAN + 1, { ...error(number), ioThread: 'stopped' })).vote).toBe('broken');
  });

  it('is stopped when the thread was stopped, or failed for another reason', () => {
    expect(voteIn(seen(BEGAN + 1, { ioThread: 'stopped' })).vote).toBe('stopped');
    expect(voteIn(seen(BEGAN + 1, { ...error(1236), ioThread: 'stopped' })).vote).toBe('stopped');
    expect(voteIn(seen(BEGAN + 1, { ...error(13_114), ioThread: 'stopped' })).vote).toBe('stopped');
  });

  it('is broken when it has been connecting for the limit, seen from its first such report', () => {
    const first = seen(BEGAN + 10, { ioThread: 'connecting' });
    expect(voteIn(first).vote).toBe('unknown');
    expect(voteIn(seen(BEGAN + 1009, { ioThread: 'connecting' }, {}, first)).vote).toBe('unknown');
    expect(voteIn(seen(BEGAN + 1010, { ioThread: 'connecting' }, {}, first)).vote).toBe('broken');
  });

  it('counts the connecting anew when the thread ran in between', () => {
    let inquiry = seen(BEGAN + 10, { ioThread: 'connecting' });
    inquiry = seen(BEGAN + 500, { ioThread: 'running' }, { quietMs: 1000 }, inquiry);
    inquiry = seen(BEGAN + 1500, { ioThread: 'connecting' }, {}, inquiry);
    expect(voteIn(inquiry).vote).toBe('unknown');
  });

  it('is unknown when the last answer from its source was an error of the server: that is a sign of life of some age', () => {
    expect(voteIn(seen(BEGAN + 1, error(1040))).vote).toBe('unknown');
    expect(voteIn(seen(BEGAN + 1, error(1045))).vote).toBe('unknown');
  });

  it('says nothing when it was refused like this before the suspicion', () => {
    const before = rememberBefore(beginInquiry(serverId('p'), BEGAN), serverId('r'), channelTo('p', error(1045)));
    expect(voteIn(seen(BEGAN + 1, error(1045), {}, before)).vote).toBe('stopped');
    expect(voteIn(seen(BEGAN + 1, error(1040), {}, before)).vote).toBe('unknown');
  });

  it('is no witness when it replicates from elsewhere by now', () => {
    const result = replicaProbe('r', channelTo('q', error(2003)), BEGAN + 1);
    expect(after(result)).toMatchObject({ vote: 'stopped', why: 'r:3306 replicates from elsewhere now' });
  });
});

describe('the vote of a replica whose IO thread runs', () => {
  it('is receiving with anything that came in after the suspicion', () => {
    expect(voteIn(seen(BEGAN + 500, {}, { quietMs: 499 })).vote).toBe('receiving');
    expect(voteIn(seen(BEGAN + 500, {}, { quietMs: 500 })).vote).toBe('unknown');
  });

  it('moves the last sign of life on', () => {
    expect(seen(BEGAN + 500, {}, { quietMs: 200 }).sinceMs).toBe(BEGAN + 300);
    expect(seen(BEGAN + 500, {}, { quietMs: 900 }).sinceMs).toBe(BEGAN);
  });

  it('is receiving when its position moves between two reports, also when it cannot tell the time', () => {
    const first = seen(BEGAN + 100, {}, { quietMs: null, read: { file: 'binlog.000001', position: 200 } });
    expect(voteIn(first)).toMatchObject({ vote: 'unknown', unnoticed: false });
    const moved = seen(BEGAN + 200, {}, { quietMs: null, read: { file: 'binlog.000001', position: 300 } }, first);
    expect(voteIn(moved).vote).toBe('receiving');
    expect(moved.sinceMs).toBe(BEGAN + 100);
    const still = seen(BEGAN + 300, {}, { quietMs: null, read: { file: 'binlog.000001', position: 300 } }, moved);
    expect(voteIn(still).vote).toBe('unknown');
  });

  it('is broken when more than two heartbeats are overdue, in words that say so', () => {
    const vote = (quietMs: number) => voteIn(seen(BEGAN + 1500, {}, { quietMs }));
    expect(vote(2000).vote).toBe('unknown');
    expect(vote(2001)).toMatchObject({ vote: 'broken', disconnected: false });
    expect(vote(2300).why).toBe('r:3306 got no heartbeat for 2.3 s, where one is due every 1.0 s');
  });

  it('gives a short interval the floor of a second', () => {
    const vote = (quietMs: number) => voteIn(seen(BEGAN + 500, { heartbeatIntervalMs: 100 }, { quietMs }));
    expect(vote(1000).vote).toBe('unknown');
    expect(vote(1001).vote).toBe('broken');
  });

  it('is not broken by a silence that ended after the suspicion began', () => {
    // The heartbeat that ended it came after; since then less than the limit has passed.
    const inquiry = seen(BEGAN + 2500, {}, { quietMs: 1900 });
    expect(voteIn(inquiry).vote).toBe('receiving');
    expect(inquiry.sinceMs).toBe(BEGAN + 600);
  });

  it('turns broken when its heartbeats stop in the middle of the inquiry', () => {
    const receiving = seen(BEGAN + 1000, {}, { quietMs: 100 });
    const overdue = seen(BEGAN + 3000, {}, { quietMs: 2100 }, receiving);
    expect(voteIn(receiving).vote).toBe('receiving');
    expect(voteIn(overdue).vote).toBe('broken');
  });

  it('is unknown, and tells when it will know, while heartbeats are not overdue yet', () => {
    const vote = voteIn(seen(BEGAN + 100, {}, { quietMs: 800 }));
    expect(vote).toMatchObject({ vote: 'unknown', unnoticed: true, tellsAtMs: BEGAN + 100 - 800 + 2000 });
  });

  it.each([null, 0])('is unknown for ever with a heartbeat interval of %s', (heartbeatIntervalMs) => {
    const vote = voteIn(seen(BEGAN + 100_000, { heartbeatIntervalMs }, { quietMs: 100_000 }));
    expect(vote).toMatchObject({ vote: 'unknown', unnoticed: true, tellsAtMs: null });
  });

  it('does not take old news for a fresh sign of life when heartbeats are rare', () => {
    const rare: Partial<Channel> = { heartbeatIntervalMs: 30_000 };
    const heard = seen(BEGAN + 1000, rare, { quietMs: 100 });
    expect(voteIn(heard).vote).toBe('receiving');
    const later = seen(BEGAN + 4000, rare, { quietMs: 3100 }, heard);
    expect(voteIn(later)).toMatchObject({ vote: 'unknown', unnoticed: true });
  });
});

describe('the canary', () => {
  const restartedAtMs = BEGAN + 1000;
  const asked = (): Inquiry => canaryRestarted(seen(BEGAN + 500, {}, { quietMs: 600 }), serverId('r'), restartedAtMs);

  it('is unknown until it is seen after its restart', () => {
    expect(voteIn(asked()).vote).toBe('unknown');
    expect(voteIn(seen(restartedAtMs - 1, {}, { quietMs: 5000 }, asked())).vote).not.toBe('receiving');
  });

  it('is receiving when its thread runs again: the source lets somebody in', () => {
    const inquiry = seen(restartedAtMs + 5, {}, { quietMs: 5000 }, asked());
    expect(voteIn(inquiry).vote).toBe('receiving');
    expect(inquiry.sinceMs).toBe(restartedAtMs + 5);
  });

  it.each([1040, 1045, 1129])('is receiving when error %i came back: a server that says no is there', (number) => {
    expect(voteIn(seen(restartedAtMs + 5, error(number), {}, asked())).vote).toBe('receiving');
  });

  it('is proof of life once: a source that freezes later is not alive for ever', () => {
    const letIn = seen(restartedAtMs + 5, {}, { quietMs: 5 }, asked());
    const later = seen(restartedAtMs + 5000, {}, { quietMs: 4900 }, letIn);
    expect(voteIn(later).vote).toBe('broken');
    expect(later.sinceMs).toBeLessThan(restartedAtMs + 200);
  });

  it('is broken when it connects in vain for the limit', () => {
    const first = seen(restartedAtMs + 5, { ioThread: 'connecting' }, {}, asked());
    const last = seen(restartedAtMs + 1005, { ioThread: 'connecting' }, {}, first);
    expect(voteIn(first).vote).toBe('unknown');
    expect(voteIn(last)).toMatchObject({ vote: 'broken', disconnected: true });
  });
});

describe('a pause of our own process', () => {
  it('makes everything heard before worthless, and silence counts anew', () => {
    let inquiry = seen(BEGAN + 10, error(2003));
    inquiry = hearOpinion(inquiry, { node: 'n1', vote: 'silent', atMs: BEGAN + 10, detail: '' });
    inquiry = restartClocks(inquiry, BEGAN + 5000);
    expect(inquiry).toMatchObject({ beganAtMs: BEGAN + 5000, sinceMs: BEGAN + 5000 });
    expect(inquiry.opinions.size).toBe(0);
    expect(voteIn(inquiry).vote).toBe('unknown');
    expect(voteIn(seen(BEGAN + 4999, error(2003), {}, inquiry)).vote).toBe('unknown');
  });

  it('keeps in mind that the canary was used and what was known before', () => {
    let inquiry = rememberBefore(beginInquiry(serverId('p'), BEGAN), serverId('r'), channelTo('p', error(1045)));
    inquiry = canaryRestarted(inquiry, serverId('r'), BEGAN + 10);
    inquiry = restartClocks(inquiry, BEGAN + 5000);
    expect(inquiry.canary).toEqual({ server: serverId('r'), restartedAtMs: null, answeredAtMs: null });
    expect(voteIn(seen(BEGAN + 5001, error(1045), {}, inquiry)).vote).toBe('stopped');
  });
});
