import { afterEach, beforeEach, expect, it } from 'vitest';
import { FIRST, MAIN, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const RECOVERIES_OFF: unknown = expect.stringContaining('enable-global-recoveries');

it('a cluster is explained by any hint, under both names of the route', async () => {
  for (const path of ['/api/explain/main:3306', '/api/v1/explain/read-replica-2:3306']) {
    const { body } = await fixture.get(path);
    expect(body).toMatchObject({ cluster: 'main:3306', wouldFailOver: true, successor: { server: FIRST } });
  }
  const { status, body } = await fixture.get('/api/explain/nowhere:1');
  expect(status).toBe(500);
  expect(body).toMatchObject({ Code: 'ERROR' });
});

it('all clusters in a line each, and the same on the page of each', async () => {
  fixture.service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
  const { body } = await fixture.get('/api/v1/explain');
  const reasons: unknown = expect.arrayContaining([RECOVERIES_OFF]);
  expect(body).toMatchObject([{ cluster: 'main:3306', wouldFailOver: false, reasons, guaranteed: false }]);
  const overview = await fixture.get('/api/v1/overview');
  expect(overview.body).toMatchObject({ clusters: [{ failover: { wouldFailOver: false, reasons } }] });
});

it('the brake is shown, and let go by an operator', async () => {
  fixture.service.fed.feed({ kind: 'brake-applied', reason: 'many at once' });
  expect((await fixture.get('/api/v1/overview')).body).toMatchObject({ brake: 'many at once' });
  expect((await fixture.get('/api/release-brake')).body).toMatchObject({ Code: 'OK', Details: true });
  expect(fixture.service.calls).toEqual(['release brake by n1.example']);
});

it('candidates stand in their order, each with all that speaks against it', async () => {
  const source = { id: MAIN, host: 'main' };
  const servers = [seen(FIRST, 'read-replica-1', source, { promotionRule: 'must_not', binlogEnabled: false })];
  fixture.service.fed.feed({ kind: 'topology-observed', servers });
  const { body } = await fixture.get('/api/explain/main:3306');
  const refusals = [{ code: 'must-not' }, { code: 'no-binlog' }];
  expect(body).toMatchObject({ candidates: [{ rank: 1 }, { server: FIRST, rank: null, refusals }] });
});
