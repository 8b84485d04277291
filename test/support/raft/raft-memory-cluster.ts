/**
 * Whole nodes in one process: the real host, driver, client and core, with stores and a network in memory. Quick to start,
 * and every part of the outside can be made to fail.
 */
import { createRng } from '../../../src/core/base/rng.js';
import type { Entry, LogIndex, Membership, NodeId, SnapshotMark, Term } from '../../../src/core/raft/message.js';
import type { RaftOptions } from '../../../src/core/raft/node.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';
import { monotonicNowMs, systemClock } from '../../../src/runtime/ports/clock.js';
import type { ConsensusEvent, Leadership } from '../../../src/runtime/ports/consensus.js';
import type {
  PeerHandlers,
  PeerState,
  PeerTransport,
  SnapshotChunk,
} from '../../../src/runtime/ports/peer-transport.js';
import type { IncomingSnapshot, SnapshotStore, StoredSnapshot } from '../../../src/runtime/ports/snapshot-store.js';
import { RaftClient } from '../../../src/runtime/raft-client.js';
import { createLeaseBuffer, LeaseReader } from '../../../src/runtime/raft-worker/lease-cell.js';
import type { Line, ToMain, ToWorker } from '../../../src/runtime/raft-worker/protocol.js';
import { RaftHost } from '../../../src/runtime/raft-worker/raft-host.js';
import { MemoryLogStore } from './raft-memory-log-store.js';

export class MemorySnapshotStore implements SnapshotStore {
  readonly kept: StoredSnapshot[] = [];
  trouble: string | null = null;

  newest(): Promise<{ snapshot: StoredSnapshot | null; damaged: readonly string[] }> {
    return Promise.resolve({ snapshot: this.kept.at(-1) ?? null, damaged: [] });
  }

  save(snapshot: StoredSnapshot): Promise<void> {
    if (this.trouble !== null) return Promise.reject(new Error(this.trouble));
    this.kept.push({ mark: snapshot.mark, bytes: Uint8Array.from(snapshot.bytes) });
    return Promise.resolve();
  }

  receive(index: LogIndex, term: Term): Promise<IncomingSnapshot> {
    const parts: Uint8Array[] = [];
    return Promise.resolve({
      offset: 0,
      write: (chunk: SnapshotChunk) => {
        parts.push(chunk.bytes);
        return Promise.resolve();
      },
      pause: () => Promise.resolve(),
      finish: () => {
        const { mark, text } = JSON.parse(Buffer.concat(parts).toString()) as { mark: SnapshotMark; text: string };
        const snapshot = { mark, bytes: new TextEncoder().encode(text) };
        if (mark.index !== index || mark.term !== term) return Promise.reject(new Error('another snapshot'));
        this.kept.push(snapshot);
        return Promise.resolve(snapshot);
      },
    });
  }

  read(index: LogIndex, term: Term): Promise<AsyncIterable<SnapshotChunk> | null> {
    const found = this.kept.find(({ mark }) => mark.index === index && mark.term === term);
    if (found === undefined) return Promise.resolve(null);
    const bytes = Buffer.from(JSON.stringify({ mark: found.mark, text: new TextDecoder().decode(found.bytes) }));
    return Promise.resolve(inOneChunk(bytes));
  }
}

async function* inOneChunk(bytes: Uint8Array): AsyncGenerator<SnapshotChunk> {
  await Promise.resolve();
  yield { offset: 0, totalBytes: bytes.length, bytes };
}

class MemoryTransport implements PeerTransport {
  readonly #id: NodeId;
  readonly #all: Map<NodeId, MemoryTransport>;
  readonly #cut: Set<NodeId>;
  #peers: ReadonlySet<NodeId> = new Set();
  readonly clusterId = 'memory';
  handlers: PeerHandlers | null = null;

  constructor(id: NodeId, all: Map<NodeId, MemoryTransport>, cut: Set<NodeId>) {
    this.#id = id;
    this.#all = all;
    this.#cut = cut;
  }

