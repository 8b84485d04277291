// What a plan would run into without being prevented by it.
import { beforeEach, describe, expect, it } from 'vitest';
import { openMove } from '../../../../src/core/recovery/openings/move.js';
import { openSwitch } from '../../../../src/core/recovery/openings/switch.js';
import { openTakeover } from '../../../../src/core/recovery/openings/graceful-takeover.js';
import { planWarnings } from '../../../../src/core/recovery/preview/plan-warnings.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import { channelTo, factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const soft = { answers: () => true, lagSeconds: () => 0 };
const SEMI = { ...factsOf().semiSync, sourceEnabled: true, replicaEnabled: true, waitCount: 1 };

let fed: FedLedger;
let numbers: number;

function see(name: string, source: string | null, facts: Partial<ServerFacts> = {}): void {
  numbers += 1;
  const given = { serverNumber: numbers, gtidMode: 'ON', givesReplicationAccount: true, ...facts };
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, given)] });
}

function codes(auto: boolean): readonly (readonly string[])[] {
  const clusterId = fed.clusterOf('p');
  if (clusterId === undefined) throw new Error('p has a cluster');
  const opening = openTakeover(fed.state, policyOf({}), { clusterId, candidate: serverId('r'), auto }, soft, context);
  if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
  return planWarnings(fed.state, opening.recovery).map(({ code, message }) => [code, message]);
}

beforeEach(() => {
  fed = new FedLedger();
  numbers = 0;
});

describe('a planned takeover', () => {
  it('says that the old primary could not follow where nobody knows an account, as on MariaDB', () => {
    see('p', null, { givesReplicationAccount: false });
    see('r', 'p', { givesReplicationAccount: false });
    expect(codes(true)).toEqual([
      ['no-replication-account', expect.stringContaining('p:3306 could not be made to follow') as string],
    ]);
    see('r', 'p', { serverNumber: 2 });
    expect(codes(true)).toEqual([]);
  });

  it('says whom it starts although somebody had stopped it, and nothing of one that it leaves so', () => {
    const stop = (threads: Parameters<typeof channelTo>[1]): void =>
      see('s', 'p', { serverNumber: 9, channels: [channelTo('p', { autoPosition: true, ...threads })] });
    see('p', null);
    see('r', 'p');
    stop({ sqlThread: 'stopped' });
    expect(codes(true)).toEqual([
      ['starts-stopped', 'the applier of s:3306 stood, and the takeover starts its replication'],
    ]);
    for (const left of [{ ioThread: 'stopped', sqlThread: 'stopped' }, { ioThread: 'stopped' }] as const) {
      stop(left);
      expect(codes(true)).toEqual([]);
    }
  });

  it('says how long clients may wait where too few acknowledge while the old primary is left stopped', () => {
    see('p', null, { semiSync: { ...SEMI, timeoutMs: 10_000 } });
    see('r', 'p', { semiSync: { ...SEMI, timeoutMs: 10_000 } });
    const told = expect.stringContaining('clients of r:3306 may wait once for 10 s') as string;
    expect(codes(false)).toEqual([['waits-once', told]]);
    expect(codes(true)).toEqual([]);
    see('s', 'p', { semiSync: { ...SEMI, timeoutMs: 10_000 } });
    expect(codes(false)).toEqual([]);
  });
});

it.each([
  ['MariaDB', { major: 10, minor: 11, patch: 6 }, 'READ_ONLY ADMIN'],
  ['MySQL', { major: 5, minor: 6, patch: 51 }, 'SUPER'],
  ['MySQL', { major: 9, minor: 7, patch: 0 }, null],
] as const)('a takeover of %s %j tells whose writes no closing keeps out: %s', (flavor, numbers, right) => {
  const version = { ...numbers, text: `${String(numbers.major)}.${String(numbers.minor)}.${String(numbers.patch)}` };
  see('p', null, { flavor, version });
  see('r', 'p', { flavor, version });
  const told = expect.stringContaining(`accounts with ${String(right)} write to p:3306`) as string;
  expect(codes(true)).toEqual(right === null ? [] : [['privileged-writers', told]]);
});

it('binary logs that are deleted are said to be counted for direct replicas alone, where there are others', () => {
  see('p', null);
  see('r', 'p');
  const warned = (): readonly string[] => {
    const nothing = { channel: null, seconds: null, connection: null, until: '', force: true };
    const wish = { ...nothing, command: 'purge-binary-logs', server: serverId('p'), binaryLog: 'latest' } as const;
    const sights = () => ({ answers: true, seenAtMs: null, vitals: null });
    const opening = openSwitch(fed.state, policyOf({}), wish, { soft, sights }, context);
    if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
    return planWarnings(fed.state, opening.recovery).map(({ message }) => message);
  };
  expect(warned()).toEqual([]);
  see('s', 'r');
  see('t', 's');
  expect(warned()).toEqual([expect.stringContaining('s:3306, t:3306 fetch from those')]);
});

it('a replica and its primary that are to follow each other are warned of where nobody knows an account for the primary', () => {
  const known = { givesReplicationAccount: false };
  see('p', null, known);
  see('r', 'p', { ...known, readOnly: true });
  see('s', 'p', known);
  const warned = (): readonly unknown[] => {
    const wish = { command: 'make-co-master', server: serverId('r'), destination: null, pattern: null } as const;
    const opening = openMove(fed.state, policyOf({}), wish, soft, context);
    if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
    return planWarnings(fed.state, opening.recovery).map(({ code, message }) => [code, message]);
  };
  const told = expect.stringContaining('p:3306 could not be made to follow') as string;
  expect(warned()).toEqual([['no-replication-account', told]]);
  see('s', 'p', { serverNumber: 3 });
  expect(warned()).toEqual([]);
});

it('whoever goes below a server that filters is said to get a part of the data; one that stays there is not named', () => {
  const filtering = { serverNumber: 2, channels: [channelTo('p', { autoPosition: true, hasFilters: true })] };
  see('p', null);
  see('r', 'p', filtering);
  see('s', 'p');
  const warned = (server: string, to: string): readonly unknown[] => {
    const wish = { command: 'relocate', server: serverId(server), destination: serverId(to), pattern: null } as const;
    const opening = openMove(fed.state, policyOf({}), wish, soft, context);
    if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
    return planWarnings(fed.state, opening.recovery).map(({ code, message }) => [code, message]);
  };
  const told = 'r:3306 filters what it replicates: s:3306 would get no more than it has';
  expect(warned('s', 'r')).toEqual([['filtered-source', told]]);
  see('t', 's');
  expect(warned('t', 'p')).toEqual([]);
});
