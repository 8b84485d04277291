/** From an orchestrator that answers as the incumbent does, over HTTPS and for those it knows, to a node of ours as it is. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runImport } from '../../../src/app/cli/import.js';
import { FakeService, FIRST, MAIN } from '../../adapters/http/fake-service.js';
import { serverId } from '../../support/facts.js';
import { misfits } from '../../support/incumbent/misfits.js';
import { SHAPES } from '../../support/incumbent/shapes.js';
import { type Listening, serve } from '../client/client-run.js';

const certificates = new URL('../../adapters/http/certificates/', import.meta.url);
const pem = (name: string): string => readFileSync(new URL(`${name}.pem`, certificates), 'utf8');
const ANN = `Basic ${Buffer.from('ann:secret').toString('base64')}`;

/** Every field of a shape, with nothing in it. */
function blank(shape: string): Record<string, unknown> {
  const nothing = (type: string): unknown => {
    const first = type.split('|')[0] ?? '';
    if (first.endsWith('[]')) return [];
    const plain: Record<string, unknown> = {
      string: '',
      int: 0,
      number: 0,
      bool: false,
      object: {},
      null: null,
      any: null,
    };
    return first in plain ? plain[first] : blank(first);
  };
  return Object.fromEntries((SHAPES.get(shape) ?? []).map(({ name, type }) => [name, nothing(type)]));
}

const key = (Hostname: string) => ({ Hostname, Port: 3306 });

function instance(host: string, more: object = {}): object {
  return {
    ...blank('Instance'),
    Key: key(host),
    ClusterName: 'main:3306',
    LastSeenTimestamp: '2026-01-31 12:00:00',
    SecondsSinceLastSeen: { Int64: 1, Valid: true },
    ...more,
  };
}

const OLD: Readonly<Record<string, unknown>> = {
  'all-instances': [
    instance('main'),
    instance('read-replica-1', {
      IsDowntimed: true,
      DowntimeOwner: 'ann\n',
      DowntimeReason: 'a disk\n',
      DowntimeEndTimestamp: '2026-01-31 14:00:00',
      UnresolvedHostname: 'vip',
    }),
    instance('read-replica-2'),
  ],
  'bulk-promotion-rules': [
    { ...blank('CandidateDatabaseInstance'), Hostname: 'read-replica-1', Port: 3306, PromotionRule: 'prefer' },
  ],
  'tags/main/3306': [],
  'tags/read-replica-1/3306': ['role=reader', 'empty='],
  'clusters-info': [{ ...blank('ClusterInfo'), ClusterName: 'main:3306', ClusterAlias: 'shop' }],
  'cluster-pool-instances/main%3A3306': { Code: 'OK', Message: '', Details: { readers: [key('read-replica-1')] } },
  'check-global-recoveries': { Code: 'OK', Message: '', Details: 'enabled' },
};

let old: Server;
let oldUrl: string;
let service: FakeService;
let node: Listening;

beforeEach(async () => {
  old = createServer({ cert: pem('nodes'), key: pem('nodes-key') }, (request, response) => {
    if (request.headers.authorization !== ANN && request.headers['x-forwarded-user'] !== 'ann') {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="Authorization Required"' }).end('Not Authorized\n');
      return;
    }
    const found = OLD[(request.url ?? '').replace('/api/', '')];
    const error = { Code: 'ERROR', Message: 'no such instance', Details: null };
    response.writeHead(found === undefined ? 500 : 200).end(JSON.stringify(found ?? error));
  });
  await new Promise<void>((resolve) => void old.listen(0, '127.0.0.1', resolve));
  oldUrl = `https://localhost:${String((old.address() as AddressInfo).port)}`;
  service = new FakeService();
  node = await serve(service, { authentication: { method: 'basic', user: 'bob', password: 'other' } });
});

afterEach(async () => {
  old.closeAllConnections();
  old.close();
  await node.close();
});

const AROUND = {
  ORCHESTRATOR_FROM_USER: 'ann',
  ORCHESTRATOR_FROM_PASSWORD: 'secret',
  ORCHESTRATOR_FROM_TLS_CA: fileURLToPath(new URL('authority.pem', certificates)),
  ORCHESTRATOR_AUTH_USER: 'bob',
  ORCHESTRATOR_AUTH_PASSWORD: 'other',
};

async function run(
  around: Readonly<Record<string, string>> = AROUND,
  api: string | null = node.url,
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const terminal = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  const request = { verb: 'import', from: oldUrl, api, dryRun: false } as const;
  return { code: await runImport(request, terminal, around), ...said };
}

it('stands in for the incumbent to the last field', () => {
  expect(misfits('Instance[]', OLD['all-instances'])).toEqual([]);
  expect(misfits('ClusterInfo[]', OLD['clusters-info'])).toEqual([]);
  expect(misfits('CandidateDatabaseInstance[]', OLD['bulk-promotion-rules'])).toEqual([]);
});

