// Every route of the incumbent's API, asked of three nodes over a real topology: status, type and shape of each answer.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UNSUPPORTED_COMMANDS } from '../../../src/adapters/http/routes/unsupported.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { CALLS } from '../../support/incumbent/calls.js';
import { INCUMBENT_API } from '../../support/incumbent/routes.js';
import { MEANT_LINES, OUR_LINES, runOurs, runWords } from '../../support/incumbent/our-client.js';
import { type Ended, runScript, type Given } from '../../support/incumbent/script.js';
import { INCUMBENT_COMMANDS } from '../../support/incumbent/script-commands.js';
import { SCRIPT_LINES } from '../../support/incumbent/script-lines.js';
import { type Ask, differences, routeOf } from '../../support/incumbent/walk.js';

/** That of a node's probes: it is there whenever it is asked for. */
const A_CLIENT =
  "SELECT ID AS id FROM performance_schema.processlist WHERE USER = 'orchestrator' AND COMMAND = 'Sleep'";
const PATIENCE = { timeout: 60_000, interval: 20 };

let lab: MySqlLab;
let topology: Topology;
let cluster: OrchestratorCluster;
const asked = new Set<string>();
/** The primary and its two replicas, after the last `settle`. */
let standing: readonly LabServer[] = [];
let turn = 0;

beforeAll(async () => {
  lab = await MySqlLab.open();
  const plugins = ['plugin_load_add=semisync_source.so', 'plugin_load_add=semisync_replica.so'];
  topology = await lab.topology({ replicas: 2, extra: plugins });
  cluster = await lab.cluster({
    seeds: [topology.primary.address],
    // A probe that the machine itself holds up is no matter here.
    config: { ReplicationCredentialsQuery: "SELECT 'repl', 'repl'", ReasonableInstanceCheckSeconds: 30 },
  });
  await settle();
});

afterAll(async () => {
  await lab.close();
});

interface Instance {
  readonly Key: { readonly Hostname: string; readonly Port: number };
  readonly MasterKey: { readonly Port: number };
  readonly ReplicationSQLThreadRuning: boolean;
  readonly ReplicationIOThreadRuning: boolean;
  readonly ReplicationLagSeconds: { readonly Valid: boolean };
  readonly IsLastCheckValid: boolean;
}

interface Closing {
  readonly closedAtMs: number | null;
}

/** Any node, in turn: what it cannot do itself it passes on. */
const ask: Ask = async (method, url) => {
  turn += 1;
  const node = url.includes('/leader-check') ? await cluster.leader() : cluster.nodes[turn % cluster.nodes.length];
  const response = await fetch(`${node?.url ?? ''}${url}`, { method });
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
};

async function json<T>(url: string): Promise<T> {
  const leader = await cluster.leader();
  return await leader.get<T>(url);
}

const pathOf = ({ host, port }: LabServer): string => `${host}/${String(port)}`;

async function primaryOf(): Promise<LabServer> {
  const [primary] = await json<readonly Instance[]>('/api/masters');
  if (primary === undefined) throw new Error('no primary yet');
  return topology.server(`${primary.Key.Hostname}:${String(primary.Key.Port)}`);
}

/**
 * The two others replicate from the primary that there is, and all nodes have seen it, the lag as well: what changes from look
 * to look reaches the other nodes after what they keep in their log.
 */
async function settle(): Promise<void> {
  const primary = await vi.waitFor(primaryOf, PATIENCE);
  const others = topology.servers.filter((server) => server !== primary);
  standing = [primary, ...others];
  await primary.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = 0');
  for (const other of others) {
    // Whom the nodes take up again of themselves, in this very moment, has to be stopped anew.
    await vi.waitFor(async () => {
      await other.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 1');
      await other.replicateFrom(primary);
    }, PATIENCE);
    await other.waitForReplication();
  }
  await vi.waitFor(async () => {
    for (const server of topology.servers) await ask('GET', `/api/refresh/${pathOf(server)}`);
    const { recoveries } = await json<{ recoveries: readonly Closing[] }>('/api/v1/overview');
    expect(recoveries.filter(({ closedAtMs }) => closedAtMs === null)).toEqual([]);
    for (const node of cluster.nodes) {
      const all = await node.get<readonly Instance[]>('/api/all-instances');
      expect(
        all.map(({ MasterKey, ReplicationIOThreadRuning: io, ReplicationSQLThreadRuning: sql, ...one }) => [
          MasterKey.Port,
          io && sql,
          one.ReplicationLagSeconds.Valid,
          one.IsLastCheckValid,
        ]),
      ).toEqual(
        all.map(({ Key }) => (Key.Port === primary.port ? [0, false, false, true] : [primary.port, true, true, true])),
      );
      expect(all).toHaveLength(3);
    }
  }, PATIENCE);
}

