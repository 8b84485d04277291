/** `orchestrator -c COMMAND`: every command of the incumbent's program, and the lines that it printed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentOf } from '../../../src/app/cli/redirect.js';
import { currentName, findCommand } from '../../../src/app/client/commands/catalogue.js';
import { INSTEAD } from '../../../src/app/client/commands/program.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST, MAIN } from '../../adapters/http/fake-service.js';
import { writeConfig } from '../config-files.js';
import { type Listening, type Ran, run, serve, serveCanned } from './client-run.js';
import { PROGRAM_COMMANDS } from './program-commands.js';

let service: FakeService;
let node: Listening;

beforeEach(async () => {
  service = new FakeService();
  node = await serve(service);
});

afterEach(async () => {
  await node.close();
});

async function asProgram(api: string, argv: readonly string[]): Promise<Ran> {
  return await run(api, argv, {}, '/nonexistent', { dialect: 'program' });
}

async function printed(...argv: string[]): Promise<string> {
  const { code, out, err } = await asProgram(node.url, argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

describe('every command of the program', () => {
  it('is done, or says what there is in its place', () => {
    expect(PROGRAM_COMMANDS).toHaveLength(127);
    for (const name of PROGRAM_COMMANDS) {
      const isKnown = findCommand(currentName(name), 'program') !== null;
      expect(isKnown !== (INSTEAD[name] !== undefined), name).toBe(true);
    }
  });

  it.each(Object.keys(INSTEAD))('%s is not done', async (name) => {
    const { code, out, err } = await asProgram(node.url, ['-c', name, '-i', 'main']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(new RegExp(`^orchestrator\\[\\d+\\]: ${name} is not done here: ....`));
  });
});

describe('the program prints', () => {
  it.each([
    [['-c', 'clusters-alias'], 'main:3306\tmain:3306\n'],
    [['-c', 'find', '--pattern', 'replica-[2-9]'], 'read-replica-2:3306\n'],
    [['-c', 'search', '--pattern', 'replica-1'], 'read-replica-1:3306\n'],
    [['-c', 'which-cluster-domain', '-i', 'main'], '\n'],
    [['-c', 'which-downtimed-instances'], ''],
    [['-c', 'which-lost-in-recovery'], ''],
    [['-c', 'instance-status', '-i', 'read-replica-1'], '[0s,ok,9.7.0,ro,ROW,>>,GTID]\n'],
    [['-c', 'get-candidate-replica', '-i', 'main'], 'read-replica-1:3306\n'],
    [['-c', 'resolve', '-i', 'main'], 'main:3306\n'],
    [['-c', 'bulk-instances'], 'main:3306\nread-replica-1:3306\nread-replica-2:3306\n'],
    [['-c', 'check-global-recoveries'], 'OK: Global recoveries disabled: false\n'],
    [['-c', 'disable-global-recoveries'], 'OK: Orchestrator recoveries DISABLED globally\n'],
    [['-c', 'enable-global-recoveries'], 'OK: Orchestrator recoveries ENABLED globally\n'],
    [['-c', 'reset-hostname-resolve-cache'], 'hostname resolve cache cleared\n'],
    [['-c', 'forget', '-i', 'main'], 'main:3306\n'],
    [['-c', 'snapshot-topologies'], ''],
    [['-c', 'ack-all-recoveries', '-r', 'seen it'], '1 recoveries acknowledged\n'],
    [['-c', 'ack-cluster-recoveries', '-i', 'main', '-r', 'seen'], '1 recoveries acknowledged\n'],
    [['-c', 'which-slaves', '-i', 'main'], 'read-replica-1:3306\nread-replica-2:3306\n'],
    [
      ['-c', 'which-instance', '-i', 'main,read-replica-1 read-replica-2:3306'],
      'main:3306\nread-replica-1:3306\nread-replica-2:3306\n',
    ],
    [['-c', 'submit-pool-instances', '-l', 'readers', '-i', 'read-replica-1,read-replica-2'], ''],
  ])('%j what the incumbent prints', async (argv, expected) => {
    expect(await printed(...argv)).toBe(expected);
  });

  it('the members of pools, with tabs', async () => {
    await printed('-c', 'submit-pool-instances', '-l', 'readers', '-i', 'read-replica-1,read-replica-2');
    expect(await printed('-c', 'cluster-pool-instances')).toBe(
      'main:3306\tmain:3306\treaders\tread-replica-1:3306\nmain:3306\tmain:3306\treaders\tread-replica-2:3306\n',
    );
    expect(await printed('-c', 'cluster-pool-instances', '-a', 'main:3306', '-l', 'writers')).toBe('');
  });

  it('all codes of a problem', async () => {
    service.problems = [
      {
        server: serverId(MAIN),
        clusterId: service.clusterId(),
        code: 'DeadMaster',
        description: '',
        severity: 'critical',
        reaction: 'recover-dead-primary',
        because: [],
      },
    ];
    service.structure.set(serverId(MAIN), ['ErrantGTIDStructureWarning', 'DifferentGTIDModesStructureWarning']);
    expect(await printed('-c', 'replication-analysis')).toBe(
      'main:3306 (cluster main:3306): DeadMaster, ErrantGTIDStructureWarning, DifferentGTIDModesStructureWarning\n',
    );
  });

  it('the coordinates of whom a takeover promoted, below its name', async () => {
    service.recovery = recoveryOf('1:a', service.clusterId(), MAIN, {
      successor: serverId(FIRST),
      closedAtMs: 1,
      verdict: { kind: 'succeeded' },
    });
    expect(await printed('-c', 'graceful-master-takeover', '-a', 'main:3306', '-d', 'read-replica-1')).toBe(
      'read-replica-1:3306\n{binlog.000002 157 0}\n',
    );
  });

  it.each([
    ['take-master', 'read-replica-1:3306\n'],
    ['make-co-master', 'read-replica-1:3306\n'],
    ['take-siblings', 'read-replica-1:3306\n'],
  ])('of %s the server alone', async (name, expected) => {
    const canned = await serveCanned(() => ({
      body: '{"Code":"OK","Message":"","Details":{"Key":{"Hostname":"read-replica-1","Port":3306},"MasterKey":{"Hostname":"main","Port":3306}}}',
    }));
    expect((await asProgram(canned.url, ['-c', name, '-i', 'read-replica-1:3306'])).out).toBe(expected);
    await canned.close();
  });

  it('of a regrouping the leader, and what became of the others', async () => {
    const canned = await serveCanned(() => ({
      body: '{"Code":"OK","Message":"promoted replica: a:1, lost: 1, trivial: 0, pseudo-gtid: 0","Details":{"Hostname":"a","Port":1}}',
    }));
    expect((await asProgram(canned.url, ['-c', 'regroup-slaves', '-i', 'b:1'])).out).toBe(
      'a:1\na:1 lost: 1, trivial: 0, pseudo-gtid: 0\n',
    );
    await canned.close();
  });

  it('of an error the sentence, and nothing on standard output', async () => {
    const body = '{"Code":"ERROR","Message":"no","Details":{"Hostname":"a","Port":1}}';
    const canned = await serveCanned(() => ({ status: 500, body }));
    expect(await asProgram(canned.url, ['-c', 'forget', '-i', 'a:1,b:1'])).toMatchObject({
      code: 1,
      out: '',
      err: 'no\n',
    });
    // The first that fails ends it.
    expect(canned.asked.filter(({ url }) => url.startsWith('/api/forget'))).toHaveLength(1);
    await canned.close();
  });
});

describe('a server that was not named', () => {
  it('is the machine itself for what only looks, and nobody for what changes something', async () => {
    const canned = await serveCanned(() => ({ body: '[]' }));
    await asProgram(canned.url, ['-c', 'which-replicas']);
    expect(canned.asked.at(-1)?.url).toBe(`/api/instance-replicas/${hostname()}/3306`);
    const { code, err } = await asProgram(canned.url, ['-c', 'forget']);
    expect(code).toBe(1);
    expect(err).toContain('instance must be provided');
    await canned.close();
  });
});

describe('the orchestrator that is asked', () => {
  it('is that of the configuration file, unless another is named', async () => {
    const config = await writeConfig({ ListenAddress: ':3999', HTTPAdvertise: 'http://orc-1:3999', URLPrefix: '/orc' });
    const file = new Map([['config', config]]);
    expect(await environmentOf(file, {})).toMatchObject({
      ok: true,
      value: { ORCHESTRATOR_API: 'http://orc-1:3999/orc' },
    });
    const around = { ORCHESTRATOR_API: 'http://other:3000' };
    expect(await environmentOf(file, around)).toEqual({ ok: true, value: around });
    expect(await environmentOf(new Map([...file, ['api', 'http://x']]), {})).toEqual({ ok: true, value: {} });
    const wrong = await environmentOf(new Map([['config', '/nonexistent.json']]), {});
    expect(wrong).toMatchObject({ ok: false, error: expect.stringContaining('/nonexistent.json') as string });
  });

  it('is asked at the socket, where that is its door', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'a socket, '));
    const socket = join(folder, 'orc.sock');
    const file = new Map([['config', await writeConfig({ ListenSocket: socket, URLPrefix: '/orc' })]]);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('[{"ClusterName": "db1:3306"}]');
    });
    await new Promise<void>((resolve) => void server.listen(socket, resolve));
    const environment = await environmentOf(file, {});
    expect(environment.ok).toBe(true);
    const api = environment.ok ? (environment.value['ORCHESTRATOR_API'] ?? '') : '';
    expect(await asProgram(api, ['-c', 'clusters'])).toMatchObject({ code: 0, out: 'db1:3306\n' });
    expect(asked).toEqual([expect.stringMatching(/^\/orc\/api\/clusters/)]);
    await new Promise((resolve) => server.close(resolve));
    const { code, err } = await asProgram(api, ['-c', 'clusters']);
    expect([code, err]).toEqual([1, expect.stringContaining('there is no such socket')]);
    await rm(folder, { recursive: true });
  });
});
