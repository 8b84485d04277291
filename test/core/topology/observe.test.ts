import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/topology/address.js';
import { describeChanges, sameValue } from '../../../src/core/topology/diff.js';
import { observe } from '../../../src/core/topology/observe.js';
import { replicationError } from '../../../src/core/topology/replication-error.js';
import { NOTHING_DETECTED, type ServerReport } from '../../../src/core/topology/report.js';
import type { ClusterId, Server, ServerFacts } from '../../../src/core/topology/server.js';
import { addressOf, channelTo, factsOf, serverId } from '../../support/facts.js';

function report(facts: ServerFacts, address: Address = addressOf('a'), latencyMs = 1): ServerReport {
  const vitals = {
    uptimeSeconds: latencyMs,
    executedGtids: `x:1-${String(latencyMs)}`,
    purgedGtids: '',
    binlog: null,
    channels: [],
    lagSeconds: latencyMs,
    semiSyncClients: 0,
    latencyMs,
  };
  return { id: serverId('a'), address, facts, vitals, detected: NOTHING_DETECTED, replicaAddresses: [] };
}

function believed(facts: ServerFacts, aliases: readonly Address[] = []): ReadonlyMap<Server['id'], Server> {
  const id = serverId('a');
  const server = { id, address: addressOf('a'), aliases, facts, changedAtMs: 0, firstSeenAtMs: 0 };
  return new Map([[id, { ...server, clusterId: 'c' as ClusterId }]]);
}

describe('an observation', () => {
  const facts = factsOf({ channels: [channelTo('p')] });

  it('is made of a server that is new', () => {
    expect(observe(new Map(), report(facts))).toEqual({ id: 'a', address: addressOf('a'), facts });
  });

  it('is not made when only vitals moved', () => {
    expect(observe(believed(facts), report(structuredClone(facts), addressOf('a'), 77))).toBeNull();
  });

  it('is made of every fact that changed', () => {
    const changes: { readonly [K in keyof ServerFacts]: ServerFacts[K] } = {
      serverNumber: 2,
      version: { text: '9.7.1', major: 9, minor: 7, patch: 1 },
      versionComment: 'other',
      flavor: 'Percona',
      hostname: 'other',
      reportHost: 'other',
      readOnly: false,
      superReadOnly: false,
      offlineMode: true,
      binlogEnabled: false,
      binlogFormat: 'MIXED',
      binlogRowImage: 'MINIMAL',
      logReplicaUpdates: false,
      gtidMode: 'OFF',
      channels: [],
      semiSync: { ...facts.semiSync, sourceActive: true },
      group: { name: 'g', singlePrimary: true, state: 'ONLINE', role: 'PRIMARY', others: [], primary: null },
      clone: { state: 'failed', donor: 'd:3306', error: { number: 3862, text: 'no' } },
      isBinlogServer: true,
      givesReplicationAccount: true,
      dataCenter: 'dc',
      region: 'r',
      environment: 'e',
      alias: 'x',
      promotionRule: 'prefer',
      semiSyncPriority: 1,
      suggestedClusterAlias: 'shop',
      suggestedClusterDomain: 'shop.example',
      blindSpots: [{ what: 'replicas', error: 'denied', mend: 'GRANT' }],
    };
    for (const [key, value] of Object.entries(changes)) {
      const after = { ...facts, [key]: value };
      expect(observe(believed(facts), report(after)), key).not.toBeNull();
      expect(describeChanges(facts, after), key).toHaveLength(1);
      expect(describeChanges(after, facts), key).toHaveLength(1);
    }
  });

  it('is made of a second name for a known server, once', () => {
    const other = addressOf('10.0.0.1');
    expect(observe(believed(facts), report(facts, other))?.address).toEqual(other);
    expect(observe(believed(facts, [other]), report(facts, other))).toBeNull();
  });
});

