/** Who may come in and who may change something, method by method; `basic` is in habits.test.ts. */
import { userInfo } from 'node:os';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Authentication } from '../../../src/adapters/http/access/authorization.js';
import { NotLeader } from '../../../src/runtime/ports/consensus-errors.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { ReplicatedTokens } from '../../../src/runtime/requests/replicated-tokens.js';
import { FakeService } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

const CHANGE = '/api/forget/x/3306';
const CHANGE_CLUSTER = '/api/v1/raft/remove/n9';

/** What somebody with these headers may do. */
async function rightsOf(headers: Record<string, string>): Promise<string> {
  const look = await fixture.raw('GET', '/api/clusters', headers);
  if (look.status === 401) return 'nothing';
  const change = await fixture.raw('GET', CHANGE, headers);
  if (change.text.includes('"Unauthorized"')) return 'look';
  const cluster = await fixture.raw('GET', CHANGE_CLUSTER, headers);
  return cluster.text.includes('"Unauthorized"') ? 'change' : 'everything';
}

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

describe('multi', () => {
  it('knows one user, and one without rights whose password is anything', async () => {
    fixture = await openFixture({ authentication: { method: 'multi', user: 'ann', password: 'secret' } });
    expect(await rightsOf(basic('ann', 'secret'))).toBe('everything');
    expect(await rightsOf(basic('readonly', 'whatever'))).toBe('look');
    expect(await rightsOf(basic('readonly', ''))).toBe('look');
    expect(await rightsOf(basic('ann', 'whatever'))).toBe('nothing');
    expect(await rightsOf({})).toBe('nothing');
  });

  it('lets nobody in as the user without a name', async () => {
    fixture = await openFixture({ authentication: { method: 'multi', user: '', password: '' } });
    expect(await rightsOf(basic('', ''))).toBe('nothing');
  });
});

describe('proxy', () => {
  const proxy = (changes: Partial<Extract<Authentication, { method: 'proxy' }>>): Authentication => ({
    method: 'proxy',
    userHeader: 'x-forwarded-user',
    power: { users: ['*'], groups: [] },
    admins: null,
    ...changes,
  });
  const as = (user: string) => ({ 'x-forwarded-user': user });

  it('lets everybody do everything, as long as nobody is named', async () => {
    fixture = await openFixture({ authentication: proxy({}) });
    expect(await rightsOf({})).toBe('everything');
    fixture.service.calls.length = 0;
    await fixture.raw('GET', CHANGE, as('bob'));
    expect(fixture.service.calls).toEqual(['forget x:3306 by bob']);
  });

  it('lets those change something who are named, and of those the administrators the cluster', async () => {
    const power = { users: ['ann', 'bob'], groups: [] };
    fixture = await openFixture({ authentication: proxy({ power, admins: { users: ['ann', 'eve'], groups: [] } }) });
    expect(await rightsOf(as('ann'))).toBe('everything');
    expect(await rightsOf(as('bob'))).toBe('change');
    expect(await rightsOf(as('eve'))).toBe('look');
    expect(await rightsOf({})).toBe('look');
    expect(await rightsOf({ 'x-remote-user': 'ann' })).toBe('look');
  });

  it('knows the groups of this machine', async () => {
    const me = userInfo().username;
    const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
    fixture = await openFixture({ authentication: proxy({ power: { users: [], groups: [group] } }) });
    expect(await rightsOf(as(me))).toBe('everything');
    expect(await rightsOf(as('nobody-of-that-name'))).toBe('look');
    expect(await rightsOf(as('--help'))).toBe('look');
  });
});

describe('token', () => {
  const authentication: Authentication = { method: 'token', user: 'ann', password: 'secret' };
  let isLeader = true;

  async function open(): Promise<void> {
    isLeader = true;
    const service = new FakeService();
    const ledger = {
      state: service.state,
      propose: async (proposal: Proposal) => {
        await Promise.resolve();
        if (!isLeader) throw new NotLeader(null);
        return { index: 0, command: null, facts: service.fed.feed(proposal) };
      },
    };
    let tokens = 0;
    const randomHex = () => `${'abcdef01'.repeat(4)}${String((tokens += 1))}`;
    fixture = await openFixture(
      { authentication, tokens: new ReplicatedTokens(ledger, { useWithinMs: 60_000, lifetimeMs: 600_000 }, randomHex) },
      service,
    );
  }

  async function issued(): Promise<string> {
    const { text } = await fixture.raw('GET', '/api/v1/access-token', basic('ann', 'secret'));
    return (JSON.parse(text) as { Details: string }).Details;
  }

  it('lets everybody look, and holders of a token do everything until it ends', async () => {
    await open();
    expect(await rightsOf({})).toBe('look');
    const answer = await fixture.raw('GET', `/web/access-token?publicToken=${await issued()}`);
    expect({ status: answer.status, location: answer.headers['location'] }).toEqual({ status: 302, location: '/' });
    const set = String(answer.headers['set-cookie']);
    expect(set).toMatch(/; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const [cookie = ''] = set.split(';');
    expect(await rightsOf({ cookie: `a=b; ${cookie}` })).toBe('everything');
    expect(await rightsOf({ authorization: `Bearer ${cookie.slice('access-token='.length)}` })).toBe('everything');
    expect(await rightsOf({ cookie: `${cookie}0` })).toBe('look');
    fixture.clock.advance(700_000);
    expect(await rightsOf({ cookie })).toBe('look');
  });

  it('gives a token to one, and only issuers make them', async () => {
    await open();
    const url = `/web/access-token?publicToken=${await issued()}`;
    expect((await fixture.raw('GET', url)).status).toBe(302);
    const second = await fixture.raw('GET', url);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.headers['x-orchestrator-refusal']).toBe('NO_SUCH_TOKEN');
    expect((await fixture.raw('GET', '/api/v1/access-token')).text).toContain('"Unauthorized"');
    expect((await fixture.raw('GET', '/api/v1/access-token', basic('ann', 'x'))).status).toBe(401);
  });

  it('has no secret in the log', async () => {
    await open();
    const answer = await fixture.raw('GET', `/web/access-token?publicToken=${await issued()}`);
    const secret = /:([0-9a-f]+);/.exec(String(answer.headers['set-cookie']))?.[1] ?? '';
    expect(secret).toHaveLength(64);
    expect(Buffer.from(fixture.service.fed.ledger.snapshot()).toString()).not.toContain(secret);
  });

  it('does not set a cookie when the leader cannot be asked', async () => {
    await open();
    const url = `/web/access-token?publicToken=${await issued()}`;
    isLeader = false;
    fixture.service.status = { ...fixture.service.status, role: 'follower', leader: null };
    const { status, headers } = await fixture.raw('GET', url);
    expect({ status, cookie: headers['set-cookie'] }).toEqual({ status: 500, cookie: undefined });
  });
});
