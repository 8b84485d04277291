// Changes of one server over HTTP: the incumbent's paths and answers, plans that are shown, and refusals.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import { recoveryOf } from '../../support/ledger.js';
import { FIRST, MAIN } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});
afterEach(async () => {
  await fixture.close();
});

const ONE = 'read-replica-1/3306';

it.each([
  ['start-replica', ONE, `start-replica ${FIRST}`, 'Replica started: read-replica-1:3306'],
  ['start-slave', `${ONE}?until=binlog.000001:4`, `start-replica ${FIRST} binlog.000001:4`, 'Replica started: '],
  ['stop-slave', ONE, `stop-replica ${FIRST}`, 'Replica stopped: read-replica-1:3306'],
  ['stop-replica', `${ONE}?channel=west`, `stop-replica ${FIRST} west`, 'Replica stopped: read-replica-1:3306'],
  ['stop-slave-nice', ONE, `stop-replica-nice ${FIRST}`, 'Replica stopped nicely: read-replica-1:3306'],
  ['restart-slave', ONE, `restart-replica ${FIRST}`, 'Replica restarted: read-replica-1:3306'],
  ['reset-slave', ONE, `reset-replica ${FIRST}`, 'Replica reset: read-replica-1:3306'],
  ['skip-query', ONE, `skip-query ${FIRST}`, 'Query skipped on : read-replica-1:3306'],
  ['enable-gtid', ONE, `enable-gtid ${FIRST}`, 'Successfully enabled GTID on read-replica-1:3306'],
  ['disable-gtid', ONE, `disable-gtid ${FIRST}`, 'Successfully disabled GTID on read-replica-1:3306'],
  ['change-master-credentials', ONE, `change-master-credentials ${FIRST}`, 'Replication credentials changed on '],
  ['enable-semi-sync-source', ONE, `enable-semi-sync-master ${FIRST}`, 'Semi-sync source enabled on read-replica-1'],
  ['disable-semi-sync-master', `${ONE}?force=true`, `disable-semi-sync-master ${FIRST} forced`, 'Semi-sync source dis'],
  ['enable-semi-sync-replica', ONE, `enable-semi-sync-replica ${FIRST}`, 'Semi-sync replica enabled on read-replica-1'],
  ['disable-semi-sync-replica', ONE, `disable-semi-sync-replica ${FIRST}`, 'Semi-sync replica disabled on '],
  ['set-read-only', ONE, `set-read-only ${FIRST}`, 'Server set as read-only'],
  ['set-writeable', ONE, `set-writeable ${FIRST}`, 'Server set as writeable'],
  ['flush-binary-logs', `${ONE}?to=b.000002`, `flush-binary-logs ${FIRST} b.000002`, 'Binary logs flushed on: read-'],
  [
    'purge-binary-logs',
    `${ONE}/latest%0A`,
    `purge-binary-logs ${FIRST} latest`,
    'Binary logs purged on: read-replica-1',
  ],
  ['kill-query', `${ONE}/77`, `kill-query ${FIRST} 77`, 'Query killed on : read-replica-1:3306'],
  [
    'gtid-errant-reset-master',
    ONE,
    `gtid-errant-reset-master ${FIRST}`,
    'Removed errant GTID on read-replica-1:3306 and',
  ],
])('%s/%s is asked for and answered with the server', async (name, rest, call, message) => {
  const { status, body } = await fixture.get(`/api/${name}/${rest}`);
  expect(fixture.service.calls).toEqual([`${call} by n1.example`]);
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      Code: 'OK',
      Message: expect.stringContaining(message) as unknown,
      Details: { Key: { Hostname: 'read-replica-1' } },
    },
  });
});

it('a delay is answered with its seconds, as the shell client prints them', async () => {
  const { body } = await fixture.get(`/api/delay-replication/${ONE}/60`);
  expect(fixture.service.calls).toEqual([`delay-replication ${FIRST} 60 by n1.example`]);
  expect(body).toMatchObject({ Code: 'OK', Details: 60 });
});

