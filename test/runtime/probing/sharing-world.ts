/**
 * Several nodes that share the probing of one topology: a prober that knows who asked whom and when, watches that carry
 * frames from node to node and can be cut, and clocks that begin at different instants. The log commits at once, on all.
 */
import { createRng } from '../../../src/core/base/rng.js';
import { encodeCommand } from '../../../src/core/ledger/codec.js';
import type { Command } from '../../../src/core/ledger/command.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { type Address, addressText } from '../../../src/core/topology/address.js';
import { NOTHING_DETECTED, type FailureKind, type ProbeResult } from '../../../src/core/topology/report.js';
import type { ServerFacts } from '../../../src/core/topology/server.js';
import type { Clock } from '../../../src/runtime/ports/clock.js';
import type { Prober } from '../../../src/runtime/ports/mysql.js';
import type { Peers, Watch, WatchFrame, WatchListener } from '../../../src/runtime/ports/peers.js';
import { DEFAULT_PACE } from '../../../src/runtime/probing/pace.js';
import { ProbingLoop } from '../../../src/runtime/probing/probing-loop.js';
import { Sharing } from '../../../src/runtime/probing/sharing.js';
import { type News, SightingStore } from '../../../src/runtime/probing/sightings.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { channelTo, factsOf, serverId } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { vitalsOf } from '../../support/probes.js';

export const POLL_MS = 1000;
const WAY_MS = 2;

export interface SharedServer {
  facts: ServerFacts;
  failure: FailureKind | null;
  uptimeSeconds: number;
  tookMs: number;
}

export class SharingNode {
  readonly id: string;
  readonly clock: Clock;
  readonly loop: ProbingLoop;
  readonly sharing: Sharing;
  readonly sightings: SightingStore;
  readonly news: News[] = [];
  readonly lines: string[] = [];
  readonly released: string[] = [];
  /** When somebody looked there, as this node knows it, on the world's clock; by host. */
  readonly knownAtMs = new Map<string, number>();
  readyTerm: number | null = null;
  ran = true;
  isUp = false;

  constructor(id: string, world: SharingWorld, offsetMs: number, dataCenter: string) {
    this.id = id;
    const { clock: base } = world;
    this.clock = {
      nowMs: () => base.nowMs() + offsetMs,
      wallMs: () => base.wallMs(),
      setTimer: (delayMs, fire) => base.setTimer(delayMs, fire),
    };
    this.sightings = new SightingStore({ self: id, clock: this.clock });
    const readTerm = (): number | null => this.readyTerm;
    this.loop = new ProbingLoop({
      self: id,
      clock: this.clock,
      prober: world.proberOf(this),
      rng: createRng(id.charCodeAt(1)),
      pace: { ...DEFAULT_PACE, pollMs: POLL_MS, probeTimeoutMs: 2000 },
      ledger: {
        state: world.ledger.state,
        get readyTerm() {
          return readTerm();
        },
        propose: (proposal) => Promise.resolve(world.commit(proposal)),
      },
      sightings: this.sightings,
      isIgnored: () => false,
      admits: () => true,
      hostName: (host) => host,
      isForAll: (server) => server === serverId('p'),
      onNews: (news) => {
        this.news.push(news);
        const { last } = this.sightings.newest(addressOf(news.result)) ?? news.before ?? { last: news.result };
        this.knownAtMs.set(addressOf(news.result).host, last.startedAtMs - offsetMs);
        this.sharing.noticeNews(news);
      },
      onForgotten: (address) => {
        this.sharing.forget(address);
      },
      log: () => undefined,
    });
    this.sharing = new Sharing({
      self: { id, dataCenter },
      clock: this.clock,
      peers: world.peersOf(this),
      startGraceMs: 2000,
      ranSince: () => this.ran,
      assign: (nodes) => {
        this.loop.assign(nodes);
      },
      hear: (result, by) => {
        this.loop.hear(result, by);
      },
      log: (_level, text) => this.lines.push(text),
    });
  }
}