async function filledIn(call: string): Promise<string> {
  const [, a = topology.primary, b = topology.primary] = standing;
  const [primary = topology.primary] = standing;
  const values: Record<string, () => Promise<string> | string> = {
    P: () => pathOf(primary),
    A: () => pathOf(a),
    B: () => pathOf(b),
    a: () => a.address,
    b: () => b.address,
    p: async () => (await json<readonly string[]>('/api/clusters'))[0] ?? '',
    log: async () => (await primary.query<{ File: string }>('SHOW BINARY LOG STATUS'))[0]?.File ?? '',
    process: () =>
      vi.waitFor(async () => {
        const [client] = await primary.query<{ id: number }>(A_CLIENT);
        if (client === undefined) throw new Error('all are asking, or come anew');
        return String(client.id);
      }, PATIENCE),
    maintenance: async () =>
      String((await json<readonly { MaintenanceId: number }[]>('/api/maintenance'))[0]?.MaintenanceId),
    uid: async () => (await json<readonly { UID: string }[]>('/api/audit-recovery'))[0]?.UID ?? '',
    id: async () => String((await json<readonly { Id: number }[]>('/api/audit-recovery'))[0]?.Id ?? ''),
    peer: async () => (await cluster.follower()).raftAddress,
    m: () => primary.address,
    any: () => '127.0.0.1:\\d+',
  };
  let filled = call;
  for (const [name, value] of Object.entries(values)) {
    if (filled.includes(`{${name}}`)) filled = filled.replaceAll(`{${name}}`, await value());
  }
  return filled;
}

it('is answered as by the incumbent, route by route, at every node', async () => {
  const found: string[] = [];
  for (const line of CALLS) {
    if (line === 'settle') {
      await settle();
      continue;
    }
    const [call = '', mark = '', details = 'null'] = line.split(' ');
    const url = await filledIn(call);
    const route = routeOf(url.split('?')[0] ?? '');
    asked.add(route.path);
    const command = route.path.split('/')[2] ?? '';
    const error = mark === '!' || UNSUPPORTED_COMMANDS.includes(command) ? details : null;
    found.push(...(await differences(route, url, error, ask)));
  }
  expect(found).toEqual([]);
});

it('has no route that was not asked', () => {
  const left = INCUMBENT_API.filter(({ path, right }) => right !== 'unsupported' && !asked.has(path));
  expect(left.map(({ path }) => path)).toEqual([]);
});

interface Typed {
  readonly name: string;
  readonly given: Given;
}

/** `-i db1 -r a+disk`: a plus is a space. */
function typed(line: string): Typed {
  const [name = '', ...rest] = line.split(' ');
  const options = rest
    .join(' ')
    .split(/(?:^| )-/)
    .slice(1);
  const given = Object.fromEntries(options.map((option) => [option.slice(0, 1), option.slice(2).replaceAll('+', ' ')]));
  return { name, given };
}

type Run = (api: string, name: string, given: Given) => Promise<Ended>;

