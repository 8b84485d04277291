// The entry point of containers, demo and tests, with a stand-in for the program that prints how it was called.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/app/config/load.js';
import { PROJECT_ROOT } from '../../tools/lab/project-root.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'entrypoint-'));
  for (const folder of ['scripts', 'cluster-compose']) mkdirSync(join(root, folder));
  copyFileSync(join(PROJECT_ROOT, 'cluster-compose', 'entrypoint'), join(root, 'cluster-compose', 'entrypoint'));
  writeFileSync(join(root, 'scripts', 'orchestrator'), '#!/bin/sh\necho "$@"\n');
  chmodSync(join(root, 'scripts', 'orchestrator'), 0o755);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function start(environment: Readonly<Record<string, string>>): { called: string; file: string } {
  const data = join(root, 'data');
  const called = execFileSync(join(root, 'cluster-compose', 'entrypoint'), [], {
    env: { PATH: process.env['PATH'], NODE_DATA: data, ...environment },
    encoding: 'utf8',
  });
  return { called: called.trim(), file: join(data, 'orchestrator.conf.json') };
}

const keysOf = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const MEMBER = {
  NODE_ADDRESS: '127.0.0.1:10008',
  NODE_PEERS: '127.0.0.1:10008,127.0.0.1:10009,127.0.0.1:10010',
  NODE_SEEDS: '127.0.0.1:3306',
  NODE_MYSQL_PASSWORD: 'secret',
};

describe('the entry point', () => {
  it('becomes a node with the file it wrote, which only its user can read', () => {
    const { called, file } = start(MEMBER);
    expect(called).toBe(`--config ${file} http`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('makes a member of a cluster', () => {
    expect(keysOf(start(MEMBER).file)).toEqual({
      ListenAddress: ':3000',
      GRPCListenAddress: ':3001',
      RaftEnabled: true,
      RaftDataDir: join(root, 'data'),
      RaftBind: '127.0.0.1:10008',
      RaftNodes: ['127.0.0.1:10008', '127.0.0.1:10009', '127.0.0.1:10010'],
      HTTPAdvertise: 'http://127.0.0.1:3000',
      MySQLTopologyUser: 'orchestrator',
      MySQLTopologyPassword: 'secret',
      DiscoverySeeds: ['127.0.0.1:3306'],
    });
  });

  it('makes a cluster of one where no peers are named', () => {
    const keys = keysOf(start({}).file);
    expect(keys).not.toHaveProperty('RaftEnabled');
    expect(keys).toHaveProperty('DiscoverySeeds', []);
  });

  it('lets NODE_CONFIG have the last word', () => {
    const keys = keysOf(
      start({ ...MEMBER, NODE_CONFIG: '{"ListenAddress": ":4000", "RecoverMasterClusterFilters": ["*"]}' }).file,
    );
    expect(keys).toMatchObject({ ListenAddress: ':4000', RecoverMasterClusterFilters: ['*'] });
  });

  it('writes a file that a node accepts without a remark', async () => {
    const { file } = start({ ...MEMBER, NODE_CONFIG: '{"RecoverMasterClusterFilters": ["*"]}' });
    const loaded = await loadConfig({ file, environment: {} });
    expect(loaded.ok ? loaded.value.remarks : loaded.error).toEqual([]);
  });

  it('stops at a NODE_CONFIG that is no JSON', () => {
    expect(() => start({ NODE_CONFIG: '{' })).toThrow();
  });
});
