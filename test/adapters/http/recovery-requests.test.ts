// Forced failovers and `recover` at the door, and the plans of all that an operator may ask for.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryPlan } from '../../../src/core/recovery/preview/plan.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { participant } from '../../support/worlds/recoveries.js';
import { FIRST, MAIN } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;
let cluster: string;

beforeEach(async () => {
  fixture = await openFixture();
  cluster = fixture.service.clusterId();
});
afterEach(async () => {
  await fixture.close();
});

function endsAs(verdict: 'succeeded' | 'undone'): void {
  const base = recoveryOf('1700000000000:aa', fixture.service.clusterId(), MAIN);
  fixture.service.recovery =
    verdict === 'succeeded'
      ? { ...base, successor: serverId(FIRST), closedAtMs: 1, verdict: { kind: 'succeeded' } }
      : { ...base, closedAtMs: 1, verdict: { kind: 'undone', reason: 'nobody could be stopped' } };
}

describe('recover', () => {
  it.each([
    ['/api/recover/main/3306', `recover CLUSTER with ${MAIN} to anybody by n1.example`],
    ['/api/recover/main/3306/read-replica-1/3306', `recover CLUSTER with ${MAIN} to ${FIRST} by n1.example`],
    [
      '/api/recover/main/3306?skipProcesses=true',
      `recover CLUSTER with ${MAIN} to anybody by n1.example without hooks`,
    ],
    ['/api/recover-lite/main/3306', `recover-lite CLUSTER with ${MAIN} to anybody by n1.example`],
  ])('by %s answers with the key of whom was promoted', async (url, call) => {
    endsAs('succeeded');
    expect(await fixture.get(url)).toMatchObject({
      status: 200,
      body: {
        Code: 'OK',
        Message: 'Recovery executed on main:3306',
        Details: { Hostname: 'read-replica-1', Port: 3306 },
      },
    });
    expect(fixture.service.calls).toEqual([call.replace('CLUSTER', cluster)]);
  });

  it('that comes to nothing, or is refused, answers with the key of the failed server', async () => {
    endsAs('undone');
    const Details = { Hostname: 'main', Port: 3306 };
    expect(await fixture.get('/api/recover/main/3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: expect.stringContaining('nobody could be stopped') as unknown, Details },
    });
    fixture.service.refusal = { code: 'nothing-to-recover', message: 'Recovery not attempted: it lives' };
    expect(await fixture.get('/api/recover/main/3306')).toMatchObject({
      body: { Code: 'ERROR', Message: 'Recovery not attempted: it lives', Details },
      headers: { 'x-orchestrator-refusal': 'nothing-to-recover' },
    });
  });
});

describe('a forced failover', () => {
  it('that comes to nothing keeps the record, and names the command', async () => {
    endsAs('undone');
    expect(await fixture.get('/api/force-master-failover/main:3306')).toMatchObject({
      status: 500,
      body: {
        Code: 'ERROR',
        Message: 'force-master-failover: nobody could be stopped',
        Details: { UID: '1700000000000:aa', IsSuccessful: false, SuccessorKey: null },
      },
    });
  });

  it('says where the binary log of the new primary ended when it was opened, and by what its replicas follow', async () => {
    endsAs('succeeded');
    const { recovery } = fixture.service;
    if (recovery === null) throw new Error('there is a record');
    const step = { kind: 'open', server: serverId(FIRST), epoch: 1, semiSync: null } as const;
    const outcome = { ok: true, findings: { binaryLog: 'bin.000007:1234' } } as const;
    const opened = { number: 1, step, intendedAtMs: 1, term: 1, attempt: 1, finishedAtMs: 2, outcome };
    fixture.service.recovery = { ...recovery, steps: [opened] };
    const details = async (): Promise<unknown> =>
      ((await fixture.get('/api/force-master-failover/main:3306')).body as { readonly Details: unknown }).Details;
    expect(await details()).toMatchObject({
      SuccessorBinlogCoordinates: { LogFile: 'bin.000007', LogPos: 1234, Type: 0 },
      RecoveryType: 'MasterRecoveryGTID',
    });
    const participants = [participant(serverId(FIRST), 'replica', { countsBy: 'places' })];
    fixture.service.recovery = { ...recovery, inputs: { ...recovery.inputs, participants } };
    expect(await details()).toMatchObject({
      SuccessorBinlogCoordinates: null,
      RecoveryType: 'MasterRecoveryPseudoGTID',
    });
  });

  it('that left somebody behind says whom and why at its end', async () => {
    endsAs('succeeded');
    const lost = [{ server: serverId(MAIN), reason: 'no account is known', gtids: '' }];
    if (fixture.service.recovery !== null) fixture.service.recovery = { ...fixture.service.recovery, lost };
    expect(await fixture.get('/api/graceful-master-takeover-auto/main:3306')).toMatchObject({
      body: {
        Code: 'OK',
        Message:
          'graceful-master-takeover-auto: successor is read-replica-1:3306; main:3306 does not follow it: no account is known',
      },
    });
  });

  it('to nobody in particular is not what force-master-takeover is for', async () => {
    expect((await fixture.get('/api/v1/plan/force-master-takeover/main:3306')).body).toMatchObject({
      wouldRun: false,
      refusals: [{ code: 'not-indicated' }],
    });
  });
});

