/** The members of our own cluster over HTTP: shown, changed, refused, passed on; and the incumbent's routes for them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotLeader } from '../../../src/runtime/ports/consensus-errors.js';
import type { NodeId } from '../../../src/core/raft/message.js';
import { FakeService } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let service: FakeService;
let fixture: Fixture;

beforeEach(async () => {
  service = new FakeService();
  fixture = await openFixture({}, service);
});

afterEach(async () => {
  await fixture.close();
});

const asked = (): unknown => service.membership.asked.at(-1);

describe('the members', () => {
  test('are shown with what the leader knows of each', async () => {
    const { status, body } = await fixture.get('/api/v1/raft/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      clusterId: 'c1',
      standing: 'voter',
      members: [{ id: 'n1' }, { id: 'n2' }, { id: 'n3' }],
    });
  });

  test.each([
    ['add/n4@h:1', { verb: 'add', id: 'n4', address: 'h:1', learner: false, despiteDeadVoters: false }],
    ['add/h:1?learner=1', { verb: 'add', id: null, address: 'h:1', learner: true, despiteDeadVoters: false }],
    ['promote/n4', { verb: 'promote', id: 'n4', despiteDeadVoters: false }],
    ['remove/n3?despite-dead-voters=1', { verb: 'remove', id: 'n3', despiteDeadVoters: true }],
    ['replace/n3/n4@h:1', { verb: 'replace', old: 'n3', id: 'n4', address: 'h:1', despiteDeadVoters: false }],
    ['transfer', { verb: 'transfer', to: null }],
    ['transfer/n2', { verb: 'transfer', to: 'n2' }],
  ])('%s changes them', async (path, change) => {
    const { status, body } = await fixture.get(`/api/v1/raft/${path}`);
    expect([status, body]).toEqual([
      200,
      { Code: 'OK', Message: 'as you wished', Details: { done: true, message: 'as you wished', progress: null } },
    ]);
    expect(asked()).toEqual(change);
  });

  test('a refusal names its code and its reason', async () => {
    service.membership.answer = () => ({ ok: false, refusal: { code: 'LAST_VOTER', message: 'no' } });
    const { status, body, headers } = await fixture.get('/api/v1/raft/remove/n1');
    expect([status, headers['x-orchestrator-refusal']]).toEqual([500, 'LAST_VOTER']);
    expect(body).toMatchObject({ Code: 'ERROR', Message: 'no' });
  });

  test('a leader that gave leadership away first sends the question to its successor', async () => {
    service.membership.answer = () => {
      service.status = { ...service.status, role: 'follower', leader: 'n2', leaderHttpAddress: 'http://127.0.0.1:1' };
      throw new NotLeader('n2' as NodeId);
    };
    const { body } = await fixture.get('/api/v1/raft/remove/n1');
    expect(body).toMatchObject({
      Message: expect.stringMatching(/leader at http:\/\/127\.0\.0\.1:1 did not answer.*nothing was done/) as unknown,
    });
  });

  test('nobody changes them through a node that only reads', async () => {
    const readOnly = await openFixture({ readOnly: true }, service);
    const answers = await Promise.all(
      ['v1/raft/remove/n1', 'v1/raft/snapshot', 'raft-snapshot', 'raft-add-peer/h'].map((path) =>
        readOnly.get(`/api/${path}`),
      ),
    );
    expect(answers.map(({ body }) => (body as { Message: string }).Message)).toEqual(Array(4).fill('Unauthorized'));
    expect((await readOnly.get('/api/v1/raft/status')).status).toBe(200);
    await readOnly.close();
  });
});

describe("the incumbent's routes", () => {
  test.each([
    ['raft-add-peer/newcomer', 'newcomer:10008', { verb: 'add', id: null, address: 'newcomer:10008' }],
    ['raft-remove-peer/n3.example:10008', 'n3.example:10008', { verb: 'remove', id: 'n3' }],
    [
      'raft-yield/n2.example',
      { Code: 'OK', Message: 'Asynchronously yielded', Details: null },
      { verb: 'transfer', to: 'n2' },
    ],
    [
      'raft-yield-hint/n2',
      { Code: 'OK', Message: 'Asynchronously yielded by hint n2', Details: 'n2' },
      { verb: 'transfer', to: 'n2' },
    ],
    [
      'raft-yield-hint/example',
      { Code: 'OK', Message: 'Asynchronously yielded by hint example', Details: 'example' },
      { to: 'n1' },
    ],
    ['reelect', { Code: 'OK', Message: 'Set re-elections', Details: null }, { verb: 'transfer', to: null }],
  ])('%s', async (path, answer, change) => {
    expect((await fixture.get(`/api/${path}`)).body).toEqual(answer);
    expect(asked()).toMatchObject(change);
  });

  test('a snapshot is taken, a report is heard', async () => {
    expect((await fixture.get('/api/raft-snapshot')).body).toBe('snapshot created');
    expect((await fixture.get('/api/raft-follower-health-report/t/b/a')).body).toBe('health reported');
  });

  test('say no where there is no such node, and without raft', async () => {
    const unknown = await fixture.get('/api/raft-remove-peer/stranger');
    expect([unknown.status, unknown.body]).toMatchObject([
      500,
      { Message: expect.stringContaining('no such node') as unknown },
    ]);
    service.status = { ...service.status, raftEnabled: false };
    const alone = await fixture.get('/api/raft-yield/n2');
    expect(alone.body).toMatchObject({ Message: 'raft-yield: not running with raft setup' });
    expect(service.membership.asked).toEqual([]);
  });
});

test.each([
  ['removed', /it was removed from its cluster/],
  ['waiting', /waits to be added/],
] as const)('the health of a node that is %s says so', async (standing, words) => {
  service.membership.standingNow = standing;
  service.status = { ...service.status, role: 'learner', leader: null, inQuorum: false };
  const { status, body } = await fixture.get('/api/health');
  expect([status, body]).toMatchObject([500, { Message: expect.stringMatching(words) as unknown }]);
});