/** Runs the lines of a table; what came out otherwise than it says there. */
async function misfits(lines: readonly string[], run: Run): Promise<{ found: string[]; used: Set<string> }> {
  for (const server of topology.servers) await ask('GET', `/api/discover/${pathOf(server)}`);
  await settle();
  const used = new Set<string>();
  const found: string[] = [];
  for (const line of lines) {
    if (line === 'settle') {
      await settle();
      continue;
    }
    const [command = '', expected = ''] = (await filledIn(line)).split(' =>');
    const { name, given } = typed(command);
    used.add(name.replace('slave', 'replica'));
    const { code, out, err } = await run((await cluster.leader()).url, name, given);
    const isError = expected.startsWith('!');
    const pattern = new RegExp(`^${expected.replace(/^!? ?/, '')}$`);
    const isNotYet = UNSUPPORTED_COMMANDS.includes(name) && code === 1 && err.endsWith('is not supported yet\n');
    const fits = isError
      ? code === 1 && pattern.test(`${err.trim()}${err.endsWith('\n') ? '\n' : ''}`)
      : code === 0 && pattern.test(out);
    if (!fits && !isNotYet) found.push(`${command}: ${String(code)} ${JSON.stringify(out)} ${JSON.stringify(err)}`);
  }
  return { found, used };
}

it('is what the unmodified script asks and reads, command by command', async () => {
  const { found, used } = await misfits(SCRIPT_LINES, runScript);
  expect(found).toEqual([]);
  expect(INCUMBENT_COMMANDS.filter((name) => !used.has(name))).toEqual([]);
});

it('is what our own client asks, and prints as the script does, or as the script was meant to', async () => {
  for (const line of MEANT_LINES) expect(SCRIPT_LINES).toContain(line);
  const { found, used } = await misfits(OUR_LINES, runOurs);
  expect(found).toEqual([]);
  expect(INCUMBENT_COMMANDS.filter((name) => !used.has(name))).toEqual([]);
});

it('is shown by our own client where the script has no word for it, at any node', async () => {
  for (const server of topology.servers) await ask('GET', `/api/discover/${pathOf(server)}`);
  await settle();
  const [primary = topology.primary, replica = topology.primary] = standing;
  const all = cluster.nodes.map(({ url }) => url).join(' ');
  const follower = await cluster.follower();
  const shown = async (api: string, ...argv: string[]): Promise<string> => {
    const { code, out, err } = await runWords(api, argv);
    expect({ code, err }, argv.join(' ')).toEqual({ code: 0, err: '' });
    return out;
  };
  // On a busy machine a node may have just been silent.
  const status = await vi.waitFor(async () => {
    const told = await shown(all, '-c', 'status');
    expect(told.match(/ (leader|follower) +yes +[\d.]+ s +ok$/gm)).toHaveLength(3);
    return told;
  }, PATIENCE);
  expect(status).toMatch(
    /3 voters, 2 needed for every decision: 1 may be lost\n\nautomatic recovery is on\n1 of 1 clusters/,
  );
  const history = await shown(follower.url, '-c', 'history', '-i', primary.address);
  expect(history).toMatch(
    /ms {2}commit 127\.0\.0\.1:\d+ as the primary of epoch \d+: the point of no return \(\d+ ms\)/,
  );
  await expect
    .poll(() => shown(follower.url, '-c', 'plan', '-i', primary.address))
    .toContain('would be done; nothing was done now');
  await expect
    .poll(() => shown(follower.url, '-c', 'explain', '-i', primary.address))
    .toContain('would be failed over now');
  expect(JSON.parse(await shown(all, '-c', 'all-instances', '--json'))).toHaveLength(3);
  const completed = await shown(all, 'completion', 'words', '-c', 'topology', '-i', primary.address.slice(0, -1));
  expect(completed.split('\n')).toContain(primary.address);
  const dryRun = await shown(all, '-c', 'relocate-replicas', '-i', primary.address, '-d', replica.address, '--dry-run');
  expect(dryRun).toContain('would be done; nothing was done now');
});

