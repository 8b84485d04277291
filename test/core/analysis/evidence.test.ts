import { describe, expect, it } from 'vitest';
import { foldEvidence } from '../../../src/core/analysis/evidence.js';
import type { EvidenceSources } from '../../../src/core/analysis/evidence-sources.js';
import { reachOf, type Sight } from '../../../src/core/analysis/sight.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import { channelTo, factsOf, serverId } from '../../support/facts.js';
import { failedProbe, goodProbe, replicaProbe, vitalsOf } from '../../support/probes.js';
import { type Believed, believe, linksOf } from '../../support/topology.js';

const NOW = 100_000;
const STALE = 30_000;

function sightOf(last: ProbeResult, earlier?: ProbeResult): Sight {
  return { last, lastGood: last.ok ? last : earlier?.ok === true ? earlier : null };
}

function fold(beliefs: Believed, name: string, sights: Readonly<Record<string, Sight>> = {}, errant = '') {
  const server = beliefs.servers.get(serverId(name));
  if (server === undefined) throw new Error(`${name} is not believed`);
  const sources: EvidenceSources = {
    beliefs,
    links: linksOf(beliefs),
    nowMs: NOW,
    settings: {
      reasonableLagSeconds: 10,
      staleSightMs: STALE,
      lockedSemiSyncMs: 10_000,
      enforceExactSemiSyncReplicas: false,
      recoverNonWriteablePrimary: false,
    },
    sightOf: (one) => sights[one.id] ?? null,
    judgementOf: () => null,
    ownOpinion: () => null,
    binlogStillMs: () => null,
    errantGtids: () => errant,
    closedByRestart: () => false,
    isSinceLastStep: () => true,
  };
  return foldEvidence(server, sources);
}

it('the error is that of a server which answers', () => {
  const beliefs = believe({ p: null });
  const errorAfter = (last: ProbeResult) => fold(beliefs, 'p', { p: sightOf(last) }).error;
  expect(errorAfter(failedProbe('p', 'alive', NOW - 10))).toBe('p:3306: alive');
  expect(errorAfter(failedProbe('p', 'silent', NOW - 10))).toBeNull();
  expect(errorAfter(goodProbe('p', { atMs: NOW - 10 }))).toBeNull();
});

describe('the reach of a server', () => {
  const reach = (last: ProbeResult | null) => reachOf(last === null ? null : sightOf(last), null, NOW, STALE);

  it.each([
    ['refused', 'unreachable'],
    ['silent', 'unreachable'],
    ['alive', 'answering'],
    ['none', 'unknown'],
  ] as const)('after a probe that ended "%s" is %s', (kind, expected) => {
    expect(reach(failedProbe('p', kind, NOW - 10))).toBe(expected);
  });

  it('is unknown when it was never looked at, or too long ago', () => {
    expect(reach(null)).toBe('unknown');
    expect(reach(goodProbe('p', { atMs: NOW - STALE - 1 }))).toBe('reachable');
    expect(reach(goodProbe('p', { atMs: NOW - STALE - 2 }))).toBe('unknown');
    expect(reach(failedProbe('p', 'refused', NOW - STALE - 2))).toBe('unknown');
  });

  it('goes by the newer look of knock and probe', () => {
    const probe = sightOf(goodProbe('p', { atMs: NOW - 100 }));
    const knock = (vote: 'alive' | 'refused', atMs: number) => ({ node: 'n1', vote, atMs, detail: '' });
    expect(reachOf(probe, knock('refused', NOW - 50), NOW, STALE)).toBe('unreachable');
    expect(reachOf(probe, knock('refused', NOW - 150), NOW, STALE)).toBe('reachable');
    expect(reachOf(null, knock('refused', NOW - 50), NOW, STALE)).toBe('unreachable');
    expect(reachOf(null, knock('refused', NOW - STALE - 1), NOW, STALE)).toBe('unknown');
  });

  it('is "answering" for a server that greets and cannot be read: a stalled disk is not well', () => {
    const hung = sightOf(failedProbe('p', 'silent', NOW - 100));
    expect(reachOf(hung, { node: 'n1', vote: 'alive', atMs: NOW - 50, detail: '' }, NOW, STALE)).toBe('answering');
  });
});

