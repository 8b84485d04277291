import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_GROUPS, commandNames, currentName, findCommand } from '../../../src/app/client/commands/catalogue.js';
import { channelTo, serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST, MAIN, replicaVitals, seen } from '../../adapters/http/fake-service.js';
import { type Listening, run, serve, serveCanned } from './client-run.js';
import { INCUMBENT_COMMANDS } from '../../support/incumbent/script-commands.js';

let service: FakeService;
let node: Listening;

beforeEach(async () => {
  service = new FakeService();
  node = await serve(service);
});

afterEach(async () => {
  await node.close();
});

async function printed(...argv: string[]): Promise<string> {
  const { code, out, err } = await run(node.url, argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const REPLICAS = 'read-replica-1:3306\nread-replica-2:3306\n';
const TREE = [
  'main:3306             [0s,ok,9.7.0,rw,ROW,>>,GTID]',
  '+ read-replica-1:3306 [0s,ok,9.7.0,ro,ROW,>>,GTID]',
  '+ read-replica-2:3306 [0s,ok,9.7.0,ro,ROW,>>,GTID]',
  '',
].join('\n');

describe('commands that look', () => {
  it.each([
    [['-c', 'clusters'], 'main:3306\n'],
    [['-c', 'clusters-alias'], 'main:3306,main:3306\n'],
    [['-c', 'topology', '-i', 'main:3306'], TREE],
    [['-c', 'topology', '-a', 'main:3306'], TREE],
    [['-c', 'topology', '-i', 'read-replica-1'], TREE],
    [['-c', 'search', '-i', 'replica'], REPLICAS],
    [['-c', 'instance', '-i', 'main'], 'main:3306\n'],
    [['-c', 'which-instance', '-i', 'main:3306'], 'main:3306\n'],
    [['-c', 'which-master', '-i', 'read-replica-1'], 'main:3306\n'],
    [['-c', 'which-master', '-i', 'main'], ':0\n'],
    [['-c', 'which-replicas', '-i', 'main:3306'], REPLICAS],
    [['-c', 'which-slaves', '-i', 'main:3306'], REPLICAS],
    [['-c', 'which-broken-replicas', '-i', 'main'], ''],
    [['-c', 'which-cluster-instances', '-i', 'main'], `main:3306\n${REPLICAS}`],
    [['-c', 'which-cluster', '-i', 'read-replica-2'], 'main:3306\n'],
    [['-c', 'which-cluster-alias', '-i', 'read-replica-2'], 'main:3306\n'],
    [['-c', 'which-cluster-master', '-i', 'read-replica-2'], 'main:3306\n'],
    [['-c', 'which-cluster-osc-replicas', '-i', 'main'], REPLICAS],
    [['-c', 'which-cluster-osc-slaves', '-a', 'main:3306'], REPLICAS],
    [['-c', 'which-cluster-osc-running-replicas', '-i', 'main'], REPLICAS],
    [['-c', 'which-cluster-gh-ost-replicas', '-i', 'main'], REPLICAS],
    [['-c', 'get-cluster-heuristic-lag', '-i', 'main'], '0\n'],
    [['-c', 'all-clusters-masters'], 'main:3306\n'],
    [['-c', 'all-instances'], `main:3306\n${REPLICAS}`],
    [['-c', 'downtimed'], ''],
    [['-c', 'is-replicating', '-i', 'read-replica-1'], 'read-replica-1:3306\n'],
    [['-c', 'is-replicating', '-i', 'main'], ''],
    [['-c', 'is-replication-stopped', '-i', 'read-replica-1'], ''],
    [['-c', 'which-gtid-errant', '-i', 'read-replica-1'], '\n'],
    [['-c', 'dominant-dc'], '\n'],
    [['-c', 'raft-leader'], 'n1.example:10008\n'],
    [['-c', 'raft-leader-hostname'], 'n1.example\n'],
    [['-c', 'raft-health'], 'healthy\n'],
    [['-c', 'check-global-recoveries'], 'enabled\n'],
    [['-c', 'api', '-P', 'clusters'], '[ "main:3306" ]\n'],
    [['-c', 'api', '-P', '/api/raft-state'], '"Leader"\n'],
  ])('%j print what the script prints', async (argv, expected) => {
    expect(await printed(...argv)).toBe(expected);
  });

  it('say whom a server could follow, or why not', async () => {
    service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', { id: MAIN, host: 'main' }, { serverNumber: 7 })],
    });
    expect(await printed('-c', 'can-replicate-from', '-i', 'read-replica-1', '-d', 'main')).toBe('main:3306\n');
    expect(await printed('-c', 'can-replicate-from-gtid', '-i', 'read-replica-1', '-d', 'main')).toBe('main:3306\n');
    const { code, out, err } = await run(node.url, ['-c', 'can-replicate-from', '-i', 'read-replica-2', '-d', 'main']);
    expect(code).toBe(1);
    expect(err).toContain('both have the server_id 1');
    expect(out).toBe('{ "Hostname": "main", "Port": 3306 }\n');
  });

  it('find the logs with errant transactions', async () => {
    service.see('read-replica-1', replicaVitals({ executedGtids: `${MAIN}:1-10,${FIRST}:1-2` }));
    expect(await printed('-c', 'which-gtid-errant', '-i', 'read-replica-1')).toBe(`${FIRST}:1-2\n`);
    expect(await printed('-c', 'locate-gtid-errant', '-i', 'read-replica-1')).toBe('binlog.000001\nbinlog.000003\n');
  });

  it('show columns and tags', async () => {
    expect(await printed('-c', 'topology-tabulated', '-i', 'main')).toContain('main:3306            |0s|ok|');
    expect(await printed('-c', 'topology-tags', '-i', 'main')).toMatch(/^main:3306 .*\] \[\]\n/);
  });

  it('tell broken and stopped replicas apart', async () => {
    const stopped = channelTo('main', { ioThread: 'stopped', sqlThread: 'stopped' });
    const broken = channelTo('main', { sqlThread: 'stopped', sqlError: { number: 1062, text: 'Duplicate entry' } });
    service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [stopped] })],
    });
    expect(await printed('-c', 'is-replication-stopped', '-i', 'read-replica-1')).toBe('read-replica-1:3306\n');
    expect(await printed('-c', 'which-broken-replicas', '-i', 'main')).toBe('');
    service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [broken] })],
    });
    expect(await printed('-c', 'which-broken-replicas', '-i', 'main')).toBe('read-replica-1:3306\n');
  });

  it('print problems, and the first warning where there is no problem', async () => {
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
    service.structure.set(serverId(FIRST), ['ErrantGTIDStructureWarning', 'DifferentGTIDModesStructureWarning']);
    expect(await printed('-c', 'replication-analysis')).toBe(
      'main:3306 (cluster main:3306): DeadMaster\nread-replica-1:3306 (cluster main:3306): ErrantGTIDStructureWarning\n',
    );
  });

  it('print nothing of lists that are null', async () => {
    for (const host of ['main', 'read-replica-1', 'read-replica-2']) {
      service.fed.feed({ kind: 'server-forgotten', address: { host, port: 3306 } });
    }
    expect(await printed('-c', 'all-clusters-masters')).toBe('');
    expect(await printed('-c', 'clusters')).toBe('');
  });
});