it('carries over all but what cannot be read, and says what that is', async () => {
  const { code, out, err } = await run();
  expect(service.calls).toEqual([
    `downtime ${FIRST} by ann because a disk for 7199000`,
    `alias ${service.clusterId()} shop by bob`,
  ]);
  const { state } = service;
  const first = serverId(FIRST);
  expect(state.tags.get(first)).toMatchObject([
    { name: 'empty', value: '' },
    { name: 'role', value: 'reader' },
  ]);
  expect(state.candidates.get(first)).toMatchObject({ rule: 'prefer' });
  expect([...state.candidates.keys(), ...state.tags.keys()]).not.toContain(serverId(MAIN));
  expect(JSON.stringify([...state.unresolves.values()])).toContain('vip');
  expect(JSON.stringify([...state.pools.values()])).toContain('read-replica-1');
  expect(out).toMatch(/servers +0 carried over, 3 there already/);
  expect(err).toBe('not carried over: could not be read: tags of read-replica-2:3306: no such instance\n');
  expect(code).toBe(1);
});

it('changes nothing that is so already, however often it is run', async () => {
  await run();
  const { fed, nowMs } = service;
  const downtime = {
    server: serverId(FIRST),
    owner: 'ann',
    reason: 'a disk',
    beganAtMs: nowMs,
    endsAtMs: Date.now() + 7_199_000,
  };
  fed.feed({ kind: 'downtime-begun', downtime });
  fed.feed({ kind: 'alias-set', clusterId: service.clusterId(), alias: 'shop' });
  const before = JSON.stringify([...service.state.tags, ...service.state.candidates]);
  service.calls.length = 0;
  const { out } = await run();
  expect(service.calls).toEqual([]);
  expect(out).toMatch(/tags +0 carried over, 2 there already/);
  expect(out).toMatch(/promotion rules +0 carried over, 1 there already/);
  expect(out).toMatch(/name mappings +0 carried over, 1 there already/);
  expect(JSON.stringify([...service.state.tags, ...service.state.candidates])).toBe(before);
});

it('believes nobody whom nobody vouches for, and asks for a name where one is wanted', async () => {
  const { ORCHESTRATOR_FROM_TLS_CA: ca, ...without } = AROUND;
  expect(ca).toContain('authority');
  const unknown = await run(without);
  expect(unknown).toMatchObject({ code: 1, out: '' });
  expect(unknown.err).toContain('no authority that is known signed its certificate');
  expect((await run({ ...without, ORCHESTRATOR_FROM_TLS_INSECURE: '1' })).out).toContain('servers');
  expect((await run({ ...AROUND, ORCHESTRATOR_FROM_PASSWORD: 'x' })).err).toContain('asks who you are');
  expect((await run({ ...AROUND, ORCHESTRATOR_AUTH_PASSWORD: 'x' })).err).toContain(`${node.url} asks who you are`);
  expect((await run({ ...AROUND, ORCHESTRATOR_FROM_TLS_CA: '/nowhere' })).code).toBe(2);
});

it('says who asks by a header, where a proxy would', async () => {
  await node.close();
  node = await serve(service, {
    authentication: {
      method: 'proxy',
      userHeader: 'x-remote-user',
      power: { users: ['bob'], groups: [] },
      admins: null,
    },
  });
  const { ORCHESTRATOR_FROM_TLS_CA } = AROUND;
  const around = {
    ORCHESTRATOR_FROM_TLS_CA,
    ORCHESTRATOR_FROM_USER_HEADER: 'X-Forwarded-User: ann',
    ORCHESTRATOR_AUTH_USER_HEADER: 'X-Remote-User:bob',
  };
  await run(around);
  expect(service.calls).toContain(`alias ${service.clusterId()} shop by bob`);
  const nobody = await run({ ...around, ORCHESTRATOR_AUTH_USER_HEADER: 'bob' });
  expect(nobody).toMatchObject({
    code: 2,
    err: 'ORCHESTRATOR_AUTH_USER_HEADER: "bob" is no header; give it as NAME:VALUE\n',
  });
});

it('blames what was really given', async () => {
  const { ORCHESTRATOR_FROM_TLS_CA } = AROUND;
  const told = async (around: Readonly<Record<string, string>>): Promise<string> => {
    const { code, err } = await run({ ORCHESTRATOR_FROM_TLS_CA, ...around }, null);
    expect(code).toBe(2);
    return err;
  };
  expect(await told({ ORCHESTRATOR_API: 'here' })).toMatch(/^ORCHESTRATOR_API: "here" is no URL/);
  expect(await told({ ORCHESTRATOR_API: `${node.url},http://other:3000` })).toMatch(/^ORCHESTRATOR_API: one URL/);
  expect(await told({ ORCHESTRATOR_API: oldUrl })).toMatch(/^--from and ORCHESTRATOR_API are the same/);
  expect(await told({ ORCHESTRATOR_FROM_TLS_CA: '/nowhere.pem' })).toMatch(/^ORCHESTRATOR_FROM_TLS_CA \/nowhere.pem/);
  expect(await told({ ORCHESTRATOR_TLS_KEY: '/nowhere.pem' })).toBe(
    'ORCHESTRATOR_TLS_KEY needs the certificate that it is for: ORCHESTRATOR_TLS_CERT\n',
  );
});
