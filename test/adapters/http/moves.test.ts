// Rearrangements over HTTP: the incumbent's paths and answers, plans that are shown, and refusals.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MoveTerms } from '../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FIRST, MAIN, SECOND, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

function ended(changes: Partial<Recovery> = {}): Recovery {
  const base = recoveryOf('7:c', fixture.service.clusterId(), FIRST, { kind: 'move' });
  const movement: MoveTerms = {
    command: 'relocate',
    manner: 'each',
    moves: [
      { server: serverId(FIRST), to: serverId(SECOND), from: serverId(MAIN) },
      { server: serverId(SECOND), to: serverId(SECOND), from: serverId(MAIN) },
    ],
    refused: [],
    atOnce: 5,
  };
  const lost = [{ server: serverId(SECOND), reason: 'it lags', gtids: '' }];
  return {
    ...base,
    inputs: { ...base.inputs, movement },
    lost,
    closedAtMs: 1,
    verdict: { kind: 'succeeded' },
    ...changes,
  };
}

const ONE = 'read-replica-1/3306';
const TWO = 'read-replica-2/3306';

it.each([
  [
    `relocate/${ONE}/${TWO}`,
    `relocate ${FIRST} below ${SECOND}`,
    /^Instance read-replica-1:3306 relocated below read-replica-2:3306$/,
  ],
  [`relocate-below/${ONE}/${TWO}`, `relocate ${FIRST} below ${SECOND}`, /relocated below/],
  [`move-below/${ONE}/${TWO}`, `move-below ${FIRST} below ${SECOND}`, /moved below/],
  [`move-below-gtid/${ONE}/${TWO}`, `move-gtid ${FIRST} below ${SECOND}`, /via GTID$/],
  [`move-gtid/${ONE}/${TWO}`, `move-gtid ${FIRST} below ${SECOND}`, /via GTID$/],
  [`repoint/${ONE}?channel=east`, `repoint ${FIRST} over "east"`, /^Instance read-replica-1:3306 repointed below/],
  [`repoint/${ONE}`, `repoint ${FIRST}`, /repointed below/],
  [`repoint/${ONE}/${TWO}`, `repoint ${FIRST} below ${SECOND}`, /repointed below/],
  [`move-up/${ONE}`, `move-up ${FIRST}`, /^Instance read-replica-1:3306 moved up$/],
  [`take-master/${ONE}`, `take-master ${FIRST}`, /^read-replica-1:3306 took its master$/],
  [`enslave-master/${ONE}`, `take-master ${FIRST}`, /took its master$/],
  [`make-co-master/${ONE}`, `make-co-master ${FIRST}`, /^Instance made co-master: read-replica-1:3306$/],
  [`detach-replica/${ONE}`, `detach-replica ${FIRST}`, /^Replica detached: read-replica-1:3306$/],
  [`detach-slave-master-host/${ONE}`, `detach-replica ${FIRST}`, /^Replica detached/],
  [`reattach-replica-master-host/${ONE}`, `reattach-replica ${FIRST}`, /^Replica reattached: read-replica-1:3306$/],
  [`take-siblings/${ONE}`, `take-siblings ${FIRST}`, /^Took 1 siblings of read-replica-1:3306; 1 errors/],
])('%s is asked for and answered with the server', async (path, call, message) => {
  fixture.service.recovery = ended();
  const { status, body } = await fixture.get(`/api/${path}`);
  expect(fixture.service.calls).toEqual([`${call} by n1.example`]);
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      Code: 'OK',
      Message: expect.stringMatching(message) as unknown,
      Details: { Key: { Hostname: 'read-replica-1' } },
    },
  });
});