it('how many transactions were injected is said, and where', async () => {
  const base = recoveryOf('7:s', fixture.service.clusterId(), FIRST);
  const step = { kind: 'inject-empty', server: base.failed, gtids: `${MAIN}:11-13` } as const;
  const record = { number: 1, step, intendedAtMs: 1, term: 1, attempt: 1, finishedAtMs: 2 };
  const recovery: Recovery = {
    ...base,
    kind: 'switch',
    steps: [{ ...record, outcome: { ok: true, findings: {} } }],
    closedAtMs: 3,
    verdict: { kind: 'succeeded' },
  };
  fixture.service.recovery = recovery;
  const { body } = await fixture.get(`/api/gtid-errant-inject-empty/${ONE}`);
  expect(body).toMatchObject({ Message: 'Have injected 3 transactions on cluster master main:3306' });
});

it('a statement that had ended before anybody could end it is not said to be killed', async () => {
  const base = recoveryOf('7:s', fixture.service.clusterId(), FIRST);
  const action = { do: 'kill-query', connection: 77, query: 'digest' } as const;
  const step = { kind: 'switch', server: base.failed, action } as const;
  const record = { number: 1, step, intendedAtMs: 1, term: 1, attempt: 1, finishedAtMs: 2 };
  fixture.service.recovery = {
    ...base,
    kind: 'switch',
    steps: [{ ...record, outcome: { ok: true, findings: { ended: false } } }],
    closedAtMs: 3,
    verdict: { kind: 'succeeded' },
  };
  const { body } = await fixture.get(`/api/kill-query/${ONE}/77`);
  expect(body).toMatchObject({ Code: 'OK', Message: 'Nothing to kill any more on : read-replica-1:3306' });
});

it('what came to nothing is an error that says on which server and why', async () => {
  const base = recoveryOf('7:s', fixture.service.clusterId(), FIRST);
  fixture.service.recovery = {
    ...base,
    kind: 'switch',
    closedAtMs: 1,
    verdict: { kind: 'failed', reason: 'error 1064' },
  };
  const { status, body } = await fixture.get(`/api/start-replica/${ONE}`);
  expect({ status, body }).toMatchObject({
    status: 500,
    body: { Code: 'ERROR', Message: 'start-replica on read-replica-1:3306: error 1064', Details: null },
  });
});

it('a plan is shown under its own path, and by a dry run of the command; nothing is done', async () => {
  const { body: plan } = await fixture.get(`/api/v1/plan/stop-replica/${ONE}`);
  expect(plan).toMatchObject({
    command: 'stop-replica',
    wouldRun: true,
    kind: 'switch',
    steps: [{ text: 'stop the replication of read-replica-1:3306: STOP REPLICA' }],
  });
  const { body } = await fixture.get(`/api/restart-replica/${ONE}?dryRun=true`);
  expect(body).toMatchObject({ Code: 'OK', Message: 'restart-replica: 2 steps; nothing was done' });
  const { body: no } = await fixture.get('/api/start-replica/main/3306?dryRun=true');
  expect(no).toMatchObject({
    Code: 'ERROR',
    Message: expect.stringContaining('is not a replica: main:3306') as unknown,
  });
  expect(fixture.service.calls).toEqual([]);
});

it('the statements around another are those that its threads need', async () => {
  const { body } = await fixture.get(`/api/restart-slave-statements/${ONE}?q=select%201%0A`);
  expect(body).toMatchObject({
    Code: 'OK',
    Message: 'statements for: read-replica-1:3306',
    Details: [
      'stop replica io_thread;',
      'stop replica sql_thread;',
      'select 1;',
      'start replica sql_thread;',
      'start replica io_thread;',
    ],
  });
  expect((await fixture.get('/api/restart-replica-statements/main/3306')).body).toMatchObject({ Code: 'ERROR' });
});

it('a place is waited for as long as it is said', async () => {
  const { body } = await fixture.get(`/api/v1/master-pos-wait/${ONE}/binlog.000002:99?seconds=3`);
  expect(fixture.service.calls).toEqual([`await binlog.000002:99 on ${FIRST} for 3000`]);
  expect(body).toMatchObject({ Code: 'OK', Details: { Hostname: 'read-replica-1', Port: 3306 } });
  expect((await fixture.get(`/api/v1/master-pos-wait/${ONE}/nowhere`)).body).toMatchObject({ Code: 'ERROR' });
  expect((await fixture.get(`/api/v1/master-pos-wait/${ONE}/b.1:4?seconds=x`)).body).toMatchObject({ Code: 'ERROR' });
});