describe('commands that change something', () => {
  it.each([
    [['-c', 'discover', '-i', 'main'], 'main:3306\n', 'discover main:3306 by n1.example'],
    [['-c', 'async-discover', '-i', 'new'], 'new:3306\n', 'discover new:3306 by n1.example'],
    [['-c', 'forget', '-i', 'gone:3307'], '', 'forget gone:3307 by n1.example'],
    [
      ['-c', 'begin-downtime', '-i', 'read-replica-1', '-o', 'ann', '-r', 'new disk/fan', '-u', '2h'],
      'read-replica-1:3306\n',
      `downtime ${FIRST} by ann because new disk/fan for 7200000`,
    ],
    [['-c', 'end-downtime', '-i', 'read-replica-1'], 'read-replica-1:3306\n', `end downtime ${FIRST} by n1.example`],
    [['-c', 'disable-global-recoveries'], 'disabled\n', 'switch false by n1.example'],
    [['-c', 'enable-global-recoveries'], 'enabled\n', 'switch true by n1.example'],
    [
      ['-c', 'ack-all-recoveries', '-r', 'all is well & done'],
      'all is well & done\n',
      'acknowledge "all" by n1.example: all is well & done',
    ],
  ])('%j do it once', async (argv, expected, call) => {
    expect(await printed(...argv)).toBe(expected);
    expect(service.calls).toEqual([call]);
  });

  it('tell what is blocked, until when and because of what, and acknowledge it by the server that failed', async () => {
    const recovery = recoveryOf('1700000000000:ab', service.clusterId(), MAIN);
    service.fed.feed({ kind: 'recovery-opened', recovery });
    service.fed.feed({ kind: 'promoting', recoveryId: recovery.id, server: serverId(FIRST), epoch: 1 });
    service.fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict: { kind: 'succeeded' }, lost: [] });
    service.problems = [
      {
        server: serverId(FIRST),
        clusterId: service.clusterId(),
        code: 'DeadMaster',
        description: '',
        severity: 'critical',
        reaction: 'recover-dead-primary',
        because: [],
      },
    ];
    const said = await printed('-c', 'blocked-recoveries');
    expect(said).toMatch(/^read-replica-1:3306 DeadMaster: blocked until \d{4}-\d\d-\d\d/);
    expect(said).toContain('by recovery 1700000000000:ab of main:3306; orchestrator-client -c ack-cluster-recoveries');
    expect(await printed('-c', 'ack-instance-recoveries', '-i', 'main:3306', '-r', 'seen')).toBe('main:3306\n');
    expect(service.calls).toEqual(['acknowledge {"uid":"1700000000000:ab"} by n1.example: seen']);
  });

  it('acknowledge the recoveries of a cluster', async () => {
    expect(await printed('-c', 'ack-cluster-recoveries', '-i', 'main:3306', '-r', 'seen')).toBe('main:3306\n');
    expect(service.calls).toEqual([`acknowledge {"clusterId":"${MAIN}"} by n1.example: seen`]);
  });

  it.each([
    [['-a', 'main:3306', '-d', 'read-replica-1'], `to ${FIRST}`],
    [['-i', 'main', '-s', 'read-replica-1:3306'], `to ${FIRST}`],
    [['-a', 'main:3306'], 'to anybody'],
  ])('move the primary role with %j', async (argv, to) => {
    service.recovery = recoveryOf('1:a', service.clusterId(), MAIN, {
      successor: serverId(FIRST),
      closedAtMs: 1,
      verdict: { kind: 'succeeded' },
    });
    expect(await printed('-c', 'graceful-master-takeover', ...argv)).toBe('read-replica-1:3306\n');
    expect(await printed('-c', 'graceful-master-takeover-auto', ...argv)).toBe('read-replica-1:3306\n');
    expect(service.calls).toEqual([
      `graceful-master-takeover ${MAIN} ${to} by n1.example`,
      `graceful-master-takeover-auto ${MAIN} ${to} by n1.example`,
    ]);
  });

  it('say beside the new primary whom a takeover has left behind', async () => {
    service.recovery = recoveryOf('1:a', service.clusterId(), MAIN, {
      successor: serverId(FIRST),
      closedAtMs: 1,
      verdict: { kind: 'succeeded' },
      lost: [{ server: serverId(MAIN), reason: 'no account is known', gtids: '' }],
    });
    const { out, err } = await run(node.url, ['-c', 'graceful-master-takeover-auto', '-a', 'main:3306']);
    expect(out).toBe('read-replica-1:3306\n');
    expect(err).toContain('main:3306 does not follow it: no account is known');
  });

  it.each([
    [['-c', 'force-master-takeover', '-a', 'main:3306', '-d', 'read-replica-1'], 'force-master-takeover'],
    [['-c', 'force-master-failover', '-a', 'main:3306'], 'force-master-failover'],
  ])('show with --dry-run what they would do, and do nothing: %j', async (argv, command) => {
    const out = await printed(...argv, '--dry-run');
    expect(out).toMatch(
      new RegExp(`^${command} in the cluster of main:3306: would be done; nothing was done now\n {2}new primary: `),
    );
    expect(out).toMatch(/\n {2}1\. read the state of main:3306\n/);
    expect(out).toContain('the point of no return (until here it is undone if something fails)');
    expect(service.calls).toEqual([`plan ${command} ${MAIN}`]);
  });

  it('fail a dry run of what would be refused, with the reason and what mends it', async () => {
    const { code, out } = await run(node.url, ['-c', 'graceful-master-takeover', '-a', 'main:3306', '--dry-run']);
    expect(code).toBe(1);
    expect(out).toMatch(/^graceful-master-takeover in the cluster of main:3306: would NOT be done\n/);
    expect(out).toContain('[not-indicated]\n    to mend it: name the new primary with -d');
  });

  it.each([
    [['-c', 'stop-replica', '-i', 'read-replica-1', '--pattern', 'x'], '--pattern'],
    [['-c', 'relocate-replicas', '-i', 'main', '-d', 'read-replica-1', '--channel', 'x'], '--channel'],
    [['-c', 'history', '--pattern', 'x'], '--pattern'],
    [['-c', 'set-read-only', '-i', 'main', '--force'], '--force'],
    [['-c', 'restart-replica', '-i', 'read-replica-1', '--until', 'binlog.000001:4'], '--until'],
  ])('do not more than was meant: %j', async (argv, option) => {
    const { code, err } = await run(node.url, argv);
    expect(code).toBe(1);
    expect(err).toContain(`takes no ${option}, and nothing was done`);
    expect(service.calls).toEqual([]);
  });

  it('are not done instead where there is no plan to show', async () => {
    const { code, err } = await run(node.url, ['-c', 'forget', '-i', 'main:3306', '--dry-run']);
    expect(code).toBe(1);
    expect(err).toContain('forget has no plan to show, so it takes no --dry-run, and nothing was done');
    expect(service.calls).toEqual([]);
  });

  it('show what would be done without being asked', async () => {
    const out = await printed('-c', 'plan', '-a', 'main:3306');
    expect(out).toMatch(/^without being asked, if main:3306 fails, in the cluster of main:3306: would be done;/);
    expect(out).toContain('commit read-replica-1:3306 as the primary');
  });

  it.each([
    [
      ['purge-binary-logs', '-i', 'main:3306', '-n', 'latest', '--force'],
      'purge-binary-logs/main/3306/latest?force=true',
    ],
    [['reset-replica', '-i', 'a:1', '--channel', 'x', '--force'], 'reset-replica/a/1?channel=x&force=true'],
    [['skip-query', '-i', 'a:1', '--channel', 'x'], 'skip-query/a/1?channel=x'],
    [['set-writeable', '-i', 'a:1', '--force'], 'set-writeable/a/1?force=true'],
    [['start-replica', '-i', 'a:1', '--until', 'binlog.000001:4'], 'start-replica/a/1?until=binlog.000001:4'],
    [['start-replica', '-i', 'a:1'], 'start-replica/a/1'],
  ])('are meant where that is said, and end where that is said: %j', async (argv, path) => {
    const canned = await serveCanned(() => ({ body: '{"Code":"OK","Message":"","Details":{"Key":{}}}' }));
    await run(canned.url, ['-c', ...argv]);
    await canned.close();
    expect(canned.asked.at(-1)?.url).toBe(`/api/${path}`);
  });

  it('carry one key each', async () => {
    const canned = await serveCanned(() => ({ body: '{"Code":"OK","Message":"","Details":{"Key":{}}}' }));
    await run(canned.url, ['-c', 'forget', '-i', 'a:1']);
    await run(canned.url, ['-c', 'forget', '-i', 'a:1']);
    await run(canned.url, ['-c', 'clusters']);
    const keys = canned.asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys[2]).toBeUndefined();
    await canned.close();
  });

  it('take the port that the cluster is configured with, unless -D says another', async () => {
    const canned = await serveCanned(({ url }) =>
      url === '/api/v1/settings'
        ? { body: '{"defaultInstancePort":3399}' }
        : { body: '{"Code":"OK","Message":"","Details":null}' },
    );
    await run(canned.url, ['-c', 'forget', '-i', 'a']);
    await run(canned.url, ['-c', 'forget', '-i', 'a', '-D', '3377']);
    await run(canned.url, ['-c', 'forget', '-i', 'a:1']);
    expect(canned.asked.map(({ url }) => url)).toEqual([
      '/api/v1/settings',
      '/api/forget/a/3399',
      '/api/forget/a/3377',
      '/api/forget/a/1',
    ]);
    await canned.close();
  });
});

