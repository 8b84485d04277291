import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/topology/address.js';
import { NOTHING_DETECTED, type ProbeResult } from '../../../src/core/topology/report.js';
import { WhereaboutsKeeper } from '../../../src/runtime/care/whereabouts-keeper.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { addressOf, factsOf, observed, serverId } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';
import { vitalsOf } from '../../support/probes.js';

/** A process: who it is, where it runs, when it was started. */
interface Process {
  readonly id: string;
  readonly hostname?: string;
  readonly serverNumber?: number;
  readonly startedMs?: number;
}

class Stage {
  readonly fed = new FedLedger();
  readonly proposals: Proposal[] = [];
  nowMs = 1_000_000;
  readonly keeper: WhereaboutsKeeper;

  constructor(...names: string[]) {
    this.fed.feed({ kind: 'topology-observed', servers: names.map((name) => observed(name)) });
    const { fed } = this;
    this.keeper = new WhereaboutsKeeper({
      clock: { nowMs: () => this.nowMs },
      ledger: {
        state: fed.state,
        readyTerm: 1,
        propose: (proposal) => {
          this.proposals.push(proposal);
          fed.feed(proposal);
          this.keeper.noticeApplied();
          return Promise.resolve({ index: 0, command: null, facts: [] });
        },
      },
      onFailed: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
  }

  /** Who answers at the address a second later; null: nobody. True when the answer may be believed. */
  async look(at: string, process: Process | null): Promise<boolean> {
    this.nowMs += 1000;
    const result = lookOf(addressOf(at), process, this.nowMs);
    this.keeper.note(result);
    // What may be believed is observed, as the loop does.
    const isBelieved = result.ok && this.keeper.admits(result.report);
    if (isBelieved) {
      const { id, address, facts } = result.report;
      this.fed.feed({ kind: 'topology-observed', servers: [{ id, address, facts }] });
      this.keeper.noticeApplied();
    }
    await new Promise((resolve) => setImmediate(resolve));
    return isBelieved;
  }

  addressOf(id: string): Address | undefined {
    return this.fed.state.servers.get(serverId(id))?.address;
  }

  aliasesOf(id: string): readonly string[] {
    return this.fed.state.servers.get(serverId(id))?.aliases.map(({ host }) => host) ?? [];
  }
}

function lookOf(address: Address, process: Process | null, atMs: number): ProbeResult {
  const times = { startedAtMs: atMs - 1, finishedAtMs: atMs };
  if (process === null) {
    return { ok: false, ...times, address, failure: { kind: 'refused', code: 'ECONNREFUSED', message: 'refused' } };
  }
  const { id, hostname = 'db', serverNumber = 1, startedMs = 0 } = process;
  const report = {
    id: serverId(id),
    address,
    facts: factsOf({ hostname, serverNumber }),
    // Uptime is whole seconds.
    vitals: vitalsOf({ uptimeSeconds: Math.floor((atMs - startedMs) / 1000) }),
    detected: NOTHING_DETECTED,
    replicaAddresses: [],
  };
  return { ok: true, ...times, report };
}

describe('two names of one server', () => {
  it('are one server with an alias, over a restart too', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    expect(await stage.look('ip', { id: 'p' })).toBe(true);
    const restarted = { id: 'p', startedMs: stage.nowMs };
    // The alias is looked at first after the restart: it could be a copy, so nothing is believed until the other was.
    stage.nowMs += 60_000;
    expect(await stage.look('ip', restarted)).toBe(false);
    expect(await stage.look('p', restarted)).toBe(true);
    expect(await stage.look('ip', restarted)).toBe(true);
    expect(stage.addressOf('p')).toEqual(addressOf('p'));
    expect(stage.aliasesOf('p')).toEqual(['ip']);
    expect(stage.proposals).toEqual([]);
  });
});

describe('a server that moved', () => {
  it('takes its new address once the old one has been silent for a while', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    await stage.look('p', null);
    expect(await stage.look('new', { id: 'p' })).toBe(false);
    for (let at = 0; at < 20; at++) {
      await stage.look('p', null);
      await stage.look('new', { id: 'p' });
    }
    expect(stage.addressOf('p')).toEqual(addressOf('new'));
    expect(stage.aliasesOf('p')).toEqual(['p']);
    expect(stage.proposals).toHaveLength(1);
  });

  it('does not move for a moment of silence', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    await stage.look('ip', { id: 'p' });
    for (let at = 0; at < 5; at++) await stage.look('p', null);
    await stage.look('ip', { id: 'p' });
    await stage.look('p', { id: 'p' });
    await stage.look('ip', { id: 'p' });
    expect(stage.addressOf('p')).toEqual(addressOf('p'));
    expect(stage.proposals).toEqual([]);
  });

