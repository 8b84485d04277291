/** `orchestrator raft`: what is asked for, what is drawn, and what a person is told. */
import { describe, expect, test } from 'vitest';
import { parseCommandLine, type RaftRequest } from '../../src/app/cli/command-line.js';
import { helpText } from '../../src/app/cli/help.js';
import { RaftApi } from '../../src/app/cli/raft-api.js';
import { runRaft } from '../../src/app/cli/raft.js';
import { drawCluster } from '../../src/app/cli/raft-table.js';
import { FakeService } from '../adapters/http/fake-service.js';
import { FakeMembership, memberOf } from '../support/fake-membership.js';
import { nowhere, serve, serveCanned } from './client/client-run.js';

const parsed = (line: string): unknown => {
  const request = parseCommandLine(line.split(' '));
  return request.ok ? request.value : request.error;
};

async function run(service: FakeService, line: string): Promise<{ code: number; out: string; err: string }> {
  const { url, close } = await serve(service);
  const said = { out: '', err: '' };
  const terminal = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  const code = await runRaft(parsed(`${line} --api ${url}`) as RaftRequest, terminal);
  await close();
  return { code, ...said };
}

describe('the words', () => {
  test.each([
    ['raft status --json', { action: 'status', words: [], json: true }],
    ['raft add n4@h:1 --learner --timeout 5', { action: 'add', words: ['n4@h:1'], learner: true, timeoutSeconds: 5 }],
    ['raft replace n3 h:1', { action: 'replace', words: ['n3', 'h:1'] }],
    ['raft remove n3 --despite-dead-voters', { action: 'remove', despiteDeadVoters: true }],
    ['--config a.json raft recover --as-only-voter', { file: 'a.json', asOnlyVoter: true, acceptDataLoss: false }],
    ['raft add --help', { verb: 'help', topic: 'raft add' }],
    ['raft', { verb: 'help', topic: 'raft' }],
  ])('%s', (line, part) => {
    expect(parsed(line)).toMatchObject(part);
  });

  test.each([
    ['raft statsu', /knows no "statsu"; is status meant\?/],
    ['raft bogus', /knows no "bogus"; "orchestrator raft --help" lists all/],
    ['raft add host', /"host" has no port/],
    ['raft replace n1 2001:db8::1', /has no port/],
    ['raft replace n3', /raft replace OLD \[ID@\]HOST:PORT/],
    ['raft add h:1 --timeout soon', /takes seconds/],
  ])('%s is not understood', (line, error) => {
    expect(parsed(line)).toMatch(error);
  });

  test.each(['status', 'add', 'promote', 'remove', 'replace', 'transfer', 'snapshot', 'recover'])(
    '%s has a help with an example',
    (action) => {
      expect(helpText(`raft ${action}`)).toMatch(new RegExp(`\\n  orchestrator.* raft ${action}`));
    },
  );
});

test('the cluster is drawn with what is wrong', async () => {
  const membership = new FakeMembership();
  const ill = memberOf('n3', { trouble: 'refused', behind: 7, matchIndex: 35, lastHeardMs: 9200 });
  membership.members = [memberOf('n1'), memberOf('n2'), ill];
  expect(drawCluster(await membership.status())).toBe(`cluster c1, term 3, n1 leads
as seen by n1, a voter; committed up to entry 42, log from 1 to 42, snapshot at 0

   NODE  ROLE      VOTE   ADDRESS           HOLDS  LACKS  HEARD  VERSION
*  n1    leader    voter  n1.example:10008  42     0      -      0.1.0
   n2    follower  voter  n2.example:10008  42     0      20 ms  0.1.0
!  n3    follower  voter  n3.example:10008  35     7      9.2 s  0.1.0

! n3: refused
3 voters, 2 needed for every decision; without n3: NONE may be lost
`);
});

test('a voter without a vote is no reserve, and who calls in vain is named', async () => {
  const membership = new FakeMembership();
  membership.members = [memberOf('n1'), memberOf('n2', { votes: false }), memberOf('n3')];
  const reason = 'cluster old was given up';
  const drawn = drawCluster({
    ...(await membership.status()),
    turnedAway: [{ caller: 'n4', from: '10.0.0.4:5', reason }],
  });
  expect(drawn).toMatch(/n2 +follower +none yet/);
  expect(drawn).toContain('3 voters, 2 needed for every decision; without n2: NONE may be lost');
  expect(drawn).toContain(`! n4 calls from 10.0.0.4:5 and is REFUSED: ${reason}`);
});

test('an empty word is no node', () => {
  const request = parseCommandLine(['raft', 'add', '']);
  expect(request.ok ? '' : request.error).toContain('an empty word was given');
});

describe('asking a cluster', () => {
  test('a change is asked for until it is done, and tells how far it is', async () => {
    const service = new FakeService();
    let left = 2;
    service.membership.answer = () => {
      left -= 1;
      const progress = { id: 'n4', matchIndex: 50, lastIndex: 100, sending: 'replicate' } as const;
      const value =
        left > 0
          ? { done: false, message: 'n4 learns', progress }
          : { done: true, message: 'n4 votes', progress: null };
      return { ok: true, value };
    };
    const { code, out, err } = await run(service, 'raft add n4@h:1');
    expect([code, out]).toEqual([0, 'n4 votes\n']);
    expect(err).toContain('n4 learns (50 %)');
    expect(service.membership.asked).toHaveLength(2);
  });

  test('a refusal ends it with its reason', async () => {
    const service = new FakeService();
    service.membership.answer = () => ({ ok: false, refusal: { code: 'LAST_VOTER', message: 'n1 is the only voter' } });
    expect(await run(service, 'raft remove n1')).toEqual({ code: 1, out: '', err: 'refused: n1 is the only voter\n' });
  });

  test('what is not done in time goes on from there', async () => {
    const service = new FakeService();
    service.membership.answer = () => ({ ok: true, value: { done: false, message: 'n4 learns', progress: null } });
    const { code, err } = await run(service, 'raft promote n4 --timeout 0');
    expect([code, err]).toEqual([3, expect.stringContaining('the same command goes on from here')]);
  });

  test('an election is waited for though one of the nodes is gone', async () => {
    let asked = 0;
    const electing = await serveCanned(() => {
      asked += 1;
      if (asked < 3) return { status: 500, body: '{"Code":"ERROR","Message":"no leader","Details":null}' };
      return { body: '{"Code":"OK","Message":"done","Details":null}' };
    });
    const api = RaftApi.open({
      api: { text: `${await nowhere()},${electing.url}`, given: '--api' },
      environment: {},
      sleep: () => Promise.resolve(),
      nowMs: () => 0,
    });
    if (typeof api === 'string') throw new Error(api);
    expect(await api.ask('transfer')).toMatchObject({ kind: 'ok', body: { Message: 'done' } });
    expect(asked).toBe(3);
    await electing.close();
  });

  test('nobody there is said at once, with what to do', async () => {
    const said: string[] = [];
    const request = parsed('raft status --api http://127.0.0.1:9') as RaftRequest;
    const code = await runRaft(request, { out: () => undefined, err: (text) => said.push(text) });
    expect([code, said.join('')]).toEqual([1, expect.stringMatching(/no node answers at .*--api/)]);
  });
});
