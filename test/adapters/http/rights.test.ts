/** Who may do what: every method of coming in, everybody who could ask, and every class of route. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Authentication } from '../../../src/adapters/http/access/authorization.js';
import { routeGroups } from '../../../src/adapters/http/route-table.js';
import { isCommand } from '../../../src/adapters/http/route.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

type Headers = Record<string, string>;

const basic = (user: string, password: string): Headers => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const named = (user: string): Headers => ({ 'x-forwarded-user': user });

const METHODS: Readonly<Record<string, Authentication>> = {
  none: { method: 'none' },
  basic: { method: 'basic', user: 'ann', password: 'secret' },
  multi: { method: 'multi', user: 'ann', password: 'secret' },
  proxy: {
    method: 'proxy',
    userHeader: 'x-forwarded-user',
    power: { users: ['ann', 'bob'], groups: [] },
    admins: { users: ['ann'], groups: [] },
  },
  token: { method: 'token', user: 'ann', password: 'secret' },
};

const CALLERS: Readonly<Record<string, Headers>> = {
  nobody: {},
  ann: { ...basic('ann', 'secret'), ...named('ann') },
  'ann with another password': basic('ann', 'x'),
  readonly: basic('readonly', 'x'),
  bob: named('bob'),
  eve: named('eve'),
  'a false token': { cookie: 'access-token=public:secret' },
};

/** `-`: not let in. Otherwise the role. */
const TABLE = `
          nobody   ann      wrong    readonly bob      eve      token
none      admin    admin    admin    admin    admin    admin    admin
basic     -        admin    -        -        -        -        -
multi     -        admin    -        viewer   -        -        -
proxy     viewer   admin    viewer   viewer   operator viewer   viewer
token     viewer   admin    -        -        viewer   viewer   viewer
`
  .trim()
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [method = '', ...roles] = line.trim().split(/\s+/);
    return Object.keys(CALLERS).map((caller, at) => ({ method, caller, role: roles[at] ?? '' }));
  });

const RANK: Readonly<Record<string, number>> = { viewer: 0, operator: 1, admin: 2 };
const ROUTES = routeGroups('').flatMap(({ routes }) => routes);
/** One of each class: what it needs, and whether it changes anything. */
const CLASSES = [...new Map(ROUTES.map((route) => [`${route.access} ${route.role}`, route])).values()];
const OTHERS = ['/', '/metrics', '/nothing', '/api/v1/docs', '/api/v1/openapi.json'];

const filled = (path: string): string =>
  path.replace(':host/:port', 'main/3306').replaceAll(/:\w+/g, '1').replace('*', 'x');

describe.each([false, true])('with ReadOnly %s', (readOnly) => {
  it.each(TABLE)('$method lets $caller in as $role', async ({ method, caller, role }) => {
    const authentication = METHODS[method] ?? { method: 'none' };
    fixture = await openFixture({ authentication, readOnly });
    const headers = CALLERS[caller] ?? {};
    const rank = readOnly ? 0 : (RANK[role] ?? -1);
    for (const route of CLASSES) {
      const { status, text } = await fixture.raw('GET', filled(route.path), headers);
      const found = status === 401 ? 'not let in' : text.includes('"Unauthorized"') ? 'refused' : 'answered';
      const needed = RANK[route.role] ?? 0;
      const expected = role === '-' ? 'not let in' : rank >= needed ? 'answered' : 'refused';
      expect({ path: route.path, found }).toEqual({ path: route.path, found: expected });
    }
    for (const path of OTHERS) {
      expect({ path, isIn: (await fixture.raw('GET', path, headers)).status !== 401 }).toEqual({
        path,
        isIn: role !== '-',
      });
    }
  });
});

it('no route that changes something is for everybody', () => {
  const open = ROUTES.filter((route) => isCommand(route) && route.role === 'viewer');
  // Who has the public half of a token is nobody yet: the token is what makes him somebody.
  expect(open.map(({ path }) => path)).toEqual(['/api/v1/access-token/acquire/:publicToken/:digest']);
  expect(CLASSES.length).toBeGreaterThan(5);
});

it('no page of another site changes anything, whoever looks at it', async () => {
  fixture = await openFixture({});
  for (const route of ROUTES.filter(isCommand)) {
    const { status, headers } = await fixture.raw('GET', filled(route.path), { 'sec-fetch-site': 'cross-site' });
    expect({ path: route.path, status, why: headers['x-orchestrator-refusal'] }).toEqual({
      path: route.path,
      status: 403,
      why: 'CROSS_SITE',
    });
  }
  expect(fixture.service.calls).toEqual([]);
});

it('every answer is guarded, whatever was asked', async () => {
  fixture = await openFixture({ authentication: { method: 'basic', user: 'ann', password: 'secret' } });
  const urls = [...CLASSES.map(({ path }) => filled(path)), ...OTHERS];
  for (const headers of [{}, basic('ann', 'secret')]) {
    for (const url of urls) {
      const answer = await fixture.raw('GET', url, headers);
      expect({ url, ...answer.headers }).toMatchObject({
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as unknown,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    }
  }
});
