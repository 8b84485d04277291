import { describe, expect, it } from 'vitest';
import type { Belief } from '../../../../src/core/recovery/belief.js';
import { USUAL_RULES } from '../../../../src/core/recovery/choice/can-replicate.js';
import {
  judgeCandidates,
  participantsOf,
  promotableOf,
  whyNotReplicateFrom,
} from '../../../../src/core/recovery/choice/candidates.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import { compareSuccessors } from '../../../../src/core/recovery/choice/rank.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { Server, ServerFacts } from '../../../../src/core/topology/server.js';
import { channelTo, observed } from '../../../support/facts.js';
import { policyOf } from '../../../support/policy.js';

let number = 1;

function server(name: string, changes: Partial<ServerFacts> = {}): Server {
  number += 1;
  const channels = [channelTo('p')];
  return {
    ...observed(name, 'p', { serverNumber: number, channels, ...changes }),
    aliases: [],
    clusterId: 'c' as Server['clusterId'],
    changedAtMs: 0,
    firstSeenAtMs: 0,
  };
}

const failed = server('p', { channels: [], dataCenter: 'dc1', region: 'eu' });
const version = (text: string) => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { text, major, minor, patch };
};
const nobodyDemoted: Pick<Belief, 'demotions'> = { demotions: new Map() };

function reasonsFor(changes: Partial<ServerFacts>, policy = policyOf()): readonly string[] {
  const others = [server('a', { dataCenter: 'dc1', region: 'eu' }), server('b', { dataCenter: 'dc1', region: 'eu' })];
  const judged = judgeCandidates(
    nobodyDemoted,
    failed,
    [server('x', { dataCenter: 'dc1', region: 'eu', ...changes }), ...others],
    policy,
  );
  return judged.find((one) => one.server.id === 'x')?.refusals.map(({ code }) => code) ?? [];
}

describe('who may become the primary', () => {
  it('a healthy replica', () => {
    expect(reasonsFor({})).toEqual([]);
  });

  it.each<readonly [string, Partial<ServerFacts>]>([
    ['must-not', { promotionRule: 'must_not' }],
    ['binlog-server', { isBinlogServer: true }],
    ['no-binlog', { binlogEnabled: false }],
    ['no-replica-updates', { logReplicaUpdates: false }],
    ['no-gtid', { gtidMode: 'ON_PERMISSIVE' }],
    ['no-gtid', { gtidMode: 'OFF' }],
    ['too-old', { gtidMode: '' }],
    ['other-flavor', { flavor: 'MariaDB' }],
    ['no-auto-position', { channels: [channelTo('p', { autoPosition: false })] }],
    ['several-sources', { channels: [channelTo('p'), channelTo('q', { name: 'q' })] }],
    ['filtered', { channels: [channelTo('p', { hasFilters: true })] }],
    ['delayed', { channels: [channelTo('p', { delaySeconds: 3600 })] }],
    ['newer', { version: version('10.0.0') }],
  ])('not one with the fault %s', (code, changes) => {
    expect(reasonsFor(changes)).toEqual([code]);
  });

  it.each<readonly [string, Partial<ServerFacts>]>([
    ['MariaDB', { flavor: 'MariaDB', gtidMode: '', channels: [channelTo('p', { autoPosition: false })] }],
    ['MySQL without GTID', { gtidMode: 'OFF', channels: [channelTo('p', { autoPosition: false })] }],
  ])('a replica of %s, which says in its own way how far it has come', (_, facts) => {
    const primary = server('p', facts);
    const [only] = judgeCandidates(nobodyDemoted, primary, [server('x', facts)], policyOf());
    expect(only?.refusals.map(({ code }) => code)).toEqual([]);
  });

  it('not one whose binary log most others could not hold', () => {
    const others = [server('a', { binlogFormat: 'MIXED' }), server('b', { binlogFormat: 'MIXED' })];
    const judged = judgeCandidates(nobodyDemoted, failed, [server('x'), ...others], policyOf());
    expect(promotableOf(judged)).toEqual(['a', 'b']);
  });

  it('not one on the wrong side of a border that must not be crossed', () => {
    const policy = policyOf({ preventCrossDataCenter: true, preventCrossRegion: true });
    expect(reasonsFor({ dataCenter: 'dc2' }, policy)).toEqual(['cross-data-center']);
    expect(reasonsFor({ region: 'us' }, policy)).toEqual(['cross-region']);
    expect(reasonsFor({ dataCenter: 'dc2', region: 'us' })).toEqual([]);
    expect(reasonsFor({}, policyOf({ neverPromote: [/^x$/] }))).toEqual(['ignored']);
  });

  it('not a former primary that has not rejoined', () => {
    const one = server('one');
    const recoveryId = '1:a' as RecoveryId;
    const demotion = {
      server: one.id,
      clusterId: one.clusterId,
      state: 'fenced',
      recoveryId,
      keepStopped: true,
    } as const;
    const [judged] = judgeCandidates({ demotions: new Map([[one.id, demotion]]) }, failed, [one], policyOf());
    expect(judged).toMatchObject({ keptStopped: true, refusals: [{ code: 'demoted' }] });
    expect(participantsOf(judged === undefined ? [] : [judged], failed)).toMatchObject([
      { promotable: false, start: false },
    ]);
  });

  it('says all that speaks against one, not only the first', () => {
    expect(reasonsFor({ promotionRule: 'must_not', logReplicaUpdates: false })).toEqual([
      'must-not',
      'no-replica-updates',
    ]);
  });
});