  it('moves at once when its address answers as somebody else', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    await stage.look('p', { id: 'q', startedMs: 5000 });
    await stage.look('new', { id: 'p' });
    expect(stage.addressOf('p')).toEqual(addressOf('new'));
    expect(stage.addressOf('q')).toEqual(addressOf('p'));
    expect(stage.aliasesOf('p')).toEqual([]);
  });

  it('may change places with another, which both have then', async () => {
    const stage = new Stage('p', 'q');
    await stage.look('p', { id: 'p', startedMs: 10_000 });
    await stage.look('q', { id: 'q', startedMs: 90_000 });
    expect(await stage.look('p', { id: 'q', startedMs: 90_000 })).toBe(false);
    await stage.look('q', { id: 'p', startedMs: 10_000 });
    expect(stage.addressOf('p')).toEqual(addressOf('q'));
    expect(stage.addressOf('q')).toEqual(addressOf('p'));
    expect(stage.proposals).toHaveLength(1);
    expect(await stage.look('p', { id: 'q', startedMs: 90_000 })).toBe(true);
    expect([...stage.aliasesOf('p'), ...stage.aliasesOf('q')]).toEqual([]);
  });
});

describe('a server that was set up anew', () => {
  it('takes the place of the one that was there, when that is seen nowhere', async () => {
    const stage = new Stage('p');
    stage.fed.feed({ kind: 'tag-put', server: serverId('p'), tag: { name: 'a', value: '' }, by: 'ann' });
    await stage.look('p', { id: 'p' });
    await stage.look('p', null);
    const fresh = { id: 'fresh', startedMs: stage.nowMs };
    await stage.look('p', fresh);
    expect([...stage.fed.state.servers.keys()]).toEqual(['p', 'fresh']);
    await stage.look('p', fresh);
    expect([...stage.fed.state.servers.keys()]).toEqual(['fresh']);
    expect(stage.fed.state.tags.get(serverId('fresh'))).toEqual([{ name: 'a', value: '' }]);
    expect(stage.proposals).toHaveLength(1);
  });

  it.each([
    ['a container with another host name', { hostname: 'db2' }],
    ['on the same host with another server_id', { serverNumber: 7 }],
  ])('is known by half of its marks when it is younger than what was there: %s', async (_what, marks) => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    const fresh = { id: 'fresh', startedMs: stage.nowMs, ...marks };
    for (let at = 0; at < 2; at++) await stage.look('p', fresh);
    expect([...stage.fed.state.servers.keys()]).toEqual(['fresh']);
  });

  it('takes its place late when nothing but the address is the same', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    const fresh = { id: 'fresh', startedMs: stage.nowMs, hostname: 'db2', serverNumber: 7 };
    for (let at = 0; at < 59; at++) await stage.look('p', fresh);
    expect(stage.fed.state.servers.size).toBe(2);
    for (let at = 0; at < 5; at++) await stage.look('p', fresh);
    expect([...stage.fed.state.servers.keys()]).toEqual(['fresh']);
  });

  it('is not seen in an address that leads to two living servers in turn', async () => {
    const stage = new Stage('p');
    const other = { id: 'other', serverNumber: 7, startedMs: 100_000 };
    for (let turn = 0; turn < 10; turn++) {
      for (let at = 0; at < 5; at++) await stage.look('p', { id: 'p' });
      for (let at = 0; at < 5; at++) await stage.look('p', other);
    }
    expect([...stage.fed.state.servers.keys()]).toEqual(['p', 'other']);
    expect(stage.proposals).toEqual([]);
  });
});

describe('two servers with one identity', () => {
  it.each([
    ['on two machines', { hostname: 'db2', startedMs: 0 }],
    ['on one machine, started at other times', { hostname: 'db', startedMs: 500_000 }],
  ])('%s are named, and nothing is believed of the copy', async (_where, other) => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    const before = stage.fed.state.servers.get(serverId('p'))?.facts;
    for (let at = 0; at < 5; at++) {
      expect(await stage.look('copy', { id: 'p', ...other })).toBe(false);
      await stage.look('p', { id: 'p' });
    }
    expect(stage.proposals).toHaveLength(1);
    expect([...stage.fed.state.sharedIdentities.values()]).toMatchObject([{ server: 'p', address: addressOf('copy') }]);
    expect(stage.fed.state.servers.get(serverId('p'))?.facts).toEqual(before);
    expect(stage.aliasesOf('p')).toEqual([]);
  });

  it('are settled when the copy has got an identity of its own', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    await stage.look('copy', { id: 'p', hostname: 'db2' });
    await stage.look('p', { id: 'p' });
    expect(stage.fed.state.sharedIdentities.size).toBe(1);
    expect(await stage.look('copy', { id: 'own', hostname: 'db2' })).toBe(true);
    await stage.look('copy', { id: 'own', hostname: 'db2' });
    expect(stage.fed.state.sharedIdentities.size).toBe(0);
    expect(stage.addressOf('own')).toEqual(addressOf('copy'));
  });

  it('stay two when the first one dies: the copy is not taken for it', async () => {
    const stage = new Stage('p');
    await stage.look('p', { id: 'p' });
    await stage.look('copy', { id: 'p', hostname: 'db2' });
    await stage.look('p', { id: 'p' });
    for (let at = 0; at < 40; at++) {
      await stage.look('p', null);
      await stage.look('copy', { id: 'p', hostname: 'db2' });
    }
    expect(stage.addressOf('p')).toEqual(addressOf('p'));
  });
});
