/** A peer transport with a notebook: everything that its handlers were told is kept for a test to look at. */
import { expect, vi } from 'vitest';
import { GrpcPeerTransport } from '../../../src/adapters/grpc/raft/grpc-peer-transport.js';
import type { PeerTimes } from '../../../src/adapters/grpc/raft/times.js';
import type { PeerTls } from '../../../src/adapters/grpc/raft/tls.js';
import type { Message, NodeId } from '../../../src/core/raft/message.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import type { Introduction, SnapshotChunk } from '../../../src/runtime/ports/peer-transport.js';

export interface TestPeer {
  readonly id: NodeId;
  readonly address: string;
  readonly transport: GrpcPeerTransport;
  readonly messages: Message[];
  readonly introductions: Introduction[];
  readonly disconnected: NodeId[];
  readonly refused: string[];
  /** Answers fetches; null: it is gone. */
  snapshot: ((offset: number) => AsyncIterable<SnapshotChunk>) | null;
  onMessage: (message: Message) => void;
  /** Its log says which founding it goes back to. */
  learn: (founding: string) => void;
}

interface TestPeerOptions {
  readonly clusterId?: string;
  readonly listenAddress?: string;
  readonly tls?: PeerTls;
  readonly times?: PeerTimes;
  readonly hasLog?: boolean;
  readonly instance?: string;
  readonly formerClusterIds?: readonly string[];
  readonly founding?: string;
}

async function startPeer(name: string, options: TestPeerOptions = {}): Promise<TestPeer> {
  const id = name as NodeId;
  const settings = {
    clusterId: options.clusterId ?? 'cluster-1',
    nodeId: id,
    listenAddress: options.listenAddress ?? '127.0.0.1:0',
    tls: options.tls ?? null,
    times: options.times ?? { promiseMs: 100, electionTimeoutMs: 400, heartbeatIntervalMs: 120 },
    instance: options.instance ?? `process of ${name}`,
    formerClusterIds: options.formerClusterIds ?? [],
  };
  const transport = new GrpcPeerTransport(settings, systemClock);
  let { founding } = options;
  if (founding !== undefined) transport.setFounding(founding);
  const notes = { messages: [] as Message[], introductions: [] as Introduction[] };
  const peer: { -readonly [Key in keyof TestPeer]: TestPeer[Key] } = {
    id,
    address: '',
    transport,
    ...notes,
    disconnected: [],
    refused: [],
    snapshot: null,
    onMessage: () => undefined,
    learn: (name) => {
      founding = name;
      transport.setFounding(name);
    },
  };
  const info = {
    id,
    raftAddress: '',
    httpAddress: `http://${name}`,
    grpcAddress: `${name}:3001`,
    version: '1.2.3',
    schema: 2,
  };
  const { address } = await transport.start({
    introduce: () => ({
      info: { ...info, raftAddress: peer.address },
      hasLog: options.hasLog ?? false,
      instance: options.instance ?? `process of ${name}`,
      votes: true,
      ...(founding === undefined ? {} : { founding }),
      cluster: { index: 0, addresses: {} },
    }),
    onMessages: (messages) => {
      for (const message of messages) {
        peer.messages.push(message);
        peer.onMessage(message);
      }
    },
    onIntroduced: (introduction) => peer.introductions.push(introduction),
    onDisconnected: (from) => peer.disconnected.push(from),
    onRefused: (who, reason) => peer.refused.push(`${who}: ${reason}`),
    readSnapshot: (_index, _term, offset) => Promise.resolve(peer.snapshot?.(offset) ?? null),
  });
  peer.address = address;
  return peer;
}

/** Each knows where the others are. */
export function connect(...peers: readonly TestPeer[]): void {
  const addresses = new Map(peers.map((peer) => [peer.id, peer.address]));
  for (const peer of peers) peer.transport.setPeers(addresses);
}

/** Long: a machine that does other things as well must not fail a test. */
export const PATIENCE = { timeout: 60_000, interval: 5 };

/** Every one of them is connected to every other. */
export async function met(...peers: readonly TestPeer[]): Promise<void> {
  await vi.waitFor(() => {
    for (const peer of peers) {
      for (const other of peers) {
        if (other !== peer) expect(peer.transport.peerState(other.id)).toEqual({ connected: true, trouble: null });
      }
    }
  }, PATIENCE);
}

export function heartbeat(from: TestPeer, to: TestPeer, round = 1): Message {
  return { type: 'heartbeat-request', from: from.id, to: to.id, term: 3, commit: 7, round };
}

/** The peers of one test, which end with it. */
export class PeerStage {
  readonly #running: TestPeer[] = [];

  async start(name: string, options: TestPeerOptions = {}): Promise<TestPeer> {
    const peer = await startPeer(name, options);
    this.#running.push(peer);
    return peer;
  }

  /** Two that know and have met each other. */
  async pair(): Promise<[TestPeer, TestPeer]> {
    const pair: [TestPeer, TestPeer] = [await this.start('a'), await this.start('b')];
    connect(...pair);
    await met(...pair);
    return pair;
  }

  async clear(): Promise<void> {
    for (const peer of this.#running.splice(0)) await peer.transport.close();
  }
}
