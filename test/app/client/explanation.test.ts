import { expect, it } from 'vitest';
import { readAnswer } from '../../../src/app/client/answer.js';
import { explanationLines } from '../../../src/app/client/explanation.js';
import { FakeService } from '../../adapters/http/fake-service.js';
import { run, serve } from './client-run.js';

const EXPLAINED = {
  cluster: 'main:3306',
  alias: 'shop',
  wouldFailOver: false,
  refusals: [
    { code: 'blocked', message: 'it is blocked', mend: 'ack it' },
    { code: 'crowded', message: 'others first', mend: '' },
  ],
  warnings: [{ code: 'voters', message: 'two nodes', mend: 'run three' }],
  successor: { server: 'b', name: 'b:3306', because: 'it is the only replica' },
  candidates: [
    { name: 'b:3306', rank: 1, behindBecause: '', refusals: [] },
    { name: 'c:3306', rank: 2, behindBecause: 'its place', refusals: [] },
    {
      name: 'd:3306',
      rank: null,
      behindBecause: '',
      refusals: [{ code: 'no-binlog', message: 'writes none', mend: '' }],
    },
  ],
  loss: {
    unreceived: { gtids: 'x:1-2', count: 2 },
    setApart: [{ name: 'd:3306', reason: 'it is ahead' }],
    errant: [{ name: 'd:3306', gtids: 'd:1' }],
  },
  durability: { policy: 'none', guaranteed: false, because: ['semi-sync is off'] },
  plan: ['stop the IO thread of b:3306'],
};

function linesOf(body: unknown): readonly string[] {
  const answer = readAnswer(body);
  if (!answer.ok) throw new Error('it is no error');
  return explanationLines(answer.value);
}

it('an explanation is told with the verdict first and every reason with what mends it', () => {
  expect(linesOf(EXPLAINED)).toEqual([
    'shop (main:3306) would NOT be failed over now',
    '  because it is blocked [blocked]',
    '    to mend it: ack it',
    '  because others first [crowded]',
    '  successor: b:3306, because it is the only replica',
    '  that no acknowledged transaction would be lost is not guaranteed (policy none):',
    '    semi-sync is off',
    '  at most 2 transactions were on the primary alone when last seen',
    '  d:3306 would be left behind: it is ahead',
    '  d:3306 has errant transactions: d:1',
    '  b:3306: candidate 1',
    '  c:3306: candidate 2, behind the one before by its place',
    '  d:3306: may not be promoted',
    '    it writes none [no-binlog]',
    '  note: two nodes [voters]',
    '    to mend it: run three',
    '  step 1: stop the IO thread of b:3306',
  ]);
});

it('one without a reason against it says that it would happen, and what it is worth', () => {
  const durability = { policy: 'semi-sync', guaranteed: true, because: [] };
  const loss = { unreceived: null, setApart: [], errant: [] };
  const fine = { ...EXPLAINED, alias: '', wouldFailOver: true, refusals: [], durability, loss };
  expect(linesOf(fine).slice(0, 3)).toEqual([
    'main:3306 would be failed over now, if its primary died',
    '  successor: b:3306, because it is the only replica',
    '  no acknowledged transaction would be lost (policy semi-sync)',
  ]);
  expect(linesOf({ ...fine, successor: null })[1]).toBe('  nobody would be promoted');
});

it('the command asks a node, in words and as JSON, and releases the brake', async () => {
  const service = new FakeService();
  const node = await serve(service);
  const words = await run(node.url, ['-c', 'explain', '-i', 'main:3306']);
  expect(words).toMatchObject({
    code: 0,
    out: expect.stringContaining('main:3306 would be failed over now, if its primary died\n') as string,
  });
  const json = await run(node.url, ['-c', 'explain', '-a', 'main:3306', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ cluster: 'main:3306', wouldFailOver: true });
  expect(await run(node.url, ['-c', 'release-brake'])).toMatchObject({ code: 0, out: 'true\n' });
  await node.close();
});
