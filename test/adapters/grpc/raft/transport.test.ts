import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NodeId } from '../../../../src/core/raft/message.js';
import type { SnapshotChunk } from '../../../../src/runtime/ports/peer-transport.js';
import { freePorts } from '../../../../tools/lab/free-ports.js';
import {
  connect,
  heartbeat,
  met,
  PATIENCE,
  PeerStage,
  type TestPeer,
} from '../../../support/raft/raft-peer-fixture.js';

describe('peers over gRPC', () => {
  const stage = new PeerStage();
  const servers: Server[] = [];

  afterEach(async () => {
    await stage.clear();
    for (const server of servers.splice(0)) server.close();
  });

  it('introduces each to the other', async () => {
    const [a, b] = await stage.pair();
    await vi.waitFor(() => {
      expect(a.introductions).toHaveLength(2);
    }, PATIENCE);
    expect(a.introductions[0]).toEqual({
      info: {
        id: 'b',
        raftAddress: b.address,
        httpAddress: 'http://b',
        grpcAddress: 'b:3001',
        version: '1.2.3',
        schema: 2,
      },
      hasLog: false,
      instance: 'process of b',
      votes: true,
      cluster: { index: 0, addresses: {} },
    });
  });

  it('carries messages in order', async () => {
    const [a, b] = await stage.pair();
    const sent = Array.from({ length: 200 }, (_, round) => heartbeat(a, b, round));
    for (const message of sent) a.transport.send([message]);
    await vi.waitFor(() => {
      expect(b.messages).toEqual(sent);
    }, PATIENCE);
  });

  it('answers on the stream that the question came on when there is no way back', async () => {
    const [a, b] = [await stage.start('a'), await stage.start('b')];
    a.transport.setPeers(new Map([[b.id, b.address]]));
    await vi.waitFor(() => {
      expect(a.transport.peerState(b.id).connected).toBe(true);
    }, PATIENCE);
    b.onMessage = () => {
      b.transport.send([{ type: 'heartbeat-response', from: b.id, to: a.id, term: 3, round: 5 }]);
    };
    a.transport.send([heartbeat(a, b)]);
    await vi.waitFor(() => {
      expect(a.messages).toEqual([{ type: 'heartbeat-response', from: 'b', to: 'a', term: 3, round: 5 }]);
    }, PATIENCE);
  });

  it('asks for votes and gets them', async () => {
    const [a, b] = await stage.pair();
    b.onMessage = (message) => {
      if (message.type !== 'vote-request') return;
      const { term, preVote } = message;
      b.transport.send([{ type: 'vote-response', from: b.id, to: a.id, term, preVote, granted: !preVote }]);
    };
    const request = { type: 'vote-request', from: a.id, to: b.id, lastIndex: 9, lastTerm: 2, transfer: false } as const;
    a.transport.send([
      { ...request, term: 4, preVote: true },
      { ...request, term: 5, preVote: false },
    ]);
    await vi.waitFor(() => {
      expect(a.messages).toHaveLength(2);
    }, PATIENCE);
    expect(a.messages).toContainEqual({
      type: 'vote-response',
      from: 'b',
      to: 'a',
      term: 4,
      preVote: true,
      granted: false,
    });
    expect(a.messages).toContainEqual({
      type: 'vote-response',
      from: 'b',
      to: 'a',
      term: 5,
      preVote: false,
      granted: true,
    });
  });

  it('does not pass on what is said in the name of a third', async () => {
    const [a, b] = await stage.pair();
    a.transport.send([{ type: 'heartbeat-request', from: 'c' as NodeId, to: b.id, term: 9, commit: 0, round: 1 }]);
    const own = heartbeat(a, b);
    a.transport.send([own]);
    await vi.waitFor(() => {
      expect(b.messages).toEqual([own]);
    }, PATIENCE);
  });

  it('tells at once when a peer goes away, and finds it again when it is back', async () => {
    const [port = 0] = await freePorts(1);
    const [a, b] = [await stage.start('a'), await stage.start('b', { listenAddress: `127.0.0.1:${String(port)}` })];
    connect(a, b);
    await met(a, b);
    await b.transport.close();
    await vi.waitFor(() => {
      expect(a.disconnected).toContain('b');
      expect(a.transport.peerState(b.id).connected).toBe(false);
    }, PATIENCE);
    const again = await stage.start('b', { listenAddress: b.address });
    connect(a, again);
    await met(a, again);
    a.transport.send([heartbeat(a, again)]);
    await vi.waitFor(() => {
      expect(again.messages).toHaveLength(1);
    }, PATIENCE);
  });

  it('follows a peer to another address', async () => {
    const [a, b] = await stage.pair();
    const moved = await stage.start('b');
    a.transport.setPeers(new Map([[b.id, moved.address]]));
    moved.transport.setPeers(new Map([[a.id, a.address]]));
    await met(a, moved);
    a.transport.send([heartbeat(a, moved)]);
    await vi.waitFor(() => {
      expect(moved.messages).toHaveLength(1);
    }, PATIENCE);
    expect(b.messages).toEqual([]);
  });

  it('refuses a node of another cluster, tells both sides why, and says it once', async () => {
    const [a, b] = [await stage.start('a'), await stage.start('b', { clusterId: 'cluster-2' })];
    connect(a, b);
    await vi.waitFor(() => {
      expect(a.refused).toContain('node b: node a is of cluster cluster-1, and node b of cluster cluster-2');
      expect(a.refused.join()).toContain('node b is of cluster cluster-2, and node a of cluster cluster-1');
    }, PATIENCE);
    expect(a.transport.peerState(b.id)).toEqual({
      connected: false,
      trouble: 'node a is of cluster cluster-1, and node b of cluster cluster-2',
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(a.refused).toHaveLength(2);
    expect([a.messages, b.messages, a.introductions, b.introductions]).toEqual([[], [], [], []]);
  });

  it('refuses a node that promises its leader less than others count on, and tells both sides', async () => {
    const times = { promiseMs: 50, electionTimeoutMs: 400, heartbeatIntervalMs: 120 };
    const [a, b] = [await stage.start('a'), await stage.start('b', { times })];
    connect(a, b);
    await vi.waitFor(() => {
      expect(a.refused.join()).toContain('node b promises its leader 50 ms and node a 100 ms: two leaders could act');
      expect(b.refused.join()).toContain('node a promises its leader 100 ms and node b 50 ms: two leaders could act');
    }, PATIENCE);
    expect([a.introductions, b.introductions]).toEqual([[], []]);
  });

  it('refuses a node that is not the one expected at an address', async () => {
    const [a, c] = [await stage.start('a'), await stage.start('c')];
    a.transport.setPeers(new Map([['b' as NodeId, c.address]]));
    await vi.waitFor(() => {
      expect(a.refused).toEqual([`node b: ${c.address} is node c, expected node b: check the addresses`]);
    }, PATIENCE);
  });

  it('refuses a second process of a name while the first is connected, its votes too, and takes it afterwards', async () => {
    const [a, b] = await stage.pair();
    const twin = await stage.start('b', { instance: 'another process' });
    twin.transport.setPeers(new Map([[a.id, a.address]]));
    await vi.waitFor(() => {
      expect(twin.refused.join()).toContain('two processes call themselves b');
      expect(a.refused.join()).toContain('two processes call themselves b');
    }, PATIENCE);
    expect(twin.transport.peerState(a.id).connected).toBe(false);
    await b.transport.close();
    await vi.waitFor(() => {
      expect(twin.transport.peerState(a.id).connected).toBe(true);
    }, PATIENCE);
  });

  it('tells anybody who it is, and tells apart that nobody answers', async () => {
    const [a, b] = [await stage.start('a'), await stage.start('b', { clusterId: 'another', hasLog: true })];
    const { clusterId, introduction } = await a.transport.meet(b.address, 30_000);
    expect([clusterId, introduction.info.id, introduction.hasLog]).toEqual(['another', 'b', true]);
    const silent = createServer();
    servers.push(silent);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(a.transport.meet(`127.0.0.1:${port}`, 200)).rejects.toMatchObject({ code: 'DEADLINE' });
  });

  it('tells a node of a cluster that was given up what became of it', async () => {
    const [a, b] = [
      await stage.start('a', { formerClusterIds: ['old'] }),
      await stage.start('b', { clusterId: 'old' }),
    ];
    b.transport.setPeers(new Map([[a.id, a.address]]));
    await vi.waitFor(() => {
      expect(b.refused.join()).toMatch(/cluster old was given up when node a was made its only voter.*raft add/);
    }, PATIENCE);
  });

  it('refuses a node whose log goes back to another founding, says so on both sides, and names it while it tries', async () => {
    const [a, b] = [await stage.start('a', { founding: 'first' }), await stage.start('b', { founding: 'second' })];
    connect(a, b);
    await vi.waitFor(() => {
      for (const { refused } of [a, b])
        expect(refused.join()).toMatch(/founding (first|second).*empty their RaftDataDir/);
      expect(a.transport.peerState(b.id).trouble).toContain('founding second');
    }, PATIENCE);
    expect(a.transport.turnedAway()).toMatchObject([
      { caller: 'b', reason: expect.stringContaining('second') as string },
    ]);
    a.transport.send([heartbeat(a, b)]);
    expect([a.introductions, b.introductions, b.messages]).toEqual([[], [], []]);
  });

  it('takes in a newcomer that knows of no founding, and drops it once its log says another', async () => {
    const [a, b] = [await stage.start('a', { founding: 'first' }), await stage.start('b')];
    connect(a, b);
    await met(a, b);
    b.learn('first');
    await met(a, b);
    b.learn('second');
    await vi.waitFor(() => {
      expect(a.transport.peerState(b.id).connected).toBe(false);
      expect(b.transport.peerState(a.id).connected).toBe(false);
    }, PATIENCE);
  });

  it('refuses its own double', async () => {
    const [a, double] = [await stage.start('a'), await stage.start('a')];
    double.transport.setPeers(new Map([['b' as NodeId, a.address]]));
    await vi.waitFor(() => {
      expect(a.refused.join()).toContain('two nodes are configured as a');
    }, PATIENCE);
  });

  it.each([
    ['closes', (socket: Socket) => socket.destroy()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('says that it was hung up on by one that %s the connection at its first word', async (_what, hangUp) => {
    const rude = createServer((socket) => socket.on('error', () => undefined).once('data', () => hangUp(socket)));
    servers.push(rude);
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const a = await stage.start('a');
    const { port } = rude.address() as { port: number };
    a.transport.setPeers(new Map([['b' as NodeId, `127.0.0.1:${String(port)}`]]));
    await vi.waitFor(() => {
      expect(a.refused.join()).toContain('hung up before a word was said');
    }, PATIENCE);
  });

  it('gives up on a peer that takes the connection and never speaks, and gets through once it does', async () => {
    const a = await stage.start('a');
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    servers.push(silent);
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    const address = `127.0.0.1:${port}`;
    a.transport.setPeers(new Map([['b' as NodeId, address]]));
    await vi.waitFor(() => {
      expect(a.transport.peerState('b' as NodeId).trouble).toBe(`no answer from ${address} within 2000 ms`);
      expect(sockets.length).toBeGreaterThan(1);
    }, PATIENCE);
    await new Promise<void>((resolve) => {
      silent.close(() => {
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    });
    const b = await stage.start('b', { listenAddress: address });
    await vi.waitFor(() => {
      expect(a.transport.peerState(b.id).connected).toBe(true);
    }, PATIENCE);
  });

  it('cannot listen where another does', async () => {
    const a = await stage.start('a');
    await expect(stage.start('b', { listenAddress: a.address })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(`cannot listen on ${a.address} for Raft peers`) as string,
    });
  });

  describe('snapshots', () => {
    const whole = Uint8Array.from({ length: 600_000 }, (_, position) => (position * 7) & 0xff);
    const mark = { index: 4, term: 2, membership: { voters: [], outgoing: [], learners: [], addresses: {} } };

    async function* chunks(from: number): AsyncGenerator<SnapshotChunk> {
      for (let offset = from; offset < whole.length; offset += 200_000) {
        await Promise.resolve();
        yield { offset, totalBytes: whole.length, bytes: whole.subarray(offset, offset + 200_000) };
      }
    }

    async function fetch(a: TestPeer, b: TestPeer, offset = 0): Promise<SnapshotChunk[]> {
      const fetched: SnapshotChunk[] = [];
      for await (const chunk of a.transport.fetchSnapshot(b.id, mark, offset)) fetched.push(chunk);
      return fetched;
    }

    it('arrive in chunks', async () => {
      const [a, b] = await stage.pair();
      b.snapshot = chunks;
      const fetched = await fetch(a, b);
      expect(fetched.map(({ offset, totalBytes }) => [offset, totalBytes])).toEqual([
        [0, 600_000],
        [200_000, 600_000],
        [400_000, 600_000],
      ]);
      expect(Buffer.compare(Buffer.concat(fetched.map(({ bytes }) => bytes)), whole)).toBe(0);
    });

    it('are resumed from where they broke', async () => {
      const [a, b] = await stage.pair();
      b.snapshot = chunks;
      expect((await fetch(a, b, 400_000)).map(({ offset }) => offset)).toEqual([400_000]);
    });

    it('that are gone are told apart from a broken stream', async () => {
      const [a, b] = await stage.pair();
      await expect(fetch(a, b)).rejects.toThrow('node b no longer has the snapshot at 4');
    });

    it('that break in the middle reject', async () => {
      const [a, b] = await stage.pair();
      b.snapshot = async function* () {
        for await (const chunk of chunks(0)) {
          yield chunk;
          throw new Error('the disk is on fire');
        }
      };
      await expect(fetch(a, b)).rejects.toThrow('the disk is on fire');
    });
  });
});