describe('words for changes', () => {
  const words = (before: Parameters<typeof channelTo>[1], after: Parameters<typeof channelTo>[1]): readonly string[] =>
    describeChanges(factsOf({ channels: [channelTo('p', before)] }), factsOf({ channels: [channelTo('p', after)] }));

  it('say before and after', () => {
    expect(describeChanges(factsOf(), factsOf())).toEqual([]);
    expect(words({}, { ioThread: 'connecting', ioError: { number: 2003, text: 'no' } })).toEqual([
      'IO thread connecting (before: running)',
      'IO error 2003: no',
    ]);
    expect(words({ name: 'east' }, { name: 'east', source: addressOf('q'), sourceId: null })).toEqual([
      'replicates from q:3306 (before: p:3306) (channel east)',
      'its source is unknown (before: p) (channel east)',
    ]);
    expect(words({ name: 'east' }, { name: 'west' })).toEqual([
      'replicates from p:3306 (channel west) now',
      'no longer replicates from p:3306 (channel east)',
    ]);
    const blind = { what: 'replicas', error: 'access denied', mend: 'GRANT REPLICATION SLAVE' };
    expect(describeChanges(factsOf(), factsOf({ blindSpots: [blind] }))).toEqual([
      'cannot see replicas: access denied',
    ]);
  });
});

describe('sameness of values', () => {
  it('goes by data', () => {
    expect(sameValue({ a: 1, b: [null, 'x'] }, { b: [null, 'x'], a: 1 })).toBe(true);
    expect(sameValue({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(sameValue({ a: undefined }, { b: undefined })).toBe(false);
    expect(sameValue([1], { 0: 1 })).toBe(false);
    expect(sameValue(null, {})).toBe(false);
    expect(sameValue([1, 2], [2, 1])).toBe(false);
    expect(sameValue('1', 1)).toBe(false);
  });
});

describe('an error of replication', () => {
  it.each([
    [
      "Error reconnecting to source 'repl@127.0.0.1:21100'. This was attempt 4/86400, with a delay of 1 seconds between attempts. Message: Can't connect to MySQL server on '127.0.0.1:21100' (111)",
      "Error reconnecting to source 'repl@127.0.0.1:21100'. Message: Can't connect to MySQL server on '127.0.0.1:21100' (111)",
    ],
    [
      "error reconnecting to master 'repl@127.0.0.1:21200' - retry-time: 1  retries: 3",
      "error reconnecting to master 'repl@127.0.0.1:21200'",
    ],
    [
      "error reconnecting to master 'repl@127.0.0.1:21300' - retry-time: 1  maximum-retries: 100000  message: Can't connect to server on '127.0.0.1' (111 \"Connection refused\")",
      "error reconnecting to master 'repl@127.0.0.1:21300' message: Can't connect to server on '127.0.0.1' (111 \"Connection refused\")",
    ],
    ['failed at 2026-11-23 01:01:15.850994 and at 261123  1:01:15', 'failed at and at'],
    [
      "Could not execute Write_rows event on table db.t; Duplicate entry '3' for key 't.PRIMARY', Error_code: 1062; the event's source log binlog.000002, end_log_pos 437",
      "Could not execute Write_rows event on table db.t; Duplicate entry '3' for key 't.PRIMARY', Error_code: 1062; the event's source log binlog.000002, end_log_pos 437",
    ],
  ])('loses what moves: %j', (text, expected) => {
    expect(replicationError(2003, text)).toEqual({ number: 2003, text: expected });
  });

  it('is the same at every attempt', () => {
    const text = (attempt: number): string =>
      `Error connecting to source 'r@h:1'. This was attempt ${String(attempt)}/10, with a delay of 60 seconds between attempts. Message: x`;
    expect(replicationError(2003, text(1))).toEqual(replicationError(2003, text(10)));
  });

  it('is null when there is none, and never endless', () => {
    expect(replicationError(0, '')).toBeNull();
    expect(replicationError(1, 'x'.repeat(9_000))?.text.length).toBeLessThan(1_100);
  });
});
