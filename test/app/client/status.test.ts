/** `status` and `history`: the orchestrators, and what became of a cluster. */
import { afterEach, describe, expect, it } from 'vitest';
import type { StepRecord } from '../../../src/core/recovery/recovery.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST, MAIN, seen } from '../../adapters/http/fake-service.js';
import { type Listening, run, serve, serveCanned } from './client-run.js';

const open: Listening[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function node(service = new FakeService()): Promise<string> {
  const listening = await serve(service);
  open.push(listening);
  return listening.url;
}

describe('status', () => {
  it('shows who leads, the quorum, each node, and what would be recovered', async () => {
    const { code, out } = await run(await node(), ['-c', 'status']);
    expect(code).toBe(0);
    expect(out).toMatch(/^cluster .*, term \d+, .* leads\n/);
    expect(out).toMatch(/NODE +ROLE +VOTE +ADDRESS +HOLDS +LACKS +HEARD +VERSION/);
    expect(out).toMatch(/needed for every decision/);
    expect(out).toContain('automatic recovery is on\n1 of 1 clusters would be failed over now');
  });

  it('says what holds all recoveries back, and how it is ended', async () => {
    const service = new FakeService();
    service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    const { code, out } = await run(await node(service), ['-c', 'status']);
    expect(code).toBe(0);
    expect(out).toContain('automatic recovery is SWITCHED OFF everywhere (to mend it: -c enable-global-recoveries)');
    expect(out).toMatch(/0 of 1 clusters would be failed over now, .*\n! main:3306 would not: /);
  });

  it('tells of several endpoints which is an island, which is shut and which is locked, and asks the leader', async () => {
    const leader = await node();
    const follower = new FakeService();
    follower.status = {
      ...follower.status,
      id: 'n2',
      role: 'follower',
      leader: null,
      inQuorum: false,
      leaderHttpAddress: null,
    };
    const locked = await serveCanned(() => ({ status: 401, body: 'Not Authorized' }));
    open.push(locked);
    const gone = await serveCanned(() => null);
    await gone.close();
    const { code, out } = await run([gone.url, await node(follower), locked.url, leader], ['-c', 'status']);
    expect(code).toBe(0);
    const [heads, ...rows] = out.split('\n\n')[0]?.split('\n') ?? [];
    expect(heads).toMatch(/^ENDPOINT +NODE +ROLE +QUORUM +AGE$/);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toContain('ECONNREFUSED: nothing listens there');
    expect(rows[1]).toMatch(/n2 +follower +NO .*unhealthy/);
    expect(rows[2]).toContain('it does not let you in (401)');
    expect(rows[3]).toMatch(/n1 +leader +yes +0\.0 s +ok/);
  });

  it('is data with --json', async () => {
    const { out } = await run(await node(), ['-c', 'status', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      cluster: { term: expect.any(Number) as number },
      endpoints: [{ role: 'leader', trouble: '' }],
      recoveries: { enabled: true, brake: null, clusters: 1, heldBack: [] },
    });
  });

  it('without a leader fails, and shows what the node sees', async () => {
    const service = new FakeService();
    service.status = { ...service.status, role: 'follower', leader: null, inQuorum: false, leaderHttpAddress: null };
    const { code, out, err } = await run(await node(service), ['-c', 'status']);
    expect(code).toBe(1);
    expect(out).toContain('NODE');
    expect(err).toContain('has heard of no majority of the orchestrators: this may be out of date');
  });
});

describe('history', () => {
  function troubled(): FakeService {
    const service = new FakeService();
    const steps = [
      {
        number: 1,
        step: { kind: 'promise-promotion', server: serverId(FIRST), epoch: 1 },
        attempt: 1,
        intendedAtMs: 30,
        finishedAtMs: 42,
        outcome: { ok: true, findings: {} },
      } as unknown as StepRecord,
    ];
    service.fed.feed({
      kind: 'recovery-opened',
      recovery: { ...recoveryOf('1700000000000:ab', service.clusterId(), MAIN), steps },
    });
    service.fed.feed({
      kind: 'recovery-closed',
      recoveryId: '1700000000000:ab' as never,
      verdict: { kind: 'failed', reason: 'nobody could' },
      lost: [],
    });
    return service;
  }

  it('tells of a cluster its recoveries with their steps among its changes, the newest last', async () => {
    const service = troubled();
    service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { readOnly: false })],
    });
    const { code, out } = await run(await node(service), ['-c', 'history', '-i', 'main']);
    expect(code).toBe(0);
    expect(out).toMatch(/^[\d-]+ [\d:]+ dead-primary of main:3306: DeadMaster \(1700000000000:ab, by n1\)$/m);
    expect(out).toMatch(/^ {4}\+-?\d+ ms {2}commit read-replica-1:3306 as the primary .* \(12 ms\)/m);
    expect(out).toMatch(/^ {4}failed after \d+ ms: nobody could$/m);
    expect(out).toMatch(/server-changed: read-replica-1:3306: /);
    expect(out).not.toMatch(/step-intended|recovery-opened/);
    expect(out.trimEnd().split('\n').at(-1)).toContain('server-changed');
  });

  it('says of what was asked for what it was, and not what fails elsewhere', async () => {
    const service = new FakeService();
    const asked = recoveryOf('1700000000000:ab', service.clusterId(), MAIN, {
      kind: 'graceful-takeover',
      description: 'ann asked for it',
    });
    service.fed.feed({ kind: 'recovery-opened', recovery: asked });
    const { out } = await run(await node(service), ['-c', 'history']);
    expect(out).toContain('graceful-takeover of main:3306: ann asked for it (');
    expect(out).toContain('    under way\n');
  });

  it('tells of all clusters, and as data', async () => {
    const url = await node(troubled());
    const { out } = await run(url, ['-c', 'history', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      cluster: null,
      recoveries: [{ id: '1700000000000:ab', failed: 'main:3306' }],
    });
    expect((await run(url, ['-c', 'history', '-a', 'nowhere'])).code).toBe(1);
    const { out: limited } = await run(url, ['-c', 'api', '-P', 'v1/history?limit=1']);
    expect((JSON.parse(limited) as { changes: unknown[] }).changes).toHaveLength(1);
    expect((await run(url, ['-c', 'api', '-P', 'v1/history?limit=0'])).err).toContain('is no number of 1 to 1000');
  });
});
