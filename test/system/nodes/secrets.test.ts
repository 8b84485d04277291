// A node whose every setting that can hold a secret holds one, among servers and stores that say those secrets aloud in their
// errors: none is in its log, in an answer of any door, or in what its commands print.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadRecoveriesService } from '../../../src/adapters/grpc/services/recoveries.js';
import { routeGroups } from '../../../src/adapters/http/route-table.js';
import { isCommand } from '../../../src/adapters/http/route.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { GuardedProcess } from '../../../tools/lab/guarded-process.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const MARK = 'sesame-7361';
const secret = (of: string): string => `${of}-${MARK}`;
const ANN = { authorization: `Basic ${Buffer.from(`ann:${secret('http')}`).toString('base64')}` };

let folder: string;
let mysql: Server;
let consul: HttpServer;
let node: GuardedProcess;
let url: string;
let grpc: string;
const heard: { readonly where: string; readonly text: string }[] = [];

/** The first word of a server that refuses, with all that it should not know. */
function errorPacket(text: string): Buffer {
  const payload = Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from(`#28000${text}`)]);
  return Buffer.concat([Buffer.from([payload.length & 0xff, payload.length >> 8, 0, 0]), payload]);
}

const LOUD = ['mysql', 'http', 'consul', 'query', 'hook'].map(secret).join(' ');

async function listening(server: Server | HttpServer): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function content(more: object): object {
  return {
    ListenAddress: url.slice('http://'.length),
    GRPCListenAddress: grpc,
    RaftDataDir: join(folder, 'data'),
    RecoverMasterClusterFilters: ['*'],
    InstancePollSeconds: 0.2,
    MySQLTopologyUser: 'orc',
    MySQLTopologyPassword: secret('mysql'),
    MySQLOrchestratorPassword: secret('backend'),
    OAuthClientSecret: secret('oauth'),
    ReplicationCredentialsQuery: `select 'repl', '${secret('query')}'`,
    AuthenticationMethod: 'basic',
    HTTPAuthUser: 'ann',
    HTTPAuthPassword: secret('http'),
    ConsulAclToken: secret('consul'),
    OnFailureDetectionProcesses: [`curl -H 'token: ${secret('hook')}' x`],
    PostFailoverProcesses: ['echo ${SECRET_OF_ENVIRONMENT}'],
    DetectClusterAliasQuery: '${SECRET_OF_ENVIRONMENT}',
    ...more,
  };
}

const file = (): string => join(folder, 'orchestrator.conf.json');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-secrets-'));
  const [http = 0, grpcPort = 0] = await freePorts(2);
  url = `http://127.0.0.1:${String(http)}`;
  grpc = `127.0.0.1:${String(grpcPort)}`;
  mysql = createServer((socket) => socket.end(errorPacket(`Access denied: ${LOUD}`)));
  consul = createHttpServer((request, response) => {
    response.writeHead(500).end(`ACL not found: ${String(request.headers['x-consul-token'])} ${LOUD}`);
  });
  const seed = await listening(mysql);
  const config = content({ DiscoverySeeds: [seed], ConsulAddress: await listening(consul), Debug: true });
  await writeFile(file(), JSON.stringify(config));
  node = new GuardedProcess({
    command: process.execPath,
    args: [join(PROJECT_ROOT, 'dist', 'app', 'main.js'), '--config', file(), '--debug', '--stack', 'http'],
    directory: folder,
    environment: { UV_THREADPOOL_SIZE: '16', SECRET_OF_ENVIRONMENT: secret('environment') },
    outputFile: join(folder, 'log'),
  });
  await vi.waitFor(() => {
    expect(node.output()).toContain('ready: ');
    expect(node.output()).toContain('Access denied');
  }, PATIENCE);
});

afterAll(async () => {
  await node.stop();
  mysql.close();
  consul.close();
  await rm(folder, { recursive: true });
});

async function get(path: string, headers: Record<string, string> = ANN): Promise<string> {
  const response = await fetch(`${url}${path}`, { headers, redirect: 'manual' });
  const text = await response.text();
  const said = JSON.stringify([...response.headers]);
  heard.push({ where: path, text: `${said}${text}` });
  return text;
}

