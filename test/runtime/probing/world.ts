/** A world of servers that a scripted prober sees, and a ledger that commits at once: what the probing loop stands between. */
import { encodeCommand } from '../../../src/core/ledger/codec.js';
import type { Command } from '../../../src/core/ledger/command.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { createRng } from '../../../src/core/base/rng.js';
import { type Address, addressText } from '../../../src/core/topology/address.js';
import { type FailureKind, NOTHING_DETECTED, type ProbeResult } from '../../../src/core/topology/report.js';
import type { ServerFacts } from '../../../src/core/topology/server.js';
import type { Prober } from '../../../src/runtime/ports/mysql.js';
import { DEFAULT_PACE, type ProbingPace } from '../../../src/runtime/probing/pace.js';
import { ProbingLoop, type ProbingParts } from '../../../src/runtime/probing/probing-loop.js';
import { SightingStore } from '../../../src/runtime/probing/sightings.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { factsOf, serverId } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { vitalsOf } from '../../support/probes.js';

export interface FakeServer {
  /** Identity; two addresses may lead to one. */
  id: string;
  facts: ServerFacts;
  replicas: Address[];
  failure: FailureKind | null;
  tookMs: number;
}

export function at(name: string): Address {
  return { host: name, port: 3306 };
}

export class World implements Prober {
  readonly clock = new FakeClock();
  readonly ledger = new Ledger();
  readonly servers = new Map<string, FakeServer>();
  /** Every probe: its address and when it began. */
  readonly probes: { readonly name: string; readonly atMs: number }[] = [];
  readonly committed: Proposal[] = [];
  readonly heard: ProbeResult[] = [];
  readonly released: string[] = [];
  readonly ignored = new Set<string>();
  readonly names = new Map<string, string>();
  admits: ProbingParts['admits'] = () => true;
  readonly forAll = new Set<string>();
  readyTerm: number | null = 1;
  failCommits = false;
  underway = 0;
  mostUnderway = 0;
  lose: (address: Address, reason: string) => void = () => undefined;
  readonly loop: ProbingLoop;

  constructor(pace: Partial<ProbingPace> = {}) {
    const clock = this.clock;
    const view = {
      state: this.ledger.state,
      propose: (proposal: Proposal): ReturnType<ProbingParts['ledger']['propose']> => this.#propose(proposal),
    };
    const ledger: ProbingParts['ledger'] = Object.defineProperty(view, 'readyTerm', {
      get: () => this.readyTerm,
    }) as ProbingParts['ledger'];
    this.loop = new ProbingLoop({
      self: 'n1',
      clock,
      prober: this,
      rng: createRng(7),
      pace: { ...DEFAULT_PACE, pollMs: 1000, probeTimeoutMs: 3000, ...pace },
      ledger,
      sightings: new SightingStore({ self: 'n1', clock }),
      isIgnored: (address) => this.ignored.has(address.host),
      admits: (report) => this.admits(report),
      hostName: (host) => this.names.get(host) ?? host,
      isForAll: (server) => this.forAll.has(server),
      onNews: ({ result }) => this.heard.push(result),
      onForgotten: () => undefined,
      log: () => undefined,
    });
  }

  add(name: string, changes: Partial<FakeServer> = {}): FakeServer {
    const server = { id: name, facts: factsOf(), replicas: [], failure: null, tookMs: 2, ...changes };
    this.servers.set(addressText(at(name)), server);
    return server;
  }

  /** What a seed in the configuration becomes. */
  seed(...names: string[]): void {
    this.commit({ kind: 'targets-added', targets: names.map((name) => ({ address: at(name), origin: 'seed' })) });
  }

  commit(proposal: Proposal): ReturnType<Ledger['apply']> {
    const command = { ...proposal, atMs: this.clock.wallMs() } as Command;
    const applied = this.ledger.apply(this.ledger.state.index + 1, encodeCommand(command));
    this.loop.noticeApplied();
    return applied;
  }

  async #propose(proposal: Proposal): Promise<ReturnType<Ledger['apply']>> {
    this.committed.push(proposal);
    await Promise.resolve();
    if (this.failCommits) throw new Error('no quorum');
    return this.commit(proposal);
  }

  probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const startedAtMs = this.clock.nowMs();
    this.probes.push({ name: address.host, atMs: startedAtMs });
    this.underway += 1;
    this.mostUnderway = Math.max(this.mostUnderway, this.underway);
    const server = this.servers.get(addressText(address));
    // As the server was when the question reached it.
    const seen = server === undefined ? undefined : { ...server };
    const tookMs = seen?.failure === 'silent' ? timeoutMs : (seen?.tookMs ?? 1);
    return new Promise((resolve) => {
      this.clock.setTimer(tookMs, () => {
        this.underway -= 1;
        const times = { startedAtMs, finishedAtMs: this.clock.nowMs() };
        if (seen === undefined || seen.failure !== null) {
          const kind = seen?.failure ?? 'refused';
          resolve({ ok: false, ...times, address, failure: { kind, code: kind, message: `${address.host} ${kind}` } });
          return;
        }
        const { id, facts, replicas } = seen;
        const told = { facts, vitals: vitalsOf(), detected: NOTHING_DETECTED, replicaAddresses: replicas };
        const report = { id: serverId(id), address, ...told };
        resolve({ ok: true, ...times, report });
      });
    });
  }

  knock(): Promise<{ vote: 'alive'; detail: string }> {
    return Promise.resolve({ vote: 'alive', detail: '' });
  }

  onConnectionLost(listener: (address: Address, reason: string) => void): void {
    this.lose = listener;
  }

  release(address: Address): void {
    this.released.push(address.host);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  timesOf(name: string): number[] {
    return this.probes.filter((probe) => probe.name === name).map(({ atMs }) => atMs);
  }

  kinds(): string[] {
    return this.committed.map(({ kind }) => kind);
  }
}