it('what a takeover has closed is not current, until it has ended', () => {
  const beliefs = believe({ p: null });
  const isCurrent = () => fold(beliefs, 'p', { p: sightOf(goodProbe('p', { atMs: NOW - 10 })) }).isCurrent;
  const takeover = { kind: 'graceful-takeover', failed: serverId('p'), closedAtMs: null, steps: [] };
  expect(isCurrent()).toBe(true);
  beliefs.recoveries.set('R1', takeover);
  expect(isCurrent()).toBe(false);
  beliefs.recoveries.set('R1', { ...takeover, closedAtMs: NOW });
  expect(isCurrent()).toBe(true);
});

describe('the place of a server', () => {
  const tree = believe({ p: null, m: 'p', leaf: 'm' });

  it('is the head, between, or first below the head', () => {
    expect(fold(tree, 'p')).toMatchObject({ isPrimary: true, isCoPrimary: false, isFirstTier: false });
    expect(fold(tree, 'm')).toMatchObject({ isPrimary: false, isFirstTier: true });
    expect(fold(tree, 'leaf')).toMatchObject({ isPrimary: false, isFirstTier: false });
  });

  it('is a co-primary in a ring of two, on both sides', () => {
    const ring = believe({ a: 'b', b: 'a' });
    expect(fold(ring, 'a')).toMatchObject({ isPrimary: false, isCoPrimary: true });
    expect(fold(ring, 'b')).toMatchObject({ isPrimary: false, isCoPrimary: true });
  });

  it('is no head when it replicates from a server that nobody knows: promoting below it would cut it off', () => {
    const outside = believe({ standby: 'elsewhere', r: 'standby' });
    outside.clusters.set('c1', { primary: serverId('standby') });
    expect(fold(outside, 'standby').isPrimary).toBe(false);
    const leftover = believe(
      { standby: 'elsewhere', r: 'standby' },
      { standby: { channels: [channelTo('elsewhere', { ioThread: 'stopped' })] } },
    );
    leftover.clusters.set('c1', { primary: serverId('standby') });
    expect(fold(leftover, 'standby').isPrimary).toBe(true);
  });

  it('is still the head with a channel left over to the primary that it replaced', () => {
    const promoted = believe({ old: null, fresh: 'old' });
    promoted.clusters.set('c1', { primary: serverId('fresh') });
    promoted.demotions.set(serverId('old'), { recoveryId: '1:a' });
    expect(fold(promoted, 'fresh').isPrimary).toBe(true);
    expect(fold(promoted, 'old').isPrimary).toBe(false);
  });

  it('shows a binlog server by its version', () => {
    const beliefs = believe(
      { p: null, b: 'p' },
      { b: { version: { text: '5.5.5-10.2.12 2.5.0-maxscale', major: 5, minor: 5, patch: 5 } } },
    );
    expect(fold(beliefs, 'b').isBinlogServer).toBe(true);
    expect(fold(beliefs, 'p').isBinlogServer).toBe(false);
  });
});