describe('who is the better successor', () => {
  const site = { dataCenter: 'dc1', region: 'eu', environment: 'prod' };
  const old = server('old', { ...site, channels: [] });
  const ranked = [
    server('wanted-here', { ...site, promotionRule: 'prefer' }),
    server('wanted-there', { ...site, dataCenter: 'dc2', promotionRule: 'must' }),
    server('plain-here', site),
    server('plain-other-environment', { ...site, environment: 'test' }),
    server('plain-same-region', { ...site, dataCenter: 'dc2' }),
    server('plain-far', { ...site, dataCenter: 'dc3', region: 'us' }),
    server('plain-far-newer', { ...site, dataCenter: 'dc3', region: 'us', version: version('9.8.0') }),
    server('unwanted-here', { ...site, promotionRule: 'prefer_not' }),
  ];

  it('is decided by the criteria in their order', () => {
    const shuffled = [...ranked].reverse().sort((one, other) => compareSuccessors(one, other, old));
    expect(shuffled.map(({ id }) => id)).toEqual(ranked.map(({ id }) => id));
  });

  it('is a total order: of two different servers one is always better', () => {
    const all = [...ranked, server('plain-here-2', site)];
    for (const one of all) {
      for (const other of all) {
        const order = Math.sign(compareSuccessors(one, other, old));
        expect(order === 0).toBe(one === other);
        expect(Math.sign(compareSuccessors(other, one, old))).toBe(order === 0 ? 0 : -order);
      }
    }
  });
});

describe('who can follow whom, whatever the data', () => {
  it.each<readonly [string, Partial<ServerFacts>, Partial<ServerFacts>, RegExp]>([
    ['an older server a newer one', { version: version('8.0.36') }, { version: version('8.4.1') }, /lower than 8.4.1/],
    ['anybody a server without binary log', {}, { binlogEnabled: false }, /no binary log/],
    ['anybody a replica that does not log what it replicates', {}, { logReplicaUpdates: false }, /does not write/],
    ['MariaDB MySQL', { flavor: 'MariaDB' }, {}, /does not follow MySQL/],
    ['STATEMENT a ROW', { binlogFormat: 'STATEMENT' }, {}, /cannot hold/],
  ])('not %s', (_what, replica, source, reason) => {
    expect(whyNotReplicateFrom(server('r', replica), server('s', source), USUAL_RULES)).toMatch(reason);
  });

  it('not one with the same server_id', () => {
    const both = [server('r', { serverNumber: 7 }), server('s', { serverNumber: 7 })] as const;
    expect(whyNotReplicateFrom(...both, USUAL_RULES)).toMatch(/server_id 7/);
  });

  it('a newer server an older one', () => {
    expect(
      whyNotReplicateFrom(
        server('r', { version: version('9.7.0') }),
        server('s', { version: version('8.4.1') }),
        USUAL_RULES,
      ),
    ).toBeNull();
  });

  it('is what operators allow: an older server a newer one, or nobody one with filters', () => {
    const older = server('r', { version: version('8.0.36') });
    const newer = server('s', { version: version('8.4.1') });
    expect(whyNotReplicateFrom(older, newer, { ...USUAL_RULES, lowerVersionAllowed: true })).toBeNull();
    const filtered = server('s', { channels: [channelTo('p', { hasFilters: true })] });
    expect(whyNotReplicateFrom(server('r'), filtered, USUAL_RULES)).toBeNull();
    expect(whyNotReplicateFrom(server('r'), filtered, { ...USUAL_RULES, verifyFilters: true })).toContain('filters');
  });

  it('decides who may be promoted: the newest of three only where older ones may follow it', () => {
    const three = [server('a', { version: version('9.7.1') }), server('b', { version: version('8.4.1') })];
    const servers = [...three, server('c', { version: version('8.4.2') })];
    const codesOf = (policy: RecoveryPolicy): readonly string[] =>
      judgeCandidates(nobodyDemoted, failed, servers, policy).flatMap(({ refusals }) =>
        refusals.map(({ code }) => code),
      );
    expect(codesOf(policyOf())).toEqual(['newer']);
    const lenient = policyOf({ replication: { ...USUAL_RULES, lowerVersionAllowed: true } });
    expect(codesOf(lenient)).toEqual([]);
    const judged = judgeCandidates(nobodyDemoted, failed, servers, lenient);
    const told = participantsOf(judged, failed, [], lenient.replication);
    expect(told.flatMap(({ cannotFollow }) => cannotFollow)).toEqual([]);
  });

  it('is written into the record', () => {
    const judged = judgeCandidates(
      nobodyDemoted,
      failed,
      [server('a'), server('b', { serverNumber: failed.facts.serverNumber })],
      policyOf(),
    );
    const [, second] = participantsOf(judged, failed);
    expect(second?.cannotFollow).toMatchObject([{ source: 'p' }]);
  });
});