describe('the catalogue', () => {
  it('has every command of the script', () => {
    const known = commandNames();
    for (const name of INCUMBENT_COMMANDS) expect(known, name).toContain(name);
  });

  it('names each once, and says what it does', () => {
    const commands = COMMAND_GROUPS.flatMap((group) => group.commands);
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
    for (const { name, about } of commands) expect(about, name).not.toBe('');
  });

  it('knows old names', () => {
    expect(currentName('stop-slave')).toBe('stop-replica');
    expect(currentName('move-up-slaves')).toBe('move-up-replicas');
    expect(currentName('enslave-siblings')).toBe('take-siblings');
    expect(findCommand('enable-semi-sync-replica')).not.toBeNull();
  });

  it('reaches a command that the server does not answer yet, and says so', async () => {
    const { code, out, err } = await run(node.url, ['-c', 'match', '-i', 'read-replica-1', '-d', 'read-replica-2']);
    expect({ code, out, err }).toEqual({ code: 1, out: '', err: 'match is not supported yet\n' });
  });
});

describe('beside the commands of the script', () => {
  it.each([
    [
      ['-c', 'audit', '-i', 'main'],
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d cluster-found main:3306: main:3306 heads a cluster$/m,
    ],
    [['-c', 'set-cluster-alias', '-i', 'main:3306', '-a', 'shop'], /^Cluster main:3306 now has alias 'shop'\n$/],
    [['-c', 'set-cluster-alias', '-i', 'main:3306', '-a', 'shop', '--json'], /^null\n$/],
  ])('%j', async (argv, expected) => {
    expect(await printed(...argv)).toMatch(expected);
  });

  it('each node that is named reads its configuration again, and says what became of it', async () => {
    const canned = await serveCanned(() => ({
      body: '{"Code":"OK","Message":"Config reloaded: nothing changed","Details":""}',
    }));
    expect(await run(canned.url, ['-c', 'reload-configuration', '-P', '/etc/more.json'])).toMatchObject({
      code: 0,
      out: 'Config reloaded: nothing changed\n',
    });
    expect(canned.asked.at(-1)?.url).toBe('/api/reload-configuration?config=%2Fetc%2Fmore.json');
    const { code, out } = await run([canned.url, node.url], ['-c', 'reload-configuration']);
    expect(code).toBe(1);
    expect(out).toBe(
      `${canned.url}/api: Config reloaded: nothing changed\n${node.url}/api: reload-configuration: this node has no files to read\n`,
    );
    await canned.close();
  });
});
