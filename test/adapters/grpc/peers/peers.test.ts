import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCredentials, type PeerTls } from '../../../../src/adapters/grpc/raft/tls.js';
import { GrpcPeers } from '../../../../src/adapters/grpc/peers/client.js';
import { fromWireVote, toWireVote } from '../../../../src/adapters/grpc/peers/votes.js';
import { registerPeersService } from '../../../../src/adapters/grpc/peers/server.js';
import type { NodeVote } from '../../../../src/core/analysis/vote.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import type { PeerDuties, PeerFeed, PeerOpinion } from '../../../../src/runtime/ports/peers.js';
import { freePorts } from '../../../../tools/lab/free-ports.js';
import { addressOf } from '../../../support/facts.js';

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface TestNode {
  readonly address: string;
  readonly asked: string[];
  readonly lost: string[];
  stop(): void;
}

interface TestNodeOptions {
  readonly examine?: PeerDuties['examine'];
  readonly clusterId?: string;
  readonly credentials?: ServerCredentials;
  readonly address?: string;
  readonly feed?: PeerFeed;
}

async function startNode(id: string, options: TestNodeOptions = {}): Promise<TestNode> {
  const asked: string[] = [];
  const lost: string[] = [];
  const server = new Server();
  registerPeersService(server, {
    self: { clusterId: options.clusterId ?? 'c', nodeId: id as NodeId },
    duties: {
      examine: (address, timeoutMs) => {
        asked.push(`${address.host}:${String(address.port)} in ${String(timeoutMs)}`);
        return (
          options.examine?.(address, timeoutMs) ?? Promise.resolve({ vote: 'refused', detail: `by ${id}`, ageMs: 1.5 })
        );
      },
      lost: (from, address, reason) => lost.push(`${from}: ${address.host} ${reason}`),
    },
    feed: options.feed ?? {
      watched: () => ({ pinged: () => undefined, drained: () => undefined, gone: () => undefined }),
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = options.credentials ?? ServerCredentials.createInsecure();
    server.bindAsync(options.address ?? '127.0.0.1:0', credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const stop = (): void => server.forceShutdown();
  cleanups.push(stop);
  return { address: `127.0.0.1:${String(port)}`, asked, lost, stop };
}

interface TestClient {
  readonly peers: GrpcPeers;
  readonly addresses: Map<string, string>;
  readonly troubles: string[];
  leader: string | null;
}

async function startClient(
  addresses: Readonly<Record<string, string>>,
  tls: PeerTls | null = null,
): Promise<TestClient> {
  const { client } = await loadCredentials(tls);
  const map = new Map(Object.entries(addresses));
  const troubles: string[] = [];
  const state: { leader: string | null } = { leader: null };
  const peers = new GrpcPeers({
    self: { clusterId: 'c', nodeId: 'n1' as NodeId },
    credentials: client,
    addresses: () => map,
    leader: () => state.leader,
    onTrouble: (node, reason) => troubles.push(`${node}: ${reason ?? 'well'}`),
  });
  cleanups.push(() => peers.close());
  return Object.assign(state, { peers, addresses: map, troubles });
}

async function ask(
  client: TestClient,
  timeoutMs = 10_000,
): Promise<{ told: PeerOpinion[]; all: readonly PeerOpinion[] }> {
  const told: PeerOpinion[] = [];
  const all = await client.peers.examine(addressOf('p'), timeoutMs, (opinion) => told.push(opinion));
  return { told, all };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('asking the other nodes', () => {
  it('brings the opinion of each, with its age, and does not ask itself', async () => {
    const n2 = await startNode('n2');
    const n3 = await startNode('n3', {
      examine: () => Promise.resolve({ vote: 'alive', detail: 'greeted', ageMs: 0.25 }),
    });
    const client = await startClient({ n1: '127.0.0.1:1', n2: n2.address, n3: n3.address });
    const { told, all } = await ask(client, 9000);
    expect(all).toEqual([
      { node: 'n2', vote: 'refused', detail: 'by n2', ageMs: 1.5 },
      { node: 'n3', vote: 'alive', detail: 'greeted', ageMs: 0.25 },
    ]);
    expect(told).toHaveLength(2);
    expect(n2.asked).toEqual(['p:3306 in 8850']);
  });

  it.each(['none', 'alive', 'refused', 'silent'] as const)('carries the vote "%s"', (vote) => {
    expect(fromWireVote(toWireVote(vote))).toBe(vote);
  });

  it('takes a vote that it does not know for no opinion', () => {
    expect(fromWireVote('VOTE_FROM_THE_FUTURE')).toBe('none' satisfies NodeVote);
  });

  it('tells each answer when it comes, whoever else is slow, and leaves out who does not answer in time', async () => {
    const quick = await startNode('n2');
    const slow = await startNode('n3', { examine: () => new Promise(() => undefined) });
    const client = await startClient({ n2: quick.address, n3: slow.address });
    const told: string[] = [];
    const all = client.peers.examine(addressOf('p'), 5000, (opinion) => told.push(opinion.node));
    await until(() => told.length > 0);
    expect(told).toEqual(['n2']);
    expect((await all).map((opinion) => opinion.node)).toEqual(['n2']);
    expect(client.troubles).toEqual([`n3: n3 at ${slow.address} does not answer in time`]);
  });

  it('asks one peer the same question once at a time', async () => {
    const answers: ((value: Awaited<ReturnType<PeerDuties['examine']>>) => void)[] = [];
    const n2 = await startNode('n2', { examine: () => new Promise((resolve) => answers.push(resolve)) });
    const client = await startClient({ n2: n2.address });
    const both = Promise.all([ask(client), ask(client)]);
    await until(() => answers.length > 0);
    answers[0]?.({ vote: 'silent', detail: '', ageMs: 500 });
    const [one, other] = await both;
    expect([one.all[0]?.vote, other.all[0]?.vote]).toEqual(['silent', 'silent']);
    expect(n2.asked).toHaveLength(1);
    const again = ask(client);
    await until(() => answers.length > 1);
    answers[1]?.({ vote: 'alive', detail: '', ageMs: 1 });
    expect((await again).all[0]?.vote).toBe('alive');
  });

  it('goes on when a peer is down, and finds it again when it is back', async () => {
    const [port = 0] = await freePorts(1);
    const n2 = await startNode('n2', { address: `127.0.0.1:${String(port)}` });
    const client = await startClient({ n2: n2.address });
    expect((await ask(client)).all).toHaveLength(1);
    n2.stop();
    await until(() => client.troubles.length > 0 || void ask(client, 300) === null);
    while ((await ask(client, 300)).all.length > 0);
    expect(client.troubles.at(-1)).toContain('n2 at');
    await startNode('n2', { address: n2.address });
    // A question from before it was back may come to nothing after the first that is answered.
    while ((await ask(client, 300)).all.length === 0 || client.troubles.at(-1) !== 'n2: well');
  });

  it('finds a peer that moved to another address', async () => {
    const old = await startNode('n2');
    const client = await startClient({ n2: old.address });
    await ask(client);
    const moved = await startNode('n2', {
      examine: () => Promise.resolve({ vote: 'alive', detail: 'from the new place', ageMs: 0 }),
    });
    client.addresses.set('n2', moved.address);
    expect((await ask(client)).all[0]?.detail).toBe('from the new place');
    client.addresses.delete('n2');
    expect((await ask(client)).all).toEqual([]);
  });

  it('is over when it is closed', async () => {
    const n2 = await startNode('n2', { examine: () => new Promise(() => undefined) });
    const client = await startClient({ n2: n2.address });
    const asked = ask(client, 60_000);
    await until(() => n2.asked.length > 0);
    await client.peers.close();
    expect((await asked).all).toEqual([]);
    expect((await ask(client)).all).toEqual([]);
  });

  it('makes the connection anew to a peer that accepts and says nothing', async () => {
    const held: Socket[] = [];
    const mute = createServer((socket) => held.push(socket.on('error', () => undefined)));
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => mute.listen(port, '127.0.0.1', resolve));
    cleanups.push(() => {
      for (const socket of held) socket.destroy();
    });
    const client = await startClient({ n2: `127.0.0.1:${String(port)}` });
    expect((await ask(client, 300)).all).toEqual([]);
    await until(() => held.length > 1);
    expect(client.troubles).toHaveLength(1);
    // The port answers now; nothing but a new connection finds that out.
    mute.close();
    for (const socket of held) socket.destroy();
    await startNode('n2', { address: `127.0.0.1:${String(port)}` });
    while ((await ask(client, 300)).all.length === 0);
  });
});

describe('telling the leader', () => {
  it('goes to the leader alone, with the name of who tells', async () => {
    const n2 = await startNode('n2');
    const n3 = await startNode('n3');
    const client = await startClient({ n2: n2.address, n3: n3.address });
    client.leader = 'n3';
    client.peers.reportLost(addressOf('p'), 'lost its connection');
    await until(() => n3.lost.length > 0);
    expect(n3.lost).toEqual(['n1: p lost its connection']);
    expect(n2.lost).toEqual([]);
  });

  it('goes nowhere without a leader, and to one that is down without harm', async () => {
    const n2 = await startNode('n2');
    const client = await startClient({ n2: n2.address });
    client.peers.reportLost(addressOf('p'), 'lost');
    client.leader = 'n9';
    client.peers.reportLost(addressOf('p'), 'lost');
    n2.stop();
    client.leader = 'n2';
    client.peers.reportLost(addressOf('p'), 'lost');
    await until(() => client.troubles.length > 0);
    expect(n2.lost).toEqual([]);
  });
});

describe('who is let in', () => {
  it('is no node of another cluster, and it is told so', async () => {
    const stranger = await startNode('n2', { clusterId: 'other' });
    const client = await startClient({ n2: stranger.address });
    client.leader = 'n2';
    client.peers.reportLost(addressOf('p'), 'lost');
    expect((await ask(client)).all).toEqual([]);
    expect(client.troubles[0]).toContain('node n1 is of cluster c, and node n2 of cluster other');
    expect(stranger.asked).toEqual([]);
    expect(stranger.lost).toEqual([]);
  });

  it('is no request without a server', async () => {
    const n2 = await startNode('n2');
    const client = await startClient({ n2: n2.address });
    const opinions = await client.peers.examine({ host: '', port: 3306 }, 5000, () => undefined);
    expect(opinions).toEqual([]);
    expect(await client.peers.examine({ host: 'p', port: 0 }, 5000, () => undefined)).toEqual([]);
    expect(n2.asked).toEqual([]);
    expect(client.troubles[0]).toContain('a server has a host and a port');
  });

  it('with mutual TLS is who shows a certificate of our authority', async () => {
    const tls = (name: string): PeerTls => ({
      authorityFile: certificate('authority.pem'),
      certificateFile: certificate(`${name}.pem`),
      keyFile: certificate(`${name}-key.pem`),
    });
    const { server } = await loadCredentials(tls('node'));
    const n2 = await startNode('n2', { credentials: server });
    const friend = await startClient({ n2: n2.address }, tls('node'));
    expect((await ask(friend)).all).toHaveLength(1);
    const stranger = await startClient({ n2: n2.address }, tls('stranger'));
    expect((await ask(stranger, 1500)).all).toEqual([]);
    const plain = await startClient({ n2: n2.address });
    expect((await ask(plain, 1500)).all).toEqual([]);
    expect(n2.asked).toHaveLength(1);
  });
});

function certificate(name: string): string {
  return fileURLToPath(new URL(`../certificates/${name}`, import.meta.url));
}