it.each([
  [`relocate-slaves/main/3306/${TWO}`, `relocate-replicas ${MAIN} below ${SECOND}`],
  [`relocate-replicas/main/3306/${TWO}?pattern=1`, `relocate-replicas ${MAIN} below ${SECOND} matching /1/`],
  [`move-replicas-gtid/main/3306/${TWO}`, `move-replicas-gtid ${MAIN} below ${SECOND}`],
  ['move-up-slaves/main/3306', `move-up-replicas ${MAIN}`],
  ['move-up-replicas/main/3306/', `move-up-replicas ${MAIN}`],
  ['repoint-replicas/main/3306', `repoint-replicas ${MAIN}`],
])('%s is answered with those that were moved, and why the others were not', async (path, call) => {
  fixture.service.recovery = ended();
  const { body } = await fixture.get(`/api/${path}`);
  expect(fixture.service.calls).toEqual([`${call} by n1.example`]);
  expect(body).toMatchObject({
    Code: 'OK',
    Message: expect.stringContaining('1 errors: [read-replica-2:3306: it lags]') as unknown,
    Details: [{ Key: { Hostname: 'read-replica-1', Port: 3306 } }],
  });
});

it('what came to nothing is an error that says why', async () => {
  fixture.service.recovery = ended({ verdict: { kind: 'undone', reason: 'read-replica-1:3306: it lags' } });
  const { status, body } = await fixture.get(`/api/relocate/${ONE}/${TWO}`);
  expect({ status, body }).toMatchObject({
    status: 500,
    body: { Code: 'ERROR', Message: 'relocate: read-replica-1:3306: it lags' },
  });
});

it('of one that ended badly tells who was moved all the same, and who was left and why', async () => {
  const step = { kind: 'repoint', server: serverId(FIRST), source: serverId(SECOND), start: true } as const;
  const times = { attempt: 1, term: 1, intendedAtMs: 0, finishedAtMs: 1 };
  fixture.service.recovery = ended({
    verdict: { kind: 'failed', reason: 'read-replica-2:3306: it lags; moved: read-replica-1:3306' },
    steps: [{ number: 1, step, ...times, outcome: { ok: true, findings: {} } }],
  });
  const { body } = await fixture.get(`/api/relocate-replicas/main/3306/${TWO}`);
  expect(body).toEqual({
    Code: 'ERROR',
    Message: 'relocate-replicas: read-replica-2:3306: it lags; moved: read-replica-1:3306',
    Details: {
      Hostname: 'main',
      Port: 3306,
      Moved: [{ Hostname: 'read-replica-1', Port: 3306 }],
      Left: [{ Hostname: 'read-replica-2', Port: 3306, Reason: 'it lags' }],
    },
  });
});

it('a plan is shown under its own path, and by a dry run of the command; nothing is done', async () => {
  const main = { id: MAIN, host: 'main' };
  const servers = [
    seen(FIRST, 'read-replica-1', main, { serverNumber: 2 }),
    seen(SECOND, 'read-replica-2', main, { serverNumber: 3 }),
  ];
  fixture.service.fed.feed({ kind: 'topology-observed', servers });
  const { body: plan } = await fixture.get(`/api/v1/plan/relocate/${ONE}/${TWO}`);
  expect(plan).toMatchObject({ command: 'relocate', wouldRun: true, kind: 'move', refusals: [] });
  const { body } = await fixture.get(`/api/relocate/${ONE}/${TWO}?dryRun=true`);
  expect(body).toMatchObject({ Code: 'OK', Message: expect.stringContaining('nothing was done') as unknown });
  const { body: no } = await fixture.get(`/api/take-master/${ONE}?dryRun=true`);
  expect(no).toMatchObject({
    Code: 'ERROR',
    Message: expect.stringContaining('is the master of its cluster') as unknown,
  });
  expect(fixture.service.calls).toEqual([]);
});

it('a pattern that is none is refused', async () => {
  const { body } = await fixture.get(`/api/relocate-replicas/main/3306/${TWO}?pattern=(`);
  expect(body).toMatchObject({
    Code: 'ERROR',
    Message: expect.stringContaining('is not a regular expression') as unknown,
  });
  expect(fixture.service.calls).toEqual([]);
});

it('a plan is cancelled by its UID', async () => {
  await fixture.get('/api/v1/cancel-move/7:c');
  expect(fixture.service.calls).toEqual(['cancel 7:c by n1.example']);
});
