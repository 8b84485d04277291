/**
 * A primary with replicas, as a node sees them through its prober and its peers, on a fake clock: who is up, who refuses,
 * who is frozen, and what replicas know of it by their heartbeats. Nothing here decides anything.
 */
import type { NodeVote } from '../../../src/core/analysis/vote.js';
import type { Address } from '../../../src/core/topology/address.js';
import type { FailureKind, ProbeResult } from '../../../src/core/topology/report.js';
import type { Channel } from '../../../src/core/topology/server.js';
import type { Prober } from '../../../src/runtime/ports/mysql.js';
import type { PeerOpinion, Peers } from '../../../src/runtime/ports/peers.js';
import { channelTo, serverId } from '../facts.js';
import type { FakeClock } from '../raft/fake-consensus.js';
import { failedProbe, goodProbe, replicaProbe } from '../probes.js';

/** hung: greets, and answers no statement. full: answers 1040. */
export type Health = 'up' | 'refuses' | 'frozen' | 'hung' | 'full';

interface FakeServer {
  /** Who answers; its name, until it is set up anew. */
  id: string;
  source: string | null;
  health: Health;
  /** Set by the test where the replica's thread is not what its source's health makes it. */
  channel: Partial<Channel> | null;
  lastReceivedMs: number;
}

/** To a peer and back, beside what the peer does. */
const PEER_WAY_MS = 3;

const KNOCKS: Readonly<Record<Health, NodeVote>> = {
  up: 'alive',
  refuses: 'refused',
  frozen: 'silent',
  hung: 'alive',
  full: 'alive',
};

const FAILURES: Readonly<Record<Exclude<Health, 'up'>, FailureKind>> = {
  refuses: 'refused',
  frozen: 'silent',
  hung: 'silent',
  full: 'alive',
};

export class FakeMysqlWorld
  implements Pick<Prober, 'knock' | 'probe' | 'onConnectionLost'>, Pick<Peers, 'examine' | 'reportLost'>
{
  readonly servers = new Map<string, FakeServer>();
  /** What each other node would see; `down` does not answer, `same` sees what is. */
  readonly peers = new Map<string, 'same' | 'down' | NodeVote>();
  readonly #eyes = new Map<string, (host: string) => NodeVote>();
  /** What this node sees instead of what is. */
  cutOff = new Set<string>();
  heartbeatMs: number | null = 1000;
  /** From a node to a server and back. */
  wayMs = 2;
  readonly calls: string[] = [];
  readonly reports: string[] = [];
  #onLost: (address: Address, reason: string) => void = () => undefined;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, sources: Readonly<Record<string, string | null>>) {
    this.#clock = clock;
    for (const [name, source] of Object.entries(sources)) {
      this.servers.set(name, { id: name, source, health: 'up', channel: null, lastReceivedMs: clock.now });
    }
  }

  /** `tells`: its connections end, as when a process dies; a frozen host or a cut cable does not tell. */
  become(name: string, health: Health, tells = false): void {
    this.#heartbeats();
    this.#server(name).health = health;
    if (tells) this.loseConnection(name);
  }

  loseConnection(name: string): void {
    this.#onLost({ host: name, port: 3306 }, 'closed by the server');
  }

  /** The same address with another identity. */
  rebuild(name: string, id: string): void {
    this.#server(name).id = id;
  }

  setChannel(name: string, channel: Partial<Channel> | null): void {
    this.#server(name).channel = channel;
  }

  onConnectionLost(listener: (address: Address, reason: string) => void): void {
    this.#onLost = listener;
  }

  async knock(address: Address, timeoutMs: number): Promise<{ readonly vote: NodeVote; readonly detail: string }> {
    this.calls.push(`knock ${address.host}`);
    const vote = this.cutOff.has(address.host) ? 'silent' : KNOCKS[this.#server(address.host).health];
    await this.#wait(vote === 'silent' ? timeoutMs : this.wayMs);
    return { vote, detail: vote };
  }

  async probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    this.calls.push(`probe ${address.host}`);
    const atMs = this.#clock.now;
    const server = this.#server(address.host);
    const kind = this.cutOff.has(address.host) ? 'silent' : server.health === 'up' ? null : FAILURES[server.health];
    await this.#wait(kind === 'silent' ? timeoutMs : this.wayMs);
    return kind === null
      ? this.#report(address.host, atMs)
      : failedProbe(address.host, kind, atMs, this.#clock.now - atMs);
  }

  async examine(
    address: Address,
    timeoutMs: number,
    onOpinion: (opinion: PeerOpinion) => void,
  ): Promise<readonly PeerOpinion[]> {
    this.calls.push(`examine ${address.host}`);
    const asked = [...this.peers].map(([node, sees]) =>
      this.#examineFrom(node, this.#eyes.get(node)?.(address.host) ?? sees, address.host, timeoutMs, onOpinion),
    );
    return (await Promise.all(asked)).filter((opinion) => opinion !== null);
  }

  /** A node that sees one server so and another so. */
  examineWith(node: string, sees: (host: string) => NodeVote): void {
    this.#eyes.set(node, sees);
  }

  reportLost(address: Address, reason: string): void {
    this.reports.push(`${address.host}: ${reason}`);
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  async #examineFrom(
    node: string,
    sees: 'same' | 'down' | NodeVote,
    host: string,
    timeoutMs: number,
    onOpinion: (opinion: PeerOpinion) => void,
  ): Promise<PeerOpinion | null> {
    if (sees === 'down') {
      await this.#wait(timeoutMs);
      return null;
    }
    const startedAtMs = this.#clock.now;
    const vote = sees === 'same' ? KNOCKS[this.#server(host).health] : sees;
    await this.#wait(PEER_WAY_MS + (vote === 'silent' ? timeoutMs - 200 : this.wayMs));
    const opinion = { node, vote, detail: vote, ageMs: this.#clock.now - startedAtMs };
    onOpinion(opinion);
    return opinion;
  }

  #report(name: string, atMs: number): ProbeResult {
    const result = this.#answer(name, atMs);
    const id = serverId(this.#server(name).id);
    return result.ok ? { ...result, report: { ...result.report, id } } : result;
  }

  #answer(name: string, atMs: number): ProbeResult {
    const server = this.#server(name);
    if (server.source === null) return goodProbe(name, { atMs });
    this.#heartbeats();
    return replicaProbe(name, this.#channelOf(server, server.source), atMs, {
      quietMs: Math.max(0, atMs - server.lastReceivedMs),
    });
  }

  #channelOf(server: FakeServer, source: string): Channel {
    const heartbeatIntervalMs = this.heartbeatMs;
    if (server.channel !== null) return channelTo(source, { heartbeatIntervalMs, ...server.channel });
    const health = this.servers.get(source)?.health;
    if (health !== 'refuses') return channelTo(source, { heartbeatIntervalMs });
    return channelTo(source, { heartbeatIntervalMs, ioThread: 'connecting', ioError: { number: 2003, text: 'lost' } });
  }

  /** Whatever a live source sent until now has arrived. */
  #heartbeats(): void {
    const everyMs = this.heartbeatMs ?? 0;
    for (const server of this.servers.values()) {
      const source = server.source === null ? undefined : this.servers.get(server.source);
      if (source === undefined || everyMs === 0 || source.health === 'refuses' || source.health === 'frozen') continue;
      const missed = Math.floor((this.#clock.now - server.lastReceivedMs) / everyMs);
      server.lastReceivedMs += missed * everyMs;
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(ms, resolve));
  }

  #server(name: string): FakeServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`there is no server ${name}`);
    return server;
  }
}