describe('a plan', () => {
  it.each([
    'graceful-master-takeover/main:3306/read-replica-1/3306',
    'graceful-master-takeover-auto/main/3306',
    'force-master-failover/main:3306',
    'force-master-takeover/main/3306/read-replica-1/3306',
    'recover/main/3306',
    'recover-lite/main/3306/read-replica-1/3306',
    'automatic/main:3306',
    'automatic/main/3306',
  ])('of %s is shown, and nothing is done', async (path) => {
    const { status, body } = await fixture.get(`/api/v1/plan/${path}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ command: path.split('/')[0], clusterId: cluster, cluster: 'main:3306' });
    expect(fixture.service.calls).toEqual([`plan ${path.split('/')[0] ?? ''} ${cluster}`]);
  });

  it('of what is done without being asked is about the server that was named, however the path names it', async () => {
    const asked = async (whom: string): Promise<unknown> => (await fixture.get(`/api/v1/plan/automatic/${whom}`)).body;
    const ofPrimary = await asked('main/3306');
    expect(await asked('main:3306')).toEqual(ofPrimary);
    const ofReplica = await asked('read-replica-1/3306');
    expect(ofReplica).not.toEqual(ofPrimary);
    expect(await asked('read-replica-1:3306')).toEqual(ofReplica);
  });

  it('has its steps in words, and says which one there is no way back from', async () => {
    const plan = (await fixture.get('/api/v1/plan/force-master-takeover/main:3306/read-replica-1/3306'))
      .body as RecoveryPlan;
    expect(plan.refusals).toEqual([]);
    expect(plan).toMatchObject({ wouldRun: true, successor: { name: 'read-replica-1:3306' } });
    const texts = plan.steps.map(({ text }) => text);
    expect(texts[0]).toBe('read the state of main:3306');
    expect(texts).toContain('fence main:3306: no client session, read-only');
    expect(plan.steps.find(({ isPointOfNoReturn }) => isPointOfNoReturn)?.text).toContain('the point of no return');
    expect(plan.steps.map(({ number }) => number)).toEqual(plan.steps.map((_, at) => at + 1));
  });

  it.each(['dryRun=1', 'dryRun=True', 'dryRun=', 'dryrun=true', 'dry-run=true', 'dryRun=true&dryRun=false'])(
    'is not mistaken for the deed where it is misspelled: %s',
    async (query) => {
      for (const path of [
        'graceful-master-takeover-auto/main:3306',
        'relocate/read-replica-1/3306/read-replica-2/3306',
        'stop-replica/read-replica-1/3306',
      ]) {
        const { status, body } = await fixture.get(`/api/${path}?${query}`);
        expect([status, body]).toMatchObject([
          500,
          { Message: expect.stringContaining('nothing was done') as unknown },
        ]);
      }
      expect(fixture.service.calls).toEqual([]);
    },
  );

  it('is what a command answers with when it is rehearsed', async () => {
    expect(await fixture.get('/api/force-master-failover/main:3306?dryRun=true')).toMatchObject({
      status: 200,
      body: {
        Code: 'OK',
        Message: expect.stringMatching(
          /^force-master-failover: .* would be promoted, in \d+ steps; nothing was done$/,
        ) as unknown,
        Details: { wouldRun: true },
      },
    });
    expect(await fixture.get('/api/graceful-master-takeover/main:3306?dryRun=true')).toMatchObject({
      status: 500,
      body: {
        Code: 'ERROR',
        Message: expect.stringContaining('target instance not indicated') as unknown,
        Details: { wouldRun: false, refusals: [{ code: 'not-indicated' }] },
      },
    });
    expect(await fixture.get('/api/make-master/read-replica-1/3306?dryRun=true')).toMatchObject({
      body: { Details: { wouldRun: expect.any(Boolean) as unknown } },
    });
    expect(fixture.service.calls.every((call) => call.startsWith('plan '))).toBe(true);
  });
});