it('is asked by orchestrator -c, which prints what the program did', async () => {
  const [primary = topology.primary, a = topology.primary, b = topology.primary] = standing;
  const { url } = await cluster.follower();
  const typedOnes: readonly (readonly [string, RegExp])[] = [
    ['-c clusters-alias', /^\S+:\d+\t\S+\n$/],
    [`-c find --pattern :${String(a.port)}$`, new RegExp(`^${a.address}\n$`)],
    [`-c instance-status -i ${a.address}`, /^\[\ds,ok,.*,ro,ROW,>>,GTID.*\]\n$/],
    [`-c get-candidate-slave -i ${primary.address}`, new RegExp(`^(${a.address}|${b.address})\n$`)],
    ['-c active-nodes', /^(127\.0\.0\.1;\S+\n){3}$/],
    [`-c resolve -i ${a.address}`, new RegExp(`^${a.address}\n$`)],
    ['-c check-global-recoveries', /^OK: Global recoveries disabled: false\n$/],
    [`-c which-instance -i ${a.address},${b.address}`, new RegExp(`^${a.address}\n${b.address}\n$`)],
    [`-c relocate-below -i ${a.address} -d ${b.address}`, new RegExp(`^${a.address}<${b.address}\n$`)],
    [`-c take-master -i ${a.address}`, new RegExp(`^${a.address}\n$`)],
    [
      `-c relocate-slaves -i ${a.address} -d ${primary.address} --pattern :${String(b.port)}`,
      new RegExp(`^${b.address}\n$`),
    ],
    [`-c regroup-replicas-gtid -i ${primary.address}`, /^(\S+)\n\1 lost: 0, moved: 1\n$/],
    [`-c ack-all-recoveries -r seen`, /^\d+ recoveries acknowledged\n$/],
  ];
  for (const [line, pattern] of typedOnes) {
    const { code, out, err } = await runWords(url, line.split(' '), 'program');
    expect({ code, err }, line).toEqual({ code: 0, err: '' });
    expect(out, line).toMatch(pattern);
  }
  await settle();
  const takeover = ['-c', 'graceful-master-takeover', '-i', primary.address, '-d', a.address];
  const { out } = await runWords(url, takeover, 'program');
  expect(out).toMatch(new RegExp(String.raw`^${a.address}\n\{\S+ \d+ 0\}\n$`));
});

it('is followed until ^C, or until nobody reads any more, by programs that stand at a terminal or in a pipe', async () => {
  const { url } = await cluster.leader();
  const program = join(PROJECT_ROOT, 'dist', 'app', 'client-main.js');
  const environment = { ...process.env, ORCHESTRATOR_API: url, NO_COLOR: '' };
  const follow = (argv: readonly string[]) => {
    const child = spawn(process.execPath, [program, ...argv], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const told = { text: '' };
    child.stdout.on('data', (data: Buffer) => void (told.text += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    return { child, told, ended };
  };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const events = follow(['-c', 'events']);
    await vi.waitFor(() => {
      expect(events.told.text).toContain('from here on as it happens');
    }, PATIENCE);
    events.child.kill(signal);
    expect(await events.ended).toBe(code);
    expect(events.told.text).not.toContain('\u001b');
  }
  const unread = follow(['-c', 'topology', '-i', topology.primary.address, '--watch=0.1']);
  await vi.waitFor(() => {
    expect(unread.told.text).toContain(topology.primary.address);
  }, PATIENCE);
  unread.child.stdout.destroy();
  await ask('GET', `/api/begin-downtime/${pathOf(topology.primary)}/ann/test/10m`);
  expect(await unread.ended).toBe(0);
  await ask('GET', `/api/end-downtime/${pathOf(topology.primary)}`);
  const line = `'${process.execPath}' '${program}' -c clusters`;
  const terminal = spawn('script', ['-qec', line, '/dev/null'], { env: { ...environment, TERM: 'xterm' } });
  let drawn = '';
  terminal.stdout.on('data', (data: Buffer) => void (drawn += data.toString()));
  await new Promise((resolve) => terminal.on('close', resolve));
  expect(drawn).toContain('\u001b[1mCLUSTER');
});

it('is found by the script among several nodes, whichever leads', async () => {
  const all = cluster.nodes.map(({ url }) => `${url}/api/`).join(' ');
  await vi.waitFor(async () => {
    const leader = await cluster.leader();
    expect(await runScript(all, 'which-api', {})).toMatchObject({ code: 0, out: `${leader.url}/api\n` });
  }, PATIENCE);
  // Whoever follows: on a busy machine the lead changes.
  await vi.waitFor(async () => {
    const follower = await cluster.follower();
    expect(await runScript(`http://127.0.0.1:9 ${follower.url}`, 'clusters', {}).catch(() => null)).toBeNull();
    const health = await runScript(`${follower.url} http://127.0.0.1:9`, 'raft-health', {});
    expect(health).toMatchObject({ out: 'healthy\n' });
  }, PATIENCE);
});