interface OpenWatch {
  readonly from: SharingNode;
  readonly to: SharingNode;
  end(reason: string): void;
  drained(): void;
}

export class SharingWorld {
  readonly clock = new FakeClock();
  readonly ledger = new Ledger();
  readonly servers = new Map<string, SharedServer>();
  readonly nodes: SharingNode[] = [];
  readonly probes: { readonly by: string; readonly host: string; readonly atMs: number }[] = [];
  /** Frames that went from one node to another, in the order of sending. */
  readonly frames: { readonly by: string; readonly to: string; readonly atMs: number; readonly frame: WatchFrame }[] =
    [];
  /** Pairs between which nothing comes through, as `from>to`; the ends do not notice. */
  readonly silent = new Set<string>();
  /** Nodes whose connection takes nothing more. */
  readonly full = new Set<string>();
  readonly #watches = new Set<OpenWatch>();

  constructor(replicas: number, nodes: Readonly<Record<string, string>> = { n1: '', n2: '', n3: '' }) {
    const names = Array.from({ length: replicas }, (_, index) => `r${String(index)}`);
    this.servers.set('p', { facts: factsOf(), failure: null, uptimeSeconds: 1, tookMs: 3 });
    for (const name of names) {
      this.servers.set(name, {
        facts: factsOf({ channels: [channelTo('p')] }),
        failure: null,
        uptimeSeconds: 1,
        tookMs: 3,
      });
    }
    let offsetMs = 50_000;
    for (const [id, dataCenter] of Object.entries(nodes)) {
      this.nodes.push(new SharingNode(id, this, offsetMs, dataCenter));
      offsetMs += 1_000_000;
    }
  }

  /** All nodes up, `n1` leads, everything known and shared. */
  async begin(): Promise<void> {
    for (const node of this.nodes) this.start(node);
    await this.clock.advance(500);
    this.elect('n1', 1);
    const targets = [...this.servers.keys()].map((host) => ({
      address: { host, port: 3306 },
      origin: 'seed' as const,
    }));
    this.commit({ kind: 'targets-added', targets });
    await this.clock.advance(5000);
    this.forgetHistory();
  }

  start(node: SharingNode): void {
    node.isUp = true;
    node.loop.start();
    node.sharing.start();
  }

  elect(id: string, term: number): void {
    for (const node of this.nodes) {
      node.readyTerm = node.id === id ? term : null;
      if (node.id !== id) {
        node.loop.follow();
        node.sharing.follow();
        continue;
      }
      node.loop.lead(term);
      node.sharing.lead(term);
    }
  }

