// A node as a process and its configuration file: read again by a signal and by request, all or nothing, and doors that
// cannot be opened named by their keys. No MySQL server is needed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { GuardedProcess } from '../../../tools/lab/guarded-process.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';

const PATIENCE = { timeout: 60_000, interval: 50 };

let folder: string;
let ports: readonly number[];
let node: GuardedProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-configuration-'));
  ports = await freePorts(3);
});

afterEach(async () => {
  await node?.stop();
  node = null;
  await rm(folder, { recursive: true });
});

function content(more: object): object {
  const [http, grpc, raft] = ports;
  return {
    ListenAddress: `127.0.0.1:${String(http)}`,
    GRPCListenAddress: `127.0.0.1:${String(grpc)}`,
    RaftBind: `127.0.0.1:${String(raft)}`,
    RaftDataDir: join(folder, 'data'),
    RecoverMasterClusterFilters: ['*'],
    MySQLTopologyUser: 'orc',
    MySQLTopologyPassword: 'open-sesame',
    ...more,
  };
}

async function write(more: object): Promise<string> {
  const file = join(folder, 'orchestrator.conf.json');
  await writeFile(file, JSON.stringify(content(more)));
  return file;
}

async function start(more: object): Promise<GuardedProcess> {
  const file = await write(more);
  node = new GuardedProcess({
    command: process.execPath,
    args: [join(PROJECT_ROOT, 'dist', 'app', 'main.js'), '--config', file, 'http'],
    directory: folder,
    environment: { LOG_FORMAT: 'text', UV_THREADPOOL_SIZE: '16' },
    outputFile: join(folder, 'log'),
  });
  return node;
}

async function logged(text: string | RegExp): Promise<void> {
  await vi.waitFor(() => {
    expect(node?.output()).toMatch(text);
  }, PATIENCE);
}

/** A node that has just started may have yet to be elected. */
async function done(path: string): Promise<void> {
  await vi.waitFor(async () => {
    expect((await get(path)).Code).toBe('OK');
  }, PATIENCE);
}

async function get(path: string): Promise<{ Code: string; Message: string }> {
  const response = await fetch(`http://127.0.0.1:${String(ports[0])}${path}`);
  return (await response.json()) as { Code: string; Message: string };
}

it('reads its file again by SIGHUP and by request, all or nothing', async () => {
  const running = await start({});
  await logged('ready: ');
  expect(running.output()).not.toContain('DEBUG');

  await write({ Debug: true, ListenAddress: '127.0.0.1:1' });
  running.signal('SIGHUP');
  await logged(/read again: in force now: Debug; only after a restart of this node: ListenAddress/);

  await write({ Debug: 'no', InstancePollSeconds: -1, MySQLTopologyPassword: ['open-sesame'] });
  const refused = await get('/api/reload-configuration');
  expect(refused.Code).toBe('ERROR');
  expect(refused.Message).toMatch(/3 things are wrong[^]*InstancePollSeconds: -1[^]*Debug: "no"/);
  await logged(/nothing changed, because/);

  await write({ ReadOnly: true });
  expect((await get('/api/reload-configuration')).Message).toBe('Config reloaded: in force now: ReadOnly, Debug');
  // An administrator has just made everybody a reader; that holds for this request, too.
  expect((await get('/api/reload-configuration')).Message).toBe('Unauthorized');
  expect(running.output()).not.toContain('open-sesame');
});

it('names the key of a door that it cannot open', async () => {
  const taken = await listening();
  try {
    for (const key of ['ListenAddress', 'GRPCListenAddress', 'RaftBind']) {
      const failing = await start({ [key]: taken.address, RaftEnabled: true });
      await failing.exited();
      expect(failing.output()).toMatch(
        new RegExp(`FATAL the node ends: ${key}: cannot listen on ${taken.address}.*another`),
      );
    }
    const failing = await start({ RaftDataDir: join(folder, 'orchestrator.conf.json', 'data') });
    await failing.exited();
    expect(failing.output()).toMatch(/FATAL the node ends: RaftDataDir: .*ENOTDIR/);
  } finally {
    taken.server.close();
  }
});

it('writes its audit to a file, once, and its figures to Graphite', async () => {
  let figures = '';
  const graphite = createServer((socket) => socket.on('data', (data: Buffer) => void (figures += data.toString())));
  await new Promise<void>((resolve) => void graphite.listen(0, '127.0.0.1', resolve));
  const bound = graphite.address();
  const file = join(folder, 'audit.log');
  await start({
    AuditLogFile: file,
    GraphiteAddr: `127.0.0.1:${String(typeof bound === 'object' ? bound?.port : 0)}`,
    GraphitePath: 'orc.{hostname}',
    GraphitePollSeconds: 1,
    ObserveOnly: true,
  });
  try {
    await logged('ready: ');
    await logged('NOTHING IS EVER CHANGED');
    await done('/api/disable-global-recoveries');
    await vi.waitFor(async () => {
      expect(await readFile(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\d [\d:]+\t[\w-]+\t\t0\t\[\]\t.*disabled.*\t$/m);
      expect(figures).toMatch(/^orc\.[^.]+\.orchestrator_is_leader 1 \d+$/m);
    }, PATIENCE);
    await running(node).stop();
    const before = await readFile(file, 'utf8');
    await start({ AuditLogFile: file });
    await logged(/ready: [^]*ready: /);
    await done('/api/enable-global-recoveries');
    await vi.waitFor(async () => {
      const after = await readFile(file, 'utf8');
      expect(after.startsWith(before)).toBe(true);
      expect(after.split('disabled').length).toBe(before.split('disabled').length);
      expect(after.length).toBeGreaterThan(before.length);
    }, PATIENCE);
  } finally {
    graphite.close();
  }
});

function running(started: GuardedProcess | null): GuardedProcess {
  if (started === null) throw new Error('no node was started');
  return started;
}

async function listening(): Promise<{ server: Server; address: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return { server, address: `127.0.0.1:${String(typeof bound === 'object' ? bound?.port : 0)}` };
}
