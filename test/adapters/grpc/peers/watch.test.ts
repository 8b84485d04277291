import { Server, ServerCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcPeers } from '../../../../src/adapters/grpc/peers/client.js';
import { registerPeersService } from '../../../../src/adapters/grpc/peers/server.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import type { PeerDuties, WatchFrame, WatchSink } from '../../../../src/runtime/ports/peers.js';

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const NO_DUTIES: PeerDuties = {
  examine: () => Promise.resolve({ vote: 'none', detail: '', ageMs: 0 }),
  lost: () => undefined,
};

interface Told {
  readonly by: string;
  readonly sink: WatchSink;
  readonly pings: number[];
  drains: number;
  isGone: boolean;
}

async function startFeed(clusterId = 'c'): Promise<{ address: string; watches: Told[]; stop(): void }> {
  const watches: Told[] = [];
  const server = new Server();
  registerPeersService(server, {
    self: { clusterId, nodeId: 'n2' as NodeId },
    duties: NO_DUTIES,
    feed: {
      watched: (by, sink) => {
        const told: Told = { by, sink, pings: [], drains: 0, isGone: false };
        watches.push(told);
        return {
          pinged: (sentAtMs) => told.pings.push(sentAtMs),
          drained: () => {
            told.drains += 1;
          },
          gone: () => {
            told.isGone = true;
          },
        };
      },
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const stop = (): void => {
    server.forceShutdown();
  };
  cleanups.push(stop);
  return { address: `127.0.0.1:${String(port)}`, watches, stop };
}

function openPeers(address: string): GrpcPeers {
  const peers = new GrpcPeers({
    self: { clusterId: 'c', nodeId: 'n1' as NodeId },
    credentials: ChannelCredentials.createInsecure(),
    addresses: () => new Map([['n2', address]]),
    leader: () => null,
    onTrouble: () => undefined,
  });
  cleanups.push(() => peers.close());
  return peers;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const FULL: WatchFrame = {
  greeting: { dataCenter: 'east', schema: 3 },
  pong: { sentAtMs: 12.25, clockMs: 7_000_000.125 },
  roster: {
    term: 2 ** 40,
    number: 7,
    nodes: [
      { id: 'n1', dataCenter: '' },
      { id: 'n2', dataCenter: 'east' },
    ],
  },
  looks: [
    {
      address: { host: 'db1', port: 3306 },
      startedAtMs: 1.5,
      finishedAtMs: 2.5,
      failure: null,
      lasting: '{"id":"ü"}',
      vitals: '{}',
    },
    {
      address: { host: 'db2', port: 3307 },
      startedAtMs: 3.5,
      finishedAtMs: 4.5,
      failure: { kind: 'refused', code: 'ECONNREFUSED', message: 'db2:3307: refused' },
      lasting: null,
      vitals: '',
    },
    {
      address: { host: 'db3', port: 3306 },
      startedAtMs: 3.5,
      finishedAtMs: 4.5,
      failure: { kind: 'alive', code: '1227', message: 'db3:3306: denied', mend: "GRANT SUPER ON *.* TO 'o'@'%'" },
      lasting: null,
      vitals: '',
    },
  ],
};

const EMPTY: WatchFrame = { greeting: null, pong: null, roster: null, looks: [] };

describe('a watch', () => {
  it('carries pings one way and everything that is told the other', async () => {
    const feed = await startFeed();
    const frames: WatchFrame[] = [];
    const peers = openPeers(feed.address);
    expect(peers.others()).toEqual(['n2']);
    const watch = peers.watch('n2', { onFrame: (frame) => frames.push(frame), onEnded: () => undefined });
    watch?.ping(12.25);
    await until(() => feed.watches[0]?.pings.length === 1);
    expect(feed.watches[0]).toMatchObject({ by: 'n1', pings: [12.25] });
    feed.watches[0]?.sink.send(FULL);
    feed.watches[0]?.sink.send(EMPTY);
    await until(() => frames.length === 2);
    expect(frames).toEqual([FULL, EMPTY]);
    expect(peers.watch('n9', { onFrame: () => undefined, onEnded: () => undefined })).toBeNull();
  });

  it('tells both ends when it is over, the one that closed it nothing', async () => {
    const feed = await startFeed();
    const ended: string[] = [];
    const peers = openPeers(feed.address);
    const listener = { onFrame: () => undefined, onEnded: (reason: string) => ended.push(reason) };
    const first = peers.watch('n2', listener);
    first?.ping(1);
    await until(() => feed.watches.length === 1);
    first?.close();
    await until(() => feed.watches[0]?.isGone === true);
    expect(feed.watches[0]?.sink.send(EMPTY)).toBe(false);
    expect(ended).toEqual([]);
    peers.watch('n2', listener)?.ping(2);
    await until(() => feed.watches.length === 2);
    feed.stop();
    await until(() => ended.length === 1);
    await until(() => feed.watches[1]?.isGone === true);
  });

  it('says when a connection takes no more, and when it does again', async () => {
    const feed = await startFeed();
    let frames = 0;
    const watch = openPeers(feed.address).watch('n2', { onFrame: () => (frames += 1), onEnded: () => undefined });
    watch?.ping(1);
    await until(() => feed.watches.length === 1);
    const [told] = feed.watches;
    const [look] = FULL.looks;
    const big = { ...EMPTY, looks: look === undefined ? [] : [{ ...look, vitals: 'x'.repeat(1_000_000) }] };
    let sent = 1;
    while (told?.sink.send(big) === true) sent += 1;
    await until(() => (told?.drains ?? 0) > 0);
    await until(() => frames === sent);
  });

  it('is refused to another cluster, with the reason', async () => {
    const feed = await startFeed('another');
    const ended: string[] = [];
    const listener = { onFrame: () => undefined, onEnded: (reason: string) => ended.push(reason) };
    openPeers(feed.address).watch('n2', listener)?.ping(1);
    await until(() => ended.length === 1);
    expect(ended[0]).toContain('is of cluster c, and node n2 of cluster another');
    expect(feed.watches).toEqual([]);
  });
});
