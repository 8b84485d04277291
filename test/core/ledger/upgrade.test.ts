import { describe, expect, it } from 'vitest';
import { encodeCommand, schemaOf } from '../../../src/core/ledger/codec.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { decodeSnapshot } from '../../../src/core/ledger/snapshot.js';
import { observed, serverId } from '../../support/facts.js';
import { openingOf, participant, type Told } from '../../support/worlds/recoveries.js';

/** As the first version wrote facts: without what was learnt later. */
function olderServer(name: string, source: string | null = null) {
  const one = observed(name, source);
  const { facts } = one;
  const added = ['group', 'clone', 'isBinlogServer', 'givesReplicationAccount', 'semiSyncPriority'];
  const older = without(facts, [...added, 'suggestedClusterAlias', 'suggestedClusterDomain']);
  const channels = facts.channels.map((channel) => without(channel, ['transport']));
  const semiSync = without(facts.semiSync, ['sourcePluginIsNew', 'replicaPluginIsNew']);
  return { ...one, facts: { ...older, channels, semiSync } };
}

function without(record: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !names.includes(key)));
}

function bytesOf(version: number, json: unknown): Uint8Array {
  return Buffer.concat([Buffer.from([version]), Buffer.from(JSON.stringify(json))]);
}

describe('what the first version wrote', () => {
  it('is read as entries, with empty values for what it did not know', () => {
    const ledger = new Ledger();
    const servers = [olderServer('p'), olderServer('r', 'p')];
    ledger.apply(1, bytesOf(1, { kind: 'topology-observed', servers, atMs: 5 }));
    const facts = ledger.state.servers.get(serverId('r'))?.facts;
    expect(facts).toEqual(observed('r', 'p').facts);
  });

  it('is read as a snapshot, and an alias in it was an operator’s', () => {
    const { facts, id, address } = olderServer('p');
    const times = { changedAtMs: 1, firstSeenAtMs: 1 };
    const server = { id, address, aliases: [], clusterId: 'p', facts, ...times };
    const document = {
      schema: 1,
      index: 7,
      nowMs: 9,
      recoveriesEnabled: false,
      audit: [],
      maps: {
        targets: [],
        servers: [['p', server]],
        clusters: [['p', { id: 'p', primary: 'p', epoch: 2, formerNames: [], alias: 'shop' }]],
        recoveries: [],
        demotions: [],
        downtimes: [],
        incidents: [],
        nodes: [],
      },
    };
    const state = decodeSnapshot(Buffer.from(JSON.stringify(document)));
    expect(state.servers.get(serverId('p'))?.facts).toEqual(observed('p').facts);
    expect([...state.clusters.values()]).toEqual([
      { id: 'p', primary: 'p', epoch: 2, formerNames: [], alias: 'shop', aliasIsManual: true, domain: '' },
    ]);
    expect(state.tombstones.size).toBe(0);
    expect(state.recoveriesEnabled).toBe(false);
  });

  it('goes on being written so where it can, so that a node that waits for its upgrade can read on', () => {
    expect(encodeCommand({ kind: 'recoveries-switched', enabled: true, by: 'ann', atMs: 1 })[0]).toBe(1);
    expect(encodeCommand({ kind: 'time-passed', atMs: 1 })[0]).toBe(2);
    expect(schemaOf({ kind: 'brake-released', by: 'ann' })).toBe(2);
  });

  it('is not enough for a recovery among servers that do not count by sets of GTIDs', () => {
    const sinceFor = (changes: Told): number => {
      const participants = [participant(serverId('p'), 'primary'), participant(serverId('r'), 'replica', changes)];
      return schemaOf({ kind: 'recovery-opened', recovery: openingOf('dead-primary', serverId('p'), participants) });
    };
    expect(sinceFor({})).toBe(1);
    expect(sinceFor({ countsBy: 'places' })).toBe(3);
    expect(sinceFor({ countsBy: 'writers' })).toBe(3);
  });
});
