// Three whole nodes with mutual TLS from their configuration, and strangers who would like to take part. No MySQL here.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeyValueClient } from '../../../tools/bench/raft/key-value-client.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';

const PATIENCE = { timeout: 60_000, interval: 100 };

const pem = (name: string): string =>
  fileURLToPath(new URL(`../../adapters/grpc/certificates/${name}.pem`, import.meta.url));

const OWN = { RaftTLSCAFile: pem('authority'), RaftTLSCertFile: pem('node'), RaftTLSKeyFile: pem('node-key') };
const FOREIGN = {
  RaftTLSCAFile: pem('stranger'),
  RaftTLSCertFile: pem('stranger'),
  RaftTLSKeyFile: pem('stranger-key'),
};

const KEYS = ['RaftTLSCAFile', 'RaftTLSCertFile', 'RaftTLSKeyFile'] as const;

let lab: MySqlLab;
let cluster: OrchestratorCluster;

const heldBy = (key: keyof typeof OWN): string => join(lab.directory, `${key}.pem`);

beforeAll(async () => {
  lab = await MySqlLab.open();
  const config = Object.fromEntries(KEYS.map((key) => [key, heldBy(key)]));
  for (const key of KEYS) await copyFile(OWN[key], heldBy(key));
  cluster = await lab.cluster({ seeds: [], config });
});

afterAll(async () => {
  await lab.close();
});

async function secured(authorityFile = OWN.RaftTLSCAFile): Promise<ReturnType<typeof credentials.createSsl>> {
  const [authority, key, certificate] = await Promise.all([
    readFile(authorityFile),
    readFile(OWN.RaftTLSKeyFile),
    readFile(OWN.RaftTLSCertFile),
  ]);
  return credentials.createSsl(authority, key, certificate);
}

/** A node that would found a cluster with the three, if they let it. It never answers its own door: it has no leader. */
async function startStranger(name: string, config: object): Promise<OrchestratorNode> {
  const [raftPort = 0, httpPort = 0, grpcPort = 0] = await freePorts(3);
  const raftAddress = `127.0.0.1:${String(raftPort)}`;
  const stranger = new OrchestratorNode(
    {
      ...{ name, raftAddress, httpPort, grpcPort, seeds: [], config: { ...config } },
      directory: join(lab.directory, name),
      peers: [...cluster.nodes.map((node) => node.raftAddress), raftAddress],
    },
    lab.spawn.bind(lab),
  );
  void stranger.start().catch(() => undefined);
  await vi.waitFor(() => {
    expect(stranger.running).toBe(true);
  }, PATIENCE);
  return stranger;
}

function logged(nodes: readonly OrchestratorNode[], text: string): string[] {
  const lines = nodes.flatMap((node) => node.log().split('\n'));
  return lines.filter((line) => line.includes(text));
}

async function reloaded({ url }: OrchestratorNode): Promise<string> {
  const response = await fetch(`${url}/api/reload-configuration`);
  return ((await response.json()) as { readonly Message: string }).Message;
}

/** Whose certificate a port shows to a new caller. */
function shownAt(address: string): Promise<string> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** Of a stranger that trusts the cluster, so that it is the cluster that says no. */
async function bothAuthorities(): Promise<string> {
  const file = join(lab.directory, 'both.pem');
  const texts = await Promise.all([OWN.RaftTLSCAFile, FOREIGN.RaftTLSCAFile].map((path) => readFile(path, 'utf8')));
  await writeFile(file, texts.join(''));
  return file;
}

describe('a cluster with mutual TLS', () => {
  it('serves clients of its authority through any node, across the death of a leader', async () => {
    const leader = await cluster.leader();
    const trusted = await secured();
    for (const node of cluster.nodes) {
      const client = new KeyValueClient(node.grpcAddress, 10_000, trusted);
      await client.put(`tls/${node.name}`, node.name);
      client.close();
    }
    await leader.kill();
    const next = await cluster.leader();
    const client = new KeyValueClient(next.grpcAddress, 10_000, trusted);
    for (const { name } of cluster.nodes) expect((await client.get(`tls/${name}`)).value).toBe(name);
    client.close();
    await leader.start();
  });

  it('takes no client without a certificate, nor one of another authority', async () => {
    const { grpcAddress } = await cluster.leader();
    const [authority, key, certificate] = await Promise.all(
      [OWN.RaftTLSCAFile, FOREIGN.RaftTLSKeyFile, FOREIGN.RaftTLSCertFile].map((file) => readFile(file)),
    );
    for (const shown of [
      credentials.createInsecure(),
      credentials.createSsl(authority ?? null),
      credentials.createSsl(authority ?? null, key ?? null, certificate ?? null),
    ]) {
      const client = new KeyValueClient(grpcAddress, 60_000, shown);
      await expect(client.get('tls/node-1')).rejects.toMatchObject({ status: 14 });
      client.close();
    }
  });

  it.each([
    ['that speaks no TLS', 'plain', 'it does not speak TLS, and this node takes nothing else'],
    ['with a certificate of another authority', 'foreign', 'its certificate is not of the authority in RaftTLSCAFile'],
  ])('refuses a node %s, and both say why', async (_, name, reason) => {
    const stranger = await startStranger(
      name,
      name === 'plain' ? {} : { ...FOREIGN, RaftTLSCAFile: await bothAuthorities() },
    );
    await vi.waitFor(() => {
      expect(logged(cluster.nodes, reason)).not.toEqual([]);
      expect(logged([stranger], 'hung up before a word was said: it may ask for TLS')).not.toEqual([]);
    }, PATIENCE);
    // Longer than it waits before it stands for election itself; on a busy machine the lead may have changed just now.
    await vi.waitFor(async () => {
      const leader = await cluster.leader();
      for (const endsAt = performance.now() + 1500; performance.now() < endsAt; ) {
        expect(await leader.isLeader()).toBe(true);
        await sleep(50);
      }
    }, PATIENCE);
    await stranger.kill();
  });

  it('takes renewed certificates by a reload, and refuses a pair that does not go together', async () => {
    const [renewed] = cluster.nodes;
    if (renewed === undefined) throw new Error('there are three nodes');
    await copyFile(await bothAuthorities(), heldBy('RaftTLSCAFile'));
    for (const node of cluster.nodes) expect(await reloaded(node)).toContain('in force now: RaftTLSCAFile');
    await copyFile(FOREIGN.RaftTLSCertFile, heldBy('RaftTLSCertFile'));
    expect(await reloaded(renewed)).toContain('is not the key of');
    expect(await shownAt(renewed.raftAddress)).toBe('test-node');
    await copyFile(FOREIGN.RaftTLSKeyFile, heldBy('RaftTLSKeyFile'));
    expect(await reloaded(renewed)).toContain('in force now: RaftTLSCertFile, RaftTLSKeyFile');
    await vi.waitFor(async () => {
      const shown = [await shownAt(renewed.raftAddress), await shownAt(renewed.grpcAddress)];
      expect(shown).toEqual(['stranger', 'stranger']);
    }, PATIENCE);
    // The others begin anew and meet it by its new one.
    const other = cluster.nodes.find((node) => node !== renewed);
    await other?.kill();
    await other?.start();
    const client = new KeyValueClient(renewed.grpcAddress, 10_000, await secured(heldBy('RaftTLSCAFile')));
    await expect(client.put('tls/renewed', 'yes')).resolves.toBeDefined();
    client.close();
  });
});
