/** An old orchestrator that answers as the incumbent does, and one of ours that writes down what it is told. */
import { afterEach, expect, test } from 'vitest';
import { parseCommandLine } from '../../../src/app/cli/command-line.js';
import { runImport } from '../../../src/app/cli/import.js';
import { durationText } from '../../../src/app/import/carry-over.js';
import { type Listening, serveCanned } from '../client/client-run.js';

const open: Listening[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** What it answers under `/api/`; anything else is an error as the incumbent words it. */
type Answers = Readonly<Record<string, unknown>>;

/** Our own refusal to discover what cannot be reached. */
const NOBODY = {};

async function orchestrator(answers: Answers): Promise<Listening & { told(): string[]; logins(): unknown[] }> {
  const canned = await serveCanned(({ url = '' }) => {
    const found = answers[url.replace('/api/', '')];
    if (found === NOBODY) {
      const body = JSON.stringify({ Code: 'ERROR', Message: 'nobody answers', Details: null });
      return { status: 500, body, headers: { 'x-orchestrator-refusal': 'UNREACHABLE' } };
    }
    const body = found !== undefined ? found : { Code: 'ERROR', Message: 'Unauthorized', Details: null };
    return { status: found === undefined ? 500 : 200, body: JSON.stringify(body) };
  });
  open.push(canned);
  const told = (): string[] => canned.asked.map(({ url }) => url.replace('/api/', ''));
  return { ...canned, told, logins: () => canned.asked.map(({ headers }) => headers.authorization) };
}

const key = (Hostname: string) => ({ Hostname, Port: 3306 });

function instance(host: string, more: object = {}): object {
  return {
    Key: key(host),
    ClusterName: 'db1:3306',
    LastSeenTimestamp: '2026-01-31 12:00:00',
    SecondsSinceLastSeen: { Int64: 10, Valid: true },
    IsDowntimed: false,
    DowntimeEndTimestamp: '',
    UnresolvedHostname: '',
    ...more,
  };
}

const OLD: Answers = {
  'all-instances': [
    instance('db1', {
      IsDowntimed: true,
      DowntimeOwner: 'ann\n',
      DowntimeReason: 'a disk / a fan\n',
      DowntimeEndTimestamp: '2026-01-31 13:00:10',
    }),
    instance('db2', { UnresolvedHostname: 'db2-vip' }),
    instance('gone'),
  ],
  'bulk-promotion-rules': [{ Hostname: 'db2', Port: 3306, PromotionRule: 'prefer' }],
  'tags/db1/3306': ['role=main', 'odd=a b&c'],
  'tags/db2/3306': [],
  'tags/gone/3306': null,
  'clusters-info': [
    { ClusterName: 'db1:3306', ClusterAlias: 'main' },
    { ClusterName: 'db9:3306', ClusterAlias: 'db9:3306' },
  ],
  'cluster-pool-instances/db1%3A3306': { Code: 'OK', Message: '', Details: { readers: [key('db2')] } },
  'cluster-pool-instances/db9%3A3306': { Code: 'OK', Message: '', Details: { readers: [key('db3')], empty: null } },
  'check-global-recoveries': { Code: 'OK', Message: '', Details: 'disabled' },
};

const done = { Code: 'OK', Message: 'done', Details: null };

const HERE: Answers = {
  'clusters-info': [],
  'instance/db1/3306': { Key: key('db1'), IsDowntimed: false },
  'instance/db2/3306': { Key: key('db2'), PromotionRule: 'neutral' },
  'tags/db1/3306': ['role=main'],
  'cluster-info/db1%3A3306': { ClusterAlias: '' },
  'begin-downtime/db1/3306/ann/a%20disk%20%2F%20a%20fan/3600s': done,
  'tag/db1/3306?tag=odd%3Da%20b%26c': done,
  'register-candidate/db2/3306/prefer': done,
  'register-hostname-unresolve/db2/3306/db2-vip': done,
  'set-cluster-alias/db1%3A3306?alias=main': done,
  'submit-pool-instances/readers?instances=db2%3A3306%2Cdb3%3A3306': done,
};

async function run(
  argv: readonly string[],
  around: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; err: string }> {
  const request = parseCommandLine(['import', ...argv]);
  if (!request.ok || request.value.verb !== 'import') throw new Error('not an import');
  const said = { out: '', err: '' };
  const terminal = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  return { code: await runImport(request.value, terminal, around), ...said };
}

const changes = (told: readonly string[]): string[] =>
  told.filter((path) => /^(begin|tag\/|register|set|submit|discover)/.test(path));

test('what operators told the old one is told to ours, with the time that is left and every odd letter', async () => {
  const [from, to] = [await orchestrator(OLD), await orchestrator(HERE)];
  const { code, out, err } = await run(['--from', from.url, '--api', to.url]);
  expect(new Set(changes(to.told()))).toEqual(
    new Set([...Object.keys(HERE).filter((path) => HERE[path] === done), 'discover/gone/3306']),
  );
  expect(changes(from.told())).toEqual([]);
  expect(out).toMatch(/servers +0 carried over, 2 there already\n +downtimes +1 carried over, 0 there/);
  expect(out).toContain('tags                1 carried over, 1 there already');
  expect(out).toContain('note: recoveries are disabled there for all clusters');
  expect(err).toBe('not carried over: gone:3306: Unauthorized\n');
  expect(code).toBe(1);
});

test('what is so already is left alone', async () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const downtime = {
    IsDowntimed: true,
    DowntimeOwner: 'ann',
    DowntimeReason: 'a disk / a fan',
    DowntimeEndTimestamp: soon,
  };
  const to = await orchestrator({
    ...HERE,
    'instance/db1/3306': { Key: key('db1'), ...downtime },
    'instance/db2/3306': { Key: key('db2'), PromotionRule: 'prefer', UnresolvedHostname: 'db2-vip' },
    'instance/gone/3306': { Key: key('gone') },
    'tags/db1/3306': ['odd=a b&c', 'role=main'],
    'cluster-info/db1%3A3306': { ClusterAlias: 'main' },
    'clusters-info': [{ ClusterName: 'db1:3306' }],
    'cluster-pool-instances/db1%3A3306': { Code: 'OK', Message: '', Details: { readers: [key('db2')] } },
  });
  const from = await orchestrator(OLD);
  const { code } = await run(['--from', from.url, '--api', to.url]);
  expect(changes(to.told())).toEqual([]);
  expect(code).toBe(0);
});