/** The first words of a stream. */
async function begun(path: string): Promise<void> {
  const ended = new AbortController();
  const response = await fetch(`${url}${path}`, { headers: ANN, signal: ended.signal });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  heard.push({ where: path, text: Buffer.from((first?.value as Uint8Array | undefined) ?? []).toString() });
  ended.abort();
}

async function program(...args: readonly string[]): Promise<void> {
  const main = join(PROJECT_ROOT, 'dist', 'app', 'main.js');
  const env = { ...process.env, SECRET_OF_ENVIRONMENT: secret('environment'), ORCHESTRATOR_API: url };
  await new Promise<void>((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (_error, out, err) => {
      heard.push({ where: args.join(' '), text: out + err });
      resolve();
    });
  });
}

function called(method: 'Explain' | 'Plan' | 'Recover', request: object, authorization: string): Promise<void> {
  const client = new Client(grpc, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const { path, requestSerialize, responseDeserialize } = loadRecoveriesService()[method];
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize as never,
      responseDeserialize as never,
      request,
      metadata,
      (error, answer) => {
        client.close();
        heard.push({ where: `gRPC ${method}`, text: `${String(error)} ${JSON.stringify(answer ?? null)}` });
        resolve();
      },
    );
  });
}

it('tells none of them, at no door', async () => {
  const seed = `127.0.0.1/${String((mysql.address() as AddressInfo).port)}`;
  const values = (path: string): string =>
    path.replace(':host/:port', seed).replaceAll(/:\w+/g, '1').replaceAll('*', 'x');
  const routes = routeGroups('').flatMap((group) => group.routes);
  for (const route of routes.filter((one) => !isCommand(one))) await get(values(route.path));
  for (const path of [`/api/discover/${seed}`, `/api/resolve/${seed}`, `/api/forget/${seed}`, `/api/discover/${seed}`])
    await get(path);
  for (const path of ['/metrics', '/api/v1/openapi.json', '/nothing', '/api/submit-masters-to-kv-stores'])
    await get(path);
  await get('/api/clusters', {});
  await get('/api/clusters', { authorization: `Basic ${Buffer.from('ann:wrong').toString('base64')}` });
  for (const path of ['/api/v1/events', '/api/v1/happenings']) await begun(path);
  for (const method of ['Explain', 'Plan', 'Recover'] as const) {
    await called(method, { cluster: LOUD, command: 'recover', server: seed.replace('/', ':') }, ANN.authorization);
    await called(method, { cluster: 'x' }, 'Basic wrong');
  }
  expect(heard.length).toBeGreaterThan(100);
  expect(
    heard.filter(({ text }) => text.includes(MARK)).map(({ where, text }) => `${where}: ${text.slice(0, 300)}`),
  ).toEqual([]);
});

it('tells none of them where the configuration is checked, shown or read again with faults', async () => {
  heard.length = 0;
  const faulty = join(folder, 'faulty.json');
  const wrong = {
    MySQLTopologyPassword: [secret('mysql')],
    HTTPAuthPassword: { [secret('http')]: 1 },
    ConsulAclToken: 7,
    HTTPAuthPasswort: secret('http'),
    PostFailoverProcesses: { run: secret('hook') },
    ConsulAddress: `ann:${secret('consul')}@consul`,
    HTTPAdvertise: `http://ann:${secret('http')}@here/x`,
    DiscoverySeeds: ['a b', '${SECRET_OF_ENVIRONMENT} x'],
    InstancePollSeconds: '${SECRET_OF_ENVIRONMENT}',
  };
  await writeFile(faulty, JSON.stringify(wrong));
  await program('config', 'check', faulty);
  await program('config', 'check', file());
  await program('--config', file(), '-c', 'dump-config');
  await program('--config', faulty, 'http');
  await get(`/api/reload-configuration?config=${encodeURIComponent(faulty)}`);
  await writeFile(file(), JSON.stringify(content({ MySQLTopologyPassword: secret('other'), Debug: true })));
  expect(await get('/api/reload-configuration')).toContain('MySQLTopologyPassword');
  expect(heard.map(({ where }) => where)).toHaveLength(6);
  expect(heard.filter(({ text }) => text.includes(MARK)).map(({ where, text }) => `${where}: ${text}`)).toEqual([]);
});

it('has none of them in its log', () => {
  const lines = node.output().split('\n');
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => line.includes(MARK))).toEqual([]);
});
