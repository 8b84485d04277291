/** Reaching the cluster: over HTTPS, past endpoints that are of no use, and a second time where that is safe. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HttpTls } from '../../../src/adapters/http/access/mutual-tls.js';
import { FakeService } from '../../adapters/http/fake-service.js';
import { type Listening, nowhere, run, serve, serveCanned } from './client-run.js';

const CERTIFICATES = new URL('../../adapters/http/certificates/', import.meta.url);
const file = (name: string): string => new URL(`${name}.pem`, CERTIFICATES).pathname;
const pem = (name: string): string => readFileSync(file(name), 'utf8');

const open: Listening[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-tls-'));
  await writeFile(join(folder, 'both.pem'), `${pem('dba')}${pem('dba-key')}`);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe('HTTPS', () => {
  async function secure(mutual: HttpTls['mutual']): Promise<string> {
    const tls = {
      certificate: pem('nodes'),
      key: pem('nodes-key'),
      authority: pem('authority'),
      mutual,
      skipsVerifying: false,
    };
    const listening = await serve(new FakeService(), { tls });
    open.push(listening);
    return listening.url.replace('http://127.0.0.1', 'https://localhost');
  }

  it('believes the authority that is named, or anybody when told to', async () => {
    const url = await secure(null);
    const clusters = { code: 0, out: 'main:3306\n', err: '' };
    expect(await run(url, ['-c', 'clusters', '--tls-ca', file('authority')])).toMatchObject(clusters);
    expect(await run(url, ['-c', 'clusters'], { ORCHESTRATOR_TLS_CA: file('authority') })).toMatchObject(clusters);
    expect(await run(url, ['-c', 'clusters', '--insecure'])).toMatchObject(clusters);
    expect(await run(url, ['-c', 'clusters'], { ORCHESTRATOR_TLS_INSECURE: '1' })).toMatchObject(clusters);
    const { code, err } = await run(url, ['-c', 'clusters']);
    expect(code).toBe(1);
    expect(err).toContain('--tls-ca FILE names one');
  });

  it('shows the certificate that it is given', async () => {
    const url = await secure({ validUnits: ['dba'], healthToo: false });
    const ca = ['--tls-ca', file('authority')];
    const known = await run(url, ['-c', 'clusters', ...ca, '--tls-cert', file('dba'), '--tls-key', file('dba-key')]);
    expect(known).toMatchObject({ code: 0, out: 'main:3306\n' });
    expect((await run(url, ['-c', 'clusters', ...ca, '--tls-cert', join(folder, 'both.pem')])).code).toBe(0);
    const { code, err } = await run(url, ['-c', 'clusters', ...ca]);
    expect(code).toBe(1);
    expect(err).toContain('if it asks for a certificate, with --tls-cert FILE');
  });

  it('of a port of gRPC is told from a server that is not there', async () => {
    const grpc = createHttp2Server();
    await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve));
    const address = grpc.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { err } = await run(`http://127.0.0.1:${String(port)}`, ['-c', 'clusters']);
    grpc.close();
    expect(err).toContain('it speaks no HTTP 1.1: is it https://, or the port of gRPC (3001; this wants 3000)?');
  });

  it('of a node that speaks plain HTTP is named as what it is', async () => {
    const plain = await serve(new FakeService());
    open.push(plain);
    const { err } = await run(plain.url.replace('http:', 'https:'), ['-c', 'clusters', '--insecure']);
    expect(err).toContain('it speaks no TLS: is it http:// and not https://?');
  });

  it.each([
    [['--tls-ca', '/nonexistent.pem'], '--tls-ca /nonexistent.pem cannot be read: ENOENT'],
    [['--tls-key', '/nonexistent.pem'], '--tls-key needs the certificate that it is for'],
  ])('%j is not gone on with', async (argv, sentence) => {
    const { code, err } = await run('https://localhost:1', ['-c', 'clusters', ...argv]);
    expect(code).toBe(1);
    expect(err).toContain(sentence);
  });
});

describe('several endpoints of no use', () => {
  it('are named one by one with what each said', async () => {
    const [gone, follower] = [await nowhere(), await serveCanned(() => ({ status: 404, body: '"Not leader"' }))];
    const other = await serveCanned(() => ({ status: 502, body: '<h1>Bad gateway</h1>' }));
    open.push(follower, other);
    const { code, out, err } = await run([gone, follower.url, other.url], ['-c', 'clusters']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n').slice(1, 4)).toEqual([
      `  ${gone}/api: ECONNREFUSED: nothing listens there`,
      `  ${follower.url}/api: it answers, does not lead, and knows no leader`,
      `  ${other.url}/api: it answered 502 <h1>Bad gateway</h1>`,
    ]);
  });

  it('that all run and have no leader are told apart from what is not there', async () => {
    const follower = await serveCanned(() => ({ status: 404, body: '"Not leader"' }));
    open.push(follower);
    const { err } = await run([follower.url, follower.url], ['-c', 'clusters']);
    expect(err).toContain('They have no leader: a majority of the nodes must run');
  });

  it('that do not let anybody in ask for a password', async () => {
    const locked = await serveCanned(() => ({ status: 401, body: 'Not Authorized' }));
    open.push(locked);
    const { err } = await run([locked.url, locked.url], ['-c', 'clusters']);
    expect(err).toContain('it does not let you in (401): wrong user or password, or none\n');
    expect(err).toContain('-b USER:PASSWORD');
  });
});

describe('a write whose answer was lost', () => {
  it('is put to the next leader under the same key, where keys are kept', async () => {
    let isAlive = true;
    const dying = await serveCanned(({ url }) => {
      if (!isAlive) return null;
      if (url === '/api/leader-check') return { body: '"OK"' };
      isAlive = false;
      return null;
    });
    const next = await serveCanned(({ url }) => {
      if (url === '/api/leader-check') return isAlive ? { status: 404, body: '"Not leader"' } : { body: '"OK"' };
      if (url === '/api/v1/settings') return { body: '{"version":"0.1.0"}' };
      return { body: '{"Code":"OK","Message":"","Details":null}' };
    });
    open.push(dying, next);
    const { code, err } = await run([dying.url, next.url], ['-c', 'forget', '-i', 'a:1']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const keys = [dying, next].flatMap(({ asked }) =>
      asked.filter(({ url }) => url === '/api/forget/a/1').map(({ headers }) => headers['idempotency-key']),
    );
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it('is not put to one that knows nothing of keys', async () => {
    let hasLost = false;
    const old = await serveCanned(({ url }) => {
      if (url !== '/api/forget/a/1') return { status: 404, body: '404 page not found' };
      hasLost = true;
      return null;
    });
    open.push(old);
    const { code, err } = await run(old.url, ['-c', 'forget', '-i', 'a:1']);
    expect({ code, hasLost }).toEqual({ code: 1, hasLost: true });
    expect(err).toContain('it is not known whether it was done: look (-c history) before you try again');
    expect(old.asked.filter(({ url }) => url === '/api/forget/a/1')).toHaveLength(1);
  });

  it('is done once under a key that the caller chose', async () => {
    const canned = await serveCanned(() => ({ body: '{"Code":"OK","Message":"","Details":null}' }));
    open.push(canned);
    await run(canned.url, ['-c', 'forget', '-i', 'a:1', '--idempotency-key', 'deploy-17']);
    expect(canned.asked[0]?.headers['idempotency-key']).toBe('deploy-17');
  });

  it('of a question is simply asked again', async () => {
    let lost = 0;
    const canned = await serveCanned(() => (lost++ === 0 ? null : { body: '[{"ClusterName":"a:1"}]' }));
    open.push(canned);
    expect(await run(canned.url, ['-c', 'clusters'])).toMatchObject({ code: 0, out: 'a:1\n' });
  });
});

describe('an election', () => {
  it('is waited for where nothing was done, under the same key', async () => {
    let asked = 0;
    const electing = await serveCanned(() => {
      asked += 1;
      const headers: Record<string, string> = asked < 3 ? { 'x-orchestrator-error': 'NOT_LEADER' } : {};
      const body =
        asked < 3
          ? '{"Code":"ERROR","Message":"an election","Details":null}'
          : '{"Code":"OK","Message":"","Details":null}';
      return { status: asked < 3 ? 500 : 200, headers, body };
    });
    open.push(electing);
    expect(await run(electing.url, ['-c', 'forget', '-i', 'a:1'])).toMatchObject({
      code: 0,
      err: '',
      slept: [100, 200],
    });
    expect(new Set(electing.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });
});

describe('an endpoint without a scheme', () => {
  it.each(['', '/', '/api'])('and with %j behind it is asked over HTTP, as it is by the shell script', async (end) => {
    const canned = await serveCanned(() => ({ body: '[{"ClusterName":"a:1"}]' }));
    open.push(canned);
    const { host } = new URL(canned.url);
    expect(await run(`${host}${end}`, ['-c', 'clusters'])).toMatchObject({ code: 0, out: 'a:1\n' });
    expect(canned.asked.map(({ url }) => url)).toEqual(['/api/clusters-info']);
  });
});

describe('what is said beside an error', () => {
  it('tells who may only look what to do', async () => {
    const listening = await serve(new FakeService(), { readOnly: true });
    open.push(listening);
    const { code, out, err } = await run(listening.url, ['-c', 'forget', '-i', 'main:3306']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^Unauthorized\nyou may look and change nothing: /);
  });

  it('tells a person who named what nobody knows how it is found', async () => {
    const asPerson = { terminal: { out: false, err: true } };
    const listening = await serve(new FakeService());
    open.push(listening);
    const server = await run(listening.url, ['-c', 'which-instance', '-i', 'nosuch'], {}, '', asPerson);
    expect(server.err).toMatch(
      /^Cannot read instance: nosuch:3306\nno server is .*-c discover -i nosuch:3306 makes it known\n$/,
    );
    const cluster = await run(listening.url, ['-c', 'topology', '-a', 'nosuch'], {}, '', asPerson);
    expect(cluster.err).toMatch(/^Unable to determine cluster name. clusterHint=nosuch\nneither .*finds servers\n$/);
    for (const [words, missing] of [
      [['kill-query'], '-q NUMBER'],
      [['set-cluster-alias'], '-a ALIAS'],
    ] as const) {
      expect((await run(listening.url, ['-c', ...words, '-i', 'main:3306'])).err).toContain(
        `must be provided: ${missing}`,
      );
    }
  });

  it('fails where the rehearsal of a way back says that it would be refused', async () => {
    for (const refusals of [[], [{ code: 'missing-grant', message: 'no right to copy', mend: 'grant it' }]]) {
      const body = {
        Code: 'OK',
        Message: 'rebuild: nothing was changed',
        Details: { way: 'rebuild', refusals, steps: [] },
      };
      const canned = await serveCanned(() => ({ body: JSON.stringify(body) }));
      open.push(canned);
      const { code } = await run(canned.url, ['-c', 'rebuild', '-i', 'a:1', '--dry-run']);
      expect(code).toBe(refusals.length);
    }
  });

  it('stands on standard output as an envelope with --json, when nobody was reached too', async () => {
    const { code, out } = await run(await nowhere(), ['-c', 'clusters', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      Code: 'ERROR',
      Message: expect.stringContaining('Cannot access') as string,
    });
  });
});