test('a pool that was changed here is named before the old one has its way', async () => {
  const to = await orchestrator({
    ...HERE,
    'clusters-info': [{ ClusterName: 'db1:3306' }],
    'cluster-pool-instances/db1%3A3306': { Code: 'OK', Message: '', Details: { readers: [key('db1'), key('db2')] } },
  });
  const { out } = await run(['--from', (await orchestrator(OLD)).url, '--api', to.url]);
  expect(out).toMatch(/pools +1 carried over, 1 there already/);
  expect(out).toContain(
    "note: pool readers had other servers here, which the old one's take the place of: db1:3306, db2",
  );
});

test('a server at which nobody answers is a class of its own, with what was said of it', async () => {
  const unreachable = (more: Answers): Answers => ({ ...HERE, 'discover/gone/3306': NOBODY, ...more });
  const from = await orchestrator({ ...OLD, 'tags/gone/3306': ['role=old'] });
  const to = await orchestrator(unreachable({}));
  const { code, err } = await run(['--from', from.url, '--api', to.url]);
  expect(err).toBe('unreachable: gone:3306: nobody answers; what was said of it stays behind: tag role=old\n');
  expect(changes(to.told()).filter((path) => path.includes('gone'))).toEqual(['discover/gone/3306']);
  expect(code).toBe(3);
  const all = { ...OLD, 'clusters-info': [{ ClusterName: 'c9:3306', ClusterAlias: 'nine' }] };
  const alone = { ...all, 'all-instances': [{ ...instance('gone'), ClusterName: 'c9:3306' }] };
  const nine = await run([
    '--from',
    (await orchestrator({ ...alone, 'cluster-pool-instances/c9%3A3306': {} })).url,
    '--api',
    to.url,
  ]);
  expect(nine).toMatchObject({
    code: 3,
    err: expect.stringContaining('unreachable: alias nine of c9:3306: none of') as string,
  });
  const worse = await orchestrator(unreachable({ 'instance/db2/3306': undefined }));
  expect(await run(['--from', from.url, '--api', worse.url])).toMatchObject({ code: 1 });
});

test('--noop says what it would do and changes nothing', async () => {
  const [from, to] = [await orchestrator(OLD), await orchestrator(HERE)];
  const { code, out } = await run(['--from', from.url, '--api', to.url, '--noop']);
  expect(changes(to.told())).toEqual([]);
  expect(out).toMatch(/downtimes +1 to carry over/);
  expect(code).toBe(0);
});

test('what the old one does not show is said, and the rest is carried over', async () => {
  const { 'bulk-promotion-rules': rules, 'cluster-pool-instances/db1%3A3306': pools, ...rest } = OLD;
  expect([rules, pools]).not.toContain(undefined);
  const [from, to] = [await orchestrator(rest), await orchestrator(HERE)];
  const { code, err } = await run(['--from', from.url, '--api', to.url]);
  expect(err).toContain('could not be read: promotion rules: Unauthorized');
  expect(err).toContain('could not be read: pools of db1:3306: Unauthorized');
  expect(changes(to.told())).toContain('set-cluster-alias/db1%3A3306?alias=main');
  expect(code).toBe(1);
});

test('user and password of a URL are used and never printed', async () => {
  const [from, to] = [await orchestrator(OLD), await orchestrator(HERE)];
  const { out, err } = await run(['--from', from.url.replace('//', '//ann:open%20sesame@'), '--api', to.url]);
  expect(from.logins()).toContain(`Basic ${Buffer.from('ann:open sesame').toString('base64')}`);
  expect(to.logins()).toContain(undefined);
  expect(out + err).not.toContain('sesame');
  const dead = await run(['--from', 'http://ann:sesame@127.0.0.1:9', '--api', to.url]);
  expect(dead.err).toContain('http://127.0.0.1:9 does not answer');
  expect(dead.err).not.toContain('sesame');
});

test('it is not told to itself, and a URL that is none is said', async () => {
  const to = await orchestrator(HERE);
  expect(await run(['--from', to.url, '--api', `${to.url}/api`])).toMatchObject({ code: 2 });
  expect(await run(['--from', 'old', '--api', to.url])).toMatchObject({ code: 2 });
  expect(parseCommandLine(['import'])).toMatchObject({ ok: false });
});

test('a downtime of years is written as the API takes it', () => {
  expect(durationText(999_999)).toBe('999999s');
  expect(durationText(31_536_000)).toBe('525600m');
});