  /** As SIGKILL: its connections end, and the others are told by the kernel. */
  kill(id: string): void {
    const node = this.node(id);
    node.isUp = false;
    node.readyTerm = null;
    node.loop.stop();
    node.sharing.stop();
    for (const watch of [...this.#watches]) {
      if (watch.from === node || watch.to === node) watch.end('connection reset');
    }
  }

  /** The node's connections take everything again. */
  drain(id: string): void {
    this.full.delete(id);
    for (const watch of this.#watches) if (watch.from.id === id) watch.drained();
  }

  /** A replica that this node asks, and no other. */
  replicaOf(id: string): string {
    for (const [host, nodes] of this.askers()) if (host !== 'p' && nodes.size === 1 && nodes.has(id)) return host;
    throw new Error(`${id} asks nobody`);
  }

  node(id: string): SharingNode {
    const node = this.nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  server(name: string): SharedServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`there is no server ${name}`);
    return server;
  }

  commit(proposal: Proposal): ReturnType<Ledger['apply']> {
    const command = { ...proposal, atMs: this.clock.wallMs() } as Command;
    const applied = this.ledger.apply(this.ledger.state.index + 1, encodeCommand(command));
    for (const node of this.nodes) if (node.isUp) node.loop.noticeApplied();
    return applied;
  }

  forgetHistory(): void {
    this.probes.length = 0;
    this.frames.length = 0;
    for (const node of this.nodes) node.news.length = 0;
  }

  /** Who asked each server since the history was forgotten. */
  askers(): Map<string, Set<string>> {
    const askers = new Map([...this.servers.keys()].map((host) => [host, new Set<string>()]));
    for (const { by, host } of this.probes) askers.get(host)?.add(by);
    return askers;
  }

  /** Moves time on, and gives the longest time for which a node in `ids` had heard of no look at some server. */
  async longestUnseen(ids: readonly string[], forMs: number): Promise<number> {
    let longest = 0;
    for (let passed = 0; passed < forMs; passed += 50) {
      await this.clock.advance(50);
      for (const id of ids) {
        for (const host of this.servers.keys()) {
          const atMs = this.node(id).knownAtMs.get(host) ?? Number.NEGATIVE_INFINITY;
          longest = Math.max(longest, this.clock.nowMs() - atMs);
        }
      }
    }
    return longest;
  }

  proberOf(node: SharingNode): Prober {
    return {
      probe: (address) => this.#probe(node, address),
      knock: () => Promise.resolve({ vote: 'alive', detail: '' }),
      onConnectionLost: () => undefined,
      release: ({ host }) => node.released.push(host),
      close: () => Promise.resolve(),
    };
  }

  peersOf(node: SharingNode): Pick<Peers, 'others' | 'watch'> {
    return {
      others: () => this.nodes.flatMap(({ id }) => (id === node.id ? [] : [id])),
      watch: (id, listener) => this.#watch(node, this.node(id), listener),
    };
  }

  #probe(node: SharingNode, address: Address): Promise<ProbeResult> {
    const startedAtMs = node.clock.nowMs();
    this.probes.push({ by: node.id, host: address.host, atMs: this.clock.nowMs() });
    const server = this.server(address.host);
    const { facts, failure, uptimeSeconds, tookMs } = server;
    return new Promise((resolve) => {
      this.clock.setTimer(failure === 'silent' ? 1500 : tookMs, () => {
        const times = { startedAtMs, finishedAtMs: node.clock.nowMs() };
        if (failure !== null) {
          const message = `${addressText(address)}: ${failure}`;
          resolve({ ok: false, ...times, address, failure: { kind: failure, code: failure, message } });
          return;
        }
        const told = { facts, vitals: vitalsOf({ uptimeSeconds }), detected: NOTHING_DETECTED, replicaAddresses: [] };
        resolve({ ok: true, ...times, report: { id: serverId(address.host), address, ...told } });
      });
    });
  }

  #watch(from: SharingNode, to: SharingNode, listener: WatchListener): Watch {
    const watch: OpenWatch = {
      from,
      to,
      drained: () => watcher?.drained(),
      end: (reason) => {
        if (!this.#watches.delete(watch)) return;
        watcher?.gone();
        if (from.isUp) listener.onEnded(reason);
      },
    };
    this.#watches.add(watch);
    const isThrough = (one: SharingNode, other: SharingNode): boolean => !this.silent.has(`${one.id}>${other.id}`);
    const later = (act: () => void): void => {
      this.clock.setTimer(WAY_MS, () => {
        if (this.#watches.has(watch)) act();
      });
    };
    const watcher = to.isUp
      ? to.sharing.feed.watched(from.id, {
          send: (frame) => {
            this.frames.push({ by: to.id, to: from.id, atMs: this.clock.nowMs(), frame });
            if (isThrough(to, from)) {
              later(() => {
                listener.onFrame(structuredClone(frame));
              });
            }
            return !this.full.has(from.id);
          },
        })
      : null;
    if (watcher === null) {
      this.clock.setTimer(WAY_MS, () => {
        watch.end('connection refused');
      });
    }
    return {
      ping: (sentAtMs) => {
        later(() => {
          if (isThrough(from, to)) watcher?.pinged(sentAtMs);
        });
      },
      close: () => {
        if (this.#watches.delete(watch)) watcher?.gone();
      },
    };
  }
}

function addressOf(result: ProbeResult): Address {
  return result.ok ? result.report.address : result.address;
}