describe('the count of replicas', () => {
  const beliefs = believe({ p: null, r1: 'p', r2: 'p', r3: 'p' });

  it('puts each where it was seen, and what was not seen nowhere', () => {
    const { replicas } = fold(beliefs, 'p', {
      r1: sightOf(replicaProbe('r1', channelTo('p'), NOW - 10)),
      r2: sightOf(failedProbe('r2', 'silent', NOW - 10)),
    });
    expect(replicas).toMatchObject({ known: 3, valid: 1, replicating: 1, dead: 1, unreadable: 0 });
  });

  it('goes by what was seen last of their threads, not by what is believed', () => {
    const connecting = channelTo('p', { ioThread: 'connecting', ioError: { number: 2003, text: '' } });
    const { replicas } = fold(beliefs, 'p', { r1: sightOf(replicaProbe('r1', connecting, NOW - 10)) });
    expect(replicas).toMatchObject({ valid: 1, replicating: 0, failingToConnect: 1 });
  });

  it('does not call a replica failing whose applier stands still, or that has no error', () => {
    const error = { number: 2003, text: '' };
    const stopped = channelTo('p', { ioThread: 'connecting', sqlThread: 'stopped', ioError: error });
    const young = channelTo('p', { ioThread: 'connecting' });
    const { replicas } = fold(beliefs, 'p', {
      r1: sightOf(replicaProbe('r1', stopped, NOW - 10)),
      r2: sightOf(replicaProbe('r2', young, NOW - 10)),
    });
    expect(replicas).toMatchObject({ valid: 2, replicating: 0, failingToConnect: 0 });
  });

  it('calls lagging what is beyond the limit, and not what is unknown', () => {
    const lagging = (seconds: number | null): Sight => {
      const probe = goodProbe('r', {
        atMs: NOW - 10,
        facts: { channels: [channelTo('p')] },
        vitals: vitalsOf({ lagSeconds: seconds }),
      });
      return sightOf(probe);
    };
    const { replicas } = fold(beliefs, 'p', { r1: lagging(11), r2: lagging(10), r3: lagging(null) });
    expect(replicas.lagging).toBe(1);
  });

  it('keeps the lag of a replica that cannot be read any more', () => {
    const before = goodProbe('r1', {
      atMs: NOW - 5000,
      facts: factsOf({ channels: [channelTo('p')] }),
      vitals: { lagSeconds: 60 },
    });
    const { replicas } = fold(beliefs, 'p', { r1: sightOf(failedProbe('r1', 'silent', NOW - 10), before) });
    expect(replicas).toMatchObject({ dead: 1, lagging: 1 });
  });

  it('counts as loggers those whose binary log has what they apply', () => {
    const mixed = believe(
      { p: null, r1: 'p', r2: 'p', r3: 'p' },
      {
        r1: {
          channels: [channelTo('p')],
          binlogFormat: 'mixed',
          version: { text: '8.4.3', major: 8, minor: 4, patch: 3 },
        },
        r2: { channels: [channelTo('p')], logReplicaUpdates: false, binlogFormat: 'STATEMENT' },
        r3: { channels: [channelTo('p', { autoPosition: false })], binlogEnabled: false, gtidMode: 'OFF' },
      },
    );
    const { replicas } = fold(mixed, 'p');
    expect(replicas.logging).toBe(1);
    expect([...replicas.loggingFormats]).toEqual(['MIXED']);
    expect([...replicas.loggingVersions]).toEqual(['8.4']);
    expect([...replicas.gtidModes]).toEqual(['ON', 'OFF']);
    expect(replicas.autoPosition).toBe(2);
  });

  it('names the replicas that take writes, but no co-primary, no member of a group, and none in downtime', () => {
    const open = { readOnly: false, superReadOnly: false };
    const closed = { readOnly: true, superReadOnly: true };
    const beliefs = believe(
      { p: null, opened: 'p', closed: 'p', partner: 'p', resting: 'p', member: 'p' },
      {
        p: { channels: [channelTo('partner')], ...open },
        opened: { channels: [channelTo('p')], ...open },
        closed: { channels: [channelTo('p')], ...closed },
        partner: { channels: [channelTo('p')], ...open },
        resting: { channels: [channelTo('p')], ...open },
        member: {
          channels: [channelTo('p')],
          group: { name: 'g', singlePrimary: true, role: 'PRIMARY', state: 'ONLINE', others: [], primary: null },
          ...open,
        },
      },
    );
    const downtimes = new Map([[serverId('resting'), { reason: 'an upgrade' }]]);
    expect(fold({ ...beliefs, downtimes }, 'p').replicas.writable).toEqual(['opened']);
    // The downtime that a failover begins for whom it sets apart hides nothing.
    const lost = new Map([[serverId('resting'), { reason: 'lost-in-recovery' }]]);
    expect(fold({ ...beliefs, downtimes: lost }, 'p').replicas.writable).toEqual(['opened', 'resting']);
  });

  it('does not say of a dead server that it takes writes: a former co-primary was open when it was last seen', () => {
    const open = { readOnly: false, superReadOnly: false };
    const beliefs = believe({ p: null, dead: 'p' }, { dead: { channels: [channelTo('p')], ...open } });
    const writable = (last: ProbeResult) => fold(beliefs, 'p', { dead: sightOf(last) }).replicas.writable;
    expect(writable(failedProbe('dead', 'refused', NOW - 10))).toEqual([]);
    expect(writable(failedProbe('dead', 'alive', NOW - 10))).toEqual(['dead']);
  });

  it('passes over the errant transactions of a replica in downtime', () => {
    const downtimed = believe({ p: null, r1: 'p', r2: 'p' });
    downtimed.downtimes.set(serverId('r1'), {});
    expect(fold(downtimed, 'p', {}, 'uuid:1').replicas.errant).toEqual(['r2']);
  });
});
