import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeService } from '../../adapters/http/fake-service.js';
import { type Listening, nowhere, run, serve, serveCanned } from './client-run.js';

const open: Listening[] = [];

async function node(change: (service: FakeService) => void = () => undefined): Promise<[FakeService, string]> {
  const service = new FakeService();
  change(service);
  const listening = await serve(service);
  open.push(listening);
  return [service, listening.url];
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe('an error of the API', () => {
  it('is a sentence on standard error and nothing else', async () => {
    const [, url] = await node();
    expect(await run(url, ['-c', 'topology', '-i', 'other:3306'])).toMatchObject({
      code: 1,
      out: '',
      err: 'Unable to determine cluster name. clusterHint=other:3306\n',
    });
  });

  it('leaves its details on standard output, and with -c api or --json all of it', async () => {
    const body = '{"Code":"ERROR","Message":"it  is \'gone\'","Details":{"Hostname":"a","Port":1}}';
    const canned = await serveCanned(() => ({ status: 500, body }));
    open.push(canned);
    expect(await run(canned.url, ['-c', 'forget', '-i', 'a:1'])).toMatchObject({
      code: 1,
      out: '{ "Hostname": "a", "Port": 1 }\n',
      err: 'it is gone\n',
    });
    const whole = '{ "Code": "ERROR", "Message": "it  is \'gone\'", "Details": { "Hostname": "a", "Port": 1 } }\n';
    expect(await run(canned.url, ['-c', 'api', '-P', 'x'])).toMatchObject({ code: 1, out: whole });
    expect(await run(canned.url, ['-c', 'forget', '-i', 'a:1', '--json'])).toMatchObject({ code: 1, out: whole });
  });
});

describe('a node that is not there', () => {
  it('is tried again for a while, then named with what to check', async () => {
    const url = await nowhere();
    const { code, err, slept } = await run(url, ['-c', 'clusters']);
    expect(code).toBe(1);
    expect(err).toMatch(/^orchestrator-client\[\d+\]: Cannot access orchestrator at .*ECONNREFUSED.*ORCHESTRATOR_API/);
    expect(slept).toEqual([100, 200, 500, 1000, 2000]);
  });

  it('that goes away with a write in its hands is not asked again', async () => {
    const canned = await serveCanned(() => null);
    open.push(canned);
    const { code, err } = await run(canned.url, ['-c', 'forget', '-i', 'a:1']);
    expect(code).toBe(1);
    expect(err).toContain('not known whether it was done');
    expect(canned.asked.filter(({ url }) => url === '/api/forget/a/1')).toHaveLength(1);
  });

  it('that speaks something else than JSON is shown with what it said', async () => {
    const canned = await serveCanned(() => ({ status: 404, body: '404 page not found\n' }));
    open.push(canned);
    const { code, err } = await run(canned.url, ['-c', 'api', '-P', 'nonsense']);
    expect(code).toBe(1);
    expect(err).toContain('answered 404 and no JSON: "404 page not found"');
  });
});

describe('several endpoints', () => {
  it('are searched for the leader', async () => {
    const [, follower] = await node((service) => {
      service.status = { ...service.status, role: 'follower', leaderHttpAddress: null };
    });
    const [, leader] = await node();
    const { code, out } = await run([await nowhere(), follower, `${leader}/api/`], ['-c', 'which-api']);
    expect({ code, out }).toEqual({ code: 0, out: `${leader}/api\n` });
  });

  it('are searched for one that reaches the leader, when none leads', async () => {
    const canned = await serveCanned(({ url }) =>
      url === '/api/routed-leader-check' ? { body: '"OK"' } : { status: 404, body: '"Not leader"' },
    );
    open.push(canned);
    const { out } = await run([await nowhere(), canned.url], ['-c', 'which-api']);
    expect(out).toBe(`${canned.url}/api\n`);
  });

  it('without a leader end in an error that names them', async () => {
    const urls = [await nowhere(), await nowhere()];
    const { code, err } = await run(urls, ['-c', 'clusters']);
    expect(code).toBe(1);
    expect(err).toContain(`Cannot determine leader from ${urls.map((url) => `${url}/api`).join(' ')}`);
  });
});

describe('a follower', () => {
  it('gives the host name of its leader', async () => {
    const [, leader] = await node((service) => {
      service.status = { ...service.status, hostname: 'leader.example' };
    });
    const [, follower] = await node((service) => {
      service.status = { ...service.status, id: 'n2', role: 'follower', leaderHttpAddress: leader };
    });
    expect(await run(follower, ['-c', 'raft-leader-hostname'])).toMatchObject({ code: 0, out: 'leader.example\n' });
  });

  it('that hears no majority answers with a warning beside', async () => {
    const [, url] = await node((service) => {
      service.status = { ...service.status, role: 'follower', leader: null, inQuorum: false };
    });
    const { code, out, err } = await run(url, ['-c', 'clusters']);
    expect({ code, out }).toEqual({ code: 0, out: 'main:3306\n' });
    expect(err).toContain('n1 has heard of no majority');
  });
});

describe('who asks', () => {
  it('is given with -b, by the environment, or by a profile', async () => {
    const listening = await serve(new FakeService(), {
      authentication: { method: 'basic', user: 'ann', password: 'it:is' },
    });
    open.push(listening);
    const { url } = listening;
    expect(await run(url, ['-c', 'clusters', '-b', 'ann:it:is'])).toMatchObject({ code: 0, out: 'main:3306\n' });
    const environment = { ORCHESTRATOR_AUTH_USER: 'ann', ORCHESTRATOR_AUTH_PASSWORD: 'it:is' };
    expect((await run(url, ['-c', 'clusters'], environment)).code).toBe(0);
    const { code, err } = await run(url, ['-c', 'clusters']);
    expect(code).toBe(1);
    expect(err).toContain('401 Unauthorized');
    expect(err).toContain('-b USER:PASSWORD');
  });

  it('can be a header', async () => {
    const canned = await serveCanned(() => ({ body: '[]' }));
    open.push(canned);
    await run(canned.url, ['-c', 'clusters'], { ORCHESTRATOR_AUTH_USER_HEADER: 'X-Forwarded-User: bob the builder' });
    await run(canned.url, ['-c', 'clusters', '-e', 'X-Forwarded-User:eve']);
    expect(canned.asked.map(({ headers }) => headers['x-forwarded-user'])).toEqual(['bob the builder', 'eve']);
    expect((await run(canned.url, ['-c', 'clusters', '-e', 'nonsense'])).err).toContain('NAME:VALUE');
  });

  it('reads the profile that the script reads, without running it', async () => {
    const [, url] = await node();
    const folder = await mkdtemp(join(tmpdir(), 'profile-'));
    const profile = join(folder, 'orchestrator-client.sh');
    await writeFile(profile, `# settings\nexport ORCHESTRATOR_API="${url}"\nORCHESTRATOR_INSTANCE=$(touch /tmp/x)\n`);
    const ran = await run('http://127.0.0.1:1', ['-c', 'which-api'], {}, profile);
    expect(ran).toMatchObject({ code: 0, out: `${url}/api\n` });
    expect((await run('http://127.0.0.1:1', ['-c', 'instance'], {}, profile)).err).toContain(
      'instance must be provided',
    );
    await rm(folder, { recursive: true });
  });

  it('may leave the instance to the environment', async () => {
    const [, url] = await node();
    const environment = { ORCHESTRATOR_INSTANCE: 'read-replica-1:3306' };
    expect((await run(url, ['-c', 'which-master'], environment)).out).toBe('main:3306\n');
    expect((await run(url, ['-c', 'instance', '-i', 'main'], environment)).out).toBe('main:3306\n');
  });
});

describe('a command line', () => {
  it.each([
    [['-c', 'clusters'], 0],
    [['--command', 'clusters'], 0],
    [['-command', 'clusters'], 0],
    [['--command=clusters'], 0],
    [['-cclusters'], 0],
  ])('%j is understood', async (argv, code) => {
    const [, url] = await node();
    expect((await run(url, argv)).code).toBe(code);
  });

  it.each([
    [['-c', 'topology'], 'instance|alias must be provided: -i HOST:PORT or -a CLUSTER'],
    [['-c', 'discover'], 'instance must be provided: -i HOST:PORT'],
    [['-c', 'relocate', '-i', 'a:1'], 'destination must be provided: -d HOST:PORT'],
    [['-c', 'begin-downtime', '-i', 'a:1'], 'reason must be provided: -r TEXT'],
    [['-c', 'api'], 'path must be provided: -P PATH'],
    [['-c', 'discover', '-i', 'a:99999'], 'instance "a:99999" has port 99999; a port is 1 to 65535'],
    [['-c', 'discover', '-i', 'a', '-D', 'x'], '-D x: a port is 1 to 65535'],
    [['-c', 'clustres'], 'Unsupported command clustres; is clusters meant?'],
    [['-c', 'zzzzzzzzz'], 'Unsupported command zzzzzzzzz; -c help lists all of them'],
    [[], 'no command was given'],
    [['-c'], '-c needs a value: -c COMMAND'],
    [['-x', '1'], '-x is no option'],
    [['--patern=secret'], '--patern is no option'],
    [['topology', 'main:3306'], '"topology" stands alone'],
    [['-c', 'clusters', '-U', 'somewhere'], '"somewhere" is no URL'],
  ])('%j ends with a sentence that says what to do', async (argv, sentence) => {
    const canned = await serveCanned(() => ({ body: '[]' }));
    open.push(canned);
    const { code, out, err } = await run(canned.url, argv);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(sentence);
  });
});

describe('help', () => {
  it('lists options, environment, commands and examples without asking anybody', async () => {
    for (const argv of [['-h'], ['--help'], ['-c', 'help']]) {
      const { code, out } = await run('http://127.0.0.1:1', argv);
      expect(code).toBe(0);
      for (const part of [
        '-i, --instance',
        'ORCHESTRATOR_API',
        'graceful-master-takeover-auto',
        'Examples:',
        'which-api',
      ]) {
        expect(out).toContain(part);
      }
    }
  });

  it('tells of one command how it is called', async () => {
    const { out } = await run('http://127.0.0.1:1', ['-c', 'graceful-master-takeover', '--help']);
    expect(out).toContain(
      'orchestrator-client -c graceful-master-takeover (-i HOST[:PORT] | -a CLUSTER) [-d HOST[:PORT]]',
    );
    expect(out).toContain('orchestrator-client -c graceful-master-takeover -a shop -d db-3:3306');
    expect((await run('http://127.0.0.1:1', ['-c', 'nonsense', '-h'])).code).toBe(1);
  });
});

describe('--json', () => {
  it('prints what the command is about, as JSON', async () => {
    const [, url] = await node();
    const { out } = await run(url, ['-c', 'clusters', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ ClusterName: 'main:3306', CountInstances: 3 }]);
    const topology = await run(url, ['-c', 'topology', '-i', 'main', '-json']);
    expect(typeof JSON.parse(topology.out)).toBe('string');
  });
});
