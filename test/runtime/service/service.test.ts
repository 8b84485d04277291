import { beforeEach, describe, expect, it } from 'vitest';
import { placeParticipant } from '../../../src/core/recovery/choice/candidates.js';
import { addressText } from '../../../src/core/topology/address.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { WhereaboutsKeeper } from '../../../src/runtime/care/whereabouts-keeper.js';
import { NotLeader } from '../../../src/runtime/ports/consensus-errors.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { NodeService, type ServiceParts } from '../../../src/runtime/service/service.js';
import { addressOf, observed, serverId } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';
import { failedProbe, goodProbe } from '../../support/probes.js';

/** Who answers at an address, and where it runs. */
interface Answering {
  readonly id: string;
  readonly hostname: string;
}

let fed: FedLedger;
let noted: { readonly topic: string; readonly text: string }[];
let nowMs: number;
let keeper: WhereaboutsKeeper;
let answering: Map<string, Answering>;
let service: NodeService;
/** Where our account is not let in. */
let locked: Set<string>;
let isLeading: boolean;
let ask: ReturnType<ServiceParts['switches']>['ask'];

function lookAt(host: string): ProbeResult {
  nowMs += 10;
  if (locked.has(host)) return failedProbe(host, 'alive', nowMs);
  const found = answering.get(host);
  if (found === undefined) return failedProbe(host, 'refused', nowMs);
  const facts = { hostname: found.hostname };
  const result = goodProbe(host, { atMs: nowMs, facts });
  return result.ok ? { ...result, report: { ...result.report, id: serverId(found.id) } } : result;
}

beforeEach(() => {
  fed = new FedLedger();
  noted = [];
  nowMs = 2_000_000;
  locked = new Set();
  isLeading = true;
  const propose = (proposal: Proposal) => {
    if (!isLeading) return Promise.reject(new NotLeader(null));
    const facts = fed.feed(proposal);
    if (proposal.kind === 'noted') noted.push({ topic: proposal.topic, text: proposal.text });
    keeper.noticeApplied();
    return Promise.resolve({ index: 0, command: null, facts });
  };
  const clock = { nowMs: () => nowMs };
  const ledger = { state: fed.state, readyTerm: 1, propose };
  keeper = new WhereaboutsKeeper({ clock, ledger, onFailed: () => undefined });
  const parts: Partial<ServiceParts> = {
    clock,
    ledger,
    names: { resolve: (host) => host, list: () => [], clear: () => undefined },
    isIgnored: () => false,
    believes: (report) => keeper.admits(report),
    probe: (address) => {
      const result = lookAt(address.host);
      keeper.note(result);
      return Promise.resolve(result);
    },
    switches: () => ({ ask: (request) => ask(request), plan: () => undefined as never }),
  };
  service = new NodeService(parts as ServiceParts);
  fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r', 'p'), observed('other')] });
  answering = new Map([['p', { id: 'p', hostname: 'db1' }]]);
});

describe('a discovery', () => {
  it('of a copied data directory is refused, and leaves the original as it is', async () => {
    answering.set('copy', { id: 'p', hostname: 'db2' });
    const before = fed.state.servers.get(serverId('p'));
    const answer = await service.discover(addressOf('copy'), 'ann');
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'IDENTITY_SHARED' } });
    const text = answer.ok ? '' : answer.refusal.message;
    expect(text).toContain('copy:3306 answers with the server_uuid of p:3306 (p)');
    expect(text).toContain('remove auto.cnf');
    expect(fed.state.servers.get(serverId('p'))).toEqual(before);
    expect([...fed.state.sharedIdentities.values()]).toMatchObject([{ server: 'p', address: addressOf('copy') }]);
  });

  it('tells a server at which nobody answers from one that does not let us in', async () => {
    expect(await service.discover(addressOf('gone'), 'ann')).toMatchObject({ refusal: { code: 'UNREACHABLE' } });
    locked.add('p');
    expect(await service.discover(addressOf('p'), 'ann')).toMatchObject({ refusal: { code: 'PROBE_FAILED' } });
  });

  it('of a second name of a server is its server', async () => {
    answering.set('ip', { id: 'p', hostname: 'db1' });
    const answer = await service.discover(addressOf('ip'), 'ann');
    expect(answer).toMatchObject({ ok: true, value: { id: 'p', address: addressOf('p'), aliases: [addressOf('ip')] } });
  });
});

describe('forgetting', () => {
  it('an address forgets all that are recorded there', async () => {
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('r-anew', 'p'), address: addressOf('r') }] });
    expect(await service.forget(addressOf('r'), 'ann')).toMatchObject({ ok: true });
    expect([...fed.state.servers.keys()].sort()).toEqual(['other', 'p']);
    expect([...fed.state.tombstones.keys()].sort()).toEqual(['r', 'r-anew']);
  });
});

it('a switch that was done is answered as done, though what was seen afterwards finds no leader', async () => {
  const clusterId = fed.clusterOf('p') ?? ('' as ClusterId);
  const primary = fed.state.servers.get(serverId('p'));
  if (primary === undefined) throw new Error('p is known');
  const { inputs: base } = recoveryOf('7:c', clusterId, 'p');
  const inputs = { ...base, participants: [placeParticipant(primary, 0, 0)] };
  ask = () => {
    isLeading = false;
    return Promise.resolve({ ok: true, value: recoveryOf('7:c', clusterId, 'p', { inputs }) });
  };
  const nothing = { channel: null, seconds: null, binaryLog: '', connection: null, until: '', force: false };
  const command = 'skip-query' as const;
  const asked = { ...nothing, command, clusterId, server: serverId('p'), requestedBy: 'ann' };
  expect(await service.switch(asked)).toMatchObject({ ok: true, value: { id: '7:c' } });
  await expect(service.switch(asked)).rejects.toMatchObject({ code: 'NOT_LEADER' });
});

it('a downtime that was ended is told with the name of its server, and by whom it was', async () => {
  await service.beginDowntime(serverId('r'), 'ann', 'a new disk', 3_600_000);
  const told = noted.length;
  await service.endDowntime(serverId('r'), 'bob');
  expect(noted.slice(told)).toEqual([
    { topic: 'downtime-ended', text: `bob ended the downtime of ${addressText(addressOf('r'))}` },
  ]);
  expect(fed.state.downtimes.size).toBe(0);
});

describe('an alias', () => {
  const of = (name: string) => {
    const id = fed.clusterOf(name);
    const cluster = id === undefined ? undefined : fed.state.clusters.get(id);
    if (cluster === undefined) throw new Error(`${name} is in a cluster`);
    return cluster;
  };

  it('that another cluster has, or is called by, is refused', async () => {
    await service.setAlias(of('p').id, 'shop', 'ann');
    for (const taken of ['shop', 'p:3306']) {
      const answer = await service.setAlias(of('other').id, taken, 'ann');
      expect(answer).toMatchObject({
        ok: false,
        refusal: { code: 'ALIAS_TAKEN', message: expect.stringContaining('p:3306 is called') as unknown },
      });
    }
    expect(of('other').alias).toBe('');
    expect(await service.setAlias(of('p').id, 'shop', 'ann')).toMatchObject({ ok: true });
  });

  it('is taken away by an empty one', async () => {
    await service.setAlias(of('p').id, 'shop', 'ann');
    await service.setAlias(of('p').id, '', 'ann');
    expect(of('p')).toMatchObject({ alias: '', aliasIsManual: false });
  });
});
