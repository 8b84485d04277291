import { afterEach, beforeEach, expect, it } from 'vitest';
import { waysBackLines, wayBackLines } from '../../../src/app/client/ways-back-lines.js';
import { readAnswer } from '../../../src/app/client/answer.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FIRST, MAIN, seen, vitalsOf } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const lines = (body: unknown, print: typeof waysBackLines): readonly string[] => {
  const answer = readAnswer(body);
  if (!answer.ok) throw new Error(answer.error.message);
  return print(answer.value);
};

it('a server is asked for its ways back, each with its steps or its reasons', async () => {
  const refusal = { code: 'has-replicas', message: 'it has replicas', mend: 'move them' };
  fixture.service.plans.push(
    { way: 'inject-empty', refusals: [], steps: ['fence it', 'commit them'], ending: 'it comes back' },
    { way: 'reset-gtids', refusals: [refusal], steps: [], ending: '' },
  );
  const { body } = await fixture.get('/api/v1/ways-back/read-replica-1/3306');
  expect(body).toMatchObject({
    apart: null,
    ways: [
      { way: 'inject-empty', steps: ['fence it', 'commit them'] },
      { way: 'reset', refusals: [refusal] },
    ],
  });
  expect(lines(body, waysBackLines)).toEqual([
    'it is not set apart',
    'inject-empty: it comes back',
    '  step 1: fence it',
    '  step 2: commit them',
    'reset: not now',
    '  because it has replicas [has-replicas]',
    '    to mend it: move them',
  ]);
});

it('a way back is taken, with a donor where one is named, by whoever asks', async () => {
  const { body } = await fixture.get('/api/v1/ways-back/read-replica-1/3306/rebuild?donor=read-replica-2:3306');
  expect(body).toMatchObject({ Code: 'OK' });
  expect(fixture.service.calls).toHaveLength(1);
  expect(fixture.service.calls[0]).toMatch(new RegExp(`^rebuild of ${FIRST} from .+ by n1.example$`));
  expect(lines(body, wayBackLines)[0]).toContain('under way');
});

it('who looks while one is under way is told which, and what it waits for', async () => {
  const server = serverId(FIRST);
  const step = { kind: 'clone', server, source: server, lastCopy: '' } as const;
  const { fed } = fixture.service;
  const recovery = recoveryOf('7:b', fixture.service.clusterId(), server, { kind: 'rebuild' });
  fed.feed({ kind: 'recovery-opened', recovery });
  fed.feed({ kind: 'steps-intended', recoveryId: recovery.id, term: 1, steps: [{ number: 1, attempt: 1, step }] });
  const { body } = await fixture.get('/api/v1/ways-back/read-replica-1/3306');
  expect(body).toMatchObject({ underWay: { way: 'rebuild', id: '7:b', steps: [{ ok: null }] } });
  const printed = lines(body, waysBackLines).join('\n');
  expect(printed).toContain('rebuild is under way as recovery 7:b');
  expect(printed).toContain('it stays down until you start it');
});

it('a dry run answers with the plan and asks for nothing', async () => {
  fixture.service.plans.push({ way: 'reset-gtids', refusals: [], steps: ['fence it'], ending: 'it comes back' });
  const { body } = await fixture.get('/api/v1/ways-back/read-replica-1/3306/reset?dryRun=true');
  expect(body).toMatchObject({ Code: 'OK', Details: { way: 'reset', steps: ['fence it'] } });
  expect(fixture.service.calls).toEqual([]);
});

it('what is no way back, and who is no server, is refused by name', async () => {
  const unknown = await fixture.get('/api/v1/ways-back/read-replica-1/3306/delete');
  expect(unknown.body).toMatchObject({ Code: 'ERROR', Message: expect.stringContaining('inject-empty') as string });
  expect((await fixture.get('/api/v1/ways-back/nowhere/3306/reset')).body).toMatchObject({ Code: 'ERROR' });
});

it('what it alone had is told as long as the primary lacks it', async () => {
  const server = serverId(FIRST);
  const { service } = fixture;
  const extra = `${FIRST}:1-2`;
  const recovery = recoveryOf('7:c', service.clusterId(), MAIN);
  service.fed.feed({ kind: 'recovery-opened', recovery });
  const verdict = { kind: 'failed', reason: 'it could not' } as const;
  const lost = [{ server, reason: `it has transactions that the new primary lacks: ${extra}`, gtids: extra }];
  service.fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict, lost });
  const source = { id: MAIN, host: 'main' };
  const channels = seen(FIRST, 'read-replica-1', source).facts.channels.map((one) => ({ ...one, ioThread: 'stopped' }));
  const servers = [seen(FIRST, 'read-replica-1', source, { channels })];
  service.fed.feed({ kind: 'topology-observed', servers });
  const told = async () => (await fixture.get('/api/v1/ways-back/read-replica-1/3306')).body;
  expect(lines(await told(), waysBackLines)[1]).toBe(`  it alone has ${extra}`);
  service.see('main', vitalsOf({ executedGtids: `${MAIN}:1-9,${FIRST}:1` }));
  expect(lines(await told(), waysBackLines)[1]).toBe(`  it alone has ${FIRST}:2`);
  service.see('main', vitalsOf({ executedGtids: `${MAIN}:1-9,${extra}` }));
  expect(await told()).toMatchObject({ apart: { gtids: '', reason: expect.stringContaining('by now') as string } });
});