  start(handlers: PeerHandlers): Promise<{ address: string }> {
    this.handlers = handlers;
    this.#all.set(this.#id, this);
    return Promise.resolve({ address: this.#id });
  }

  setPeers(addresses: ReadonlyMap<NodeId, string>): void {
    this.#peers = new Set(addresses.keys());
    for (const peer of this.#peers) this.#meet(peer);
  }

  send(messages: Parameters<PeerTransport['send']>[0]): void {
    for (const message of messages) {
      setImmediate(() => {
        if (!this.#cut.has(this.#id) && !this.#cut.has(message.to)) {
          this.#all.get(message.to)?.handlers?.onMessages([message]);
        }
      });
    }
  }

  turnedAway(): readonly never[] {
    return [];
  }

  /** Nobody here is of another. */
  setFounding(): void {}

  peerState(peer: NodeId): PeerState {
    return { connected: this.#all.has(peer), trouble: null };
  }

  meet(): Promise<never> {
    return Promise.reject(new Error('nobody is met here'));
  }

  async *fetchSnapshot(from: NodeId, { index, term }: SnapshotMark): AsyncGenerator<SnapshotChunk> {
    const chunks = await this.#all.get(from)?.handlers?.readSnapshot(index, term, 0);
    if (chunks === null || chunks === undefined) throw new Error('it is gone');
    yield* chunks;
  }

  close(): Promise<void> {
    this.#all.delete(this.#id);
    for (const other of this.#all.values()) other.handlers?.onDisconnected(this.#id);
    return Promise.resolve();
  }

  #meet(peer: NodeId): void {
    const other = this.#all.get(peer);
    if (other?.handlers && this.handlers) {
      other.handlers.onIntroduced(this.handlers.introduce());
      this.handlers.onIntroduced(other.handlers.introduce());
    }
  }
}

export interface MemoryNodeOptions {
  readonly raft?: Partial<RaftOptions>;
  readonly snapshotEveryBytes?: number;
}

/** Survives the node, as a disk does. */
export class MemoryDisk {
  readonly log = new MemoryLogStore();
  readonly snapshots = new MemorySnapshotStore();
}

export class MemoryNode {
  readonly id: NodeId;
  readonly consensus: RaftClient;
  readonly disk: MemoryDisk;
  applied: string[] = [];
  appliedIndex = 0;
  readonly restoredAt: LogIndex[] = [];
  readonly leaderships: Leadership[] = [];
  readonly events: ConsensusEvent[] = [];
  readonly deaths: string[] = [];

  constructor(id: NodeId, birth: Membership, transport: PeerTransport, disk: MemoryDisk, options: MemoryNodeOptions) {
    this.id = id;
    this.disk = disk;
    const leaseBuffer = createLeaseBuffer();
    const [mainEnd, workerEnd] = makeLine();
    const info = { id, raftAddress: id, httpAddress: '', grpcAddress: '', version: 'test', schema: 1 };
    new RaftHost(
      {
        info,
        birth,
        options: { ...DEFAULT_RAFT_OPTIONS, ...options.raft, id },
        snapshotEveryBytes: options.snapshotEveryBytes ?? 1_000_000,
        instance: `process of ${id}`,
        newFounding: 'f'.repeat(32),
        places: [],
        leaseBuffer,
      },
      {
        clock: systemClock,
        rng: createRng(id.charCodeAt(0) * 7919 + Math.floor(Math.random() * 1e6)),
        claim: () => Promise.resolve(null),
        rememberFounding: () => Promise.resolve(),
        log: disk.log,
        snapshots: disk.snapshots,
        transport,
        line: workerEnd,
        later: setImmediate,
        die: (why) => this.deaths.push(why),
      },
    );
    this.consensus = new RaftClient(mainEnd, new LeaseReader(leaseBuffer, systemClock), systemClock);
  }

  async start(): Promise<void> {
    await this.consensus.start({
      onCommitted: (entries) => {
        for (const entry of entries) this.#apply(entry);
      },
      onSnapshotRestore: (bytes, index) => {
        this.applied = JSON.parse(new TextDecoder().decode(bytes)) as string[];
        this.appliedIndex = index;
        this.restoredAt.push(index);
      },
      provideSnapshot: () => ({
        bytes: new TextEncoder().encode(JSON.stringify(this.applied)),
        index: this.appliedIndex,
      }),
      onLeadershipChange: (leadership) => this.leaderships.push(leadership),
      onPeersChange: () => undefined,
      onEvent: (event) => this.events.push(event),
      onFatal: (error) => this.deaths.push(error.message),
    });
  }

  async propose(text: string, timeoutMs = 20_000): Promise<LogIndex> {
    return (await this.consensus.propose(new TextEncoder().encode(text), monotonicNowMs() + timeoutMs)).index;
  }

  #apply({ index, kind, payload }: Entry): void {
    if (index !== this.appliedIndex + 1) throw new Error(`entry ${index} after ${this.appliedIndex}`);
    this.appliedIndex = index;
    if (kind === 'command') this.applied.push(new TextDecoder().decode(payload));
  }
}

export class MemoryCluster {
  readonly membership: Membership;
  readonly nodes = new Map<string, MemoryNode>();
  /** Nodes that no message reaches or leaves. */
  readonly cut = new Set<NodeId>();
  readonly #transports = new Map<NodeId, MemoryTransport>();
  readonly #options: MemoryNodeOptions;

  constructor(names: readonly string[], options: MemoryNodeOptions = {}) {
    const voters = names as readonly NodeId[];
    const addresses = Object.fromEntries(names.map((name) => [name, name]));
    this.membership = { voters, outgoing: [], learners: [], addresses };
    this.#options = options;
  }

  async start(name: string, disk = new MemoryDisk()): Promise<MemoryNode> {
    const id = name as NodeId;
    const transport = new MemoryTransport(id, this.#transports, this.cut);
    const node = new MemoryNode(id, this.membership, transport, disk, this.#options);
    this.nodes.set(name, node);
    await node.start();
    return node;
  }

  async startAll(): Promise<void> {
    for (const name of this.membership.voters) await this.start(name);
  }

  node(name: string): MemoryNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`${name} was not started`);
    return node;
  }

  get leaders(): MemoryNode[] {
    return [...this.nodes.values()].filter((node) => node.consensus.leadership().role === 'leader');
  }

  async stop(name: string): Promise<MemoryDisk> {
    const node = this.node(name);
    this.nodes.delete(name);
    await node.consensus.close();
    return node.disk;
  }

  async end(): Promise<void> {
    for (const name of [...this.nodes.keys()]) await this.stop(name);
  }
}

/** Two ends, each message in a later turn, as between threads. */
function makeLine(): [Line<ToWorker, ToMain>, Line<ToMain, ToWorker>] {
  const listeners = { main: [] as ((message: ToMain) => void)[], worker: [] as ((message: ToWorker) => void)[] };
  return [
    {
      post: (message) =>
        setImmediate(() => {
          for (const listener of listeners.worker) listener(message);
        }),
      onMessage: (listener) => listeners.main.push(listener),
    },
    {
      post: (message) =>
        setImmediate(() => {
          for (const listener of listeners.main) listener(message);
        }),
      onMessage: (listener) => listeners.worker.push(listener),
    },
  ];
}
