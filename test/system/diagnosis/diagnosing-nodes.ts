/** Three nodes that diagnose servers of the lab: each with eyes of its own, one ledger, and the first of them leads. */
import { NO_CLUSTER_RULES } from '../../../src/core/analysis/ground.js';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { Problem } from '../../../src/core/analysis/problem.js';
import { addressText } from '../../../src/core/topology/address.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { CanaryOrder } from '../../../src/runtime/diagnosis/canary-runner.js';
import { DiagnosisLoop } from '../../../src/runtime/diagnosis/diagnosis-loop.js';
import { LentEyes } from '../../../src/runtime/diagnosis/lent-eyes.js';
import { PACE } from '../../../src/runtime/diagnosis/limits.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import type { PeerOpinion, Peers } from '../../../src/runtime/ports/peers.js';
import { SightingStore } from '../../../src/runtime/probing/sightings.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { FedLedger } from '../../support/ledger.js';
import { addressIn, type Eyes, openEyes, PATIENT_MS, reportIn } from '../probing/prober-fixture.js';

const NODES = ['n1', 'n2', 'n3'];
const POLL_MS = 1000;

export class DiagnosingNodes {
  readonly ledger = new FedLedger();
  readonly lines: string[] = [];
  readonly canaries: CanaryOrder[] = [];
  /** What the leader found, each time that it changed; the newest last. */
  readonly history: (readonly Problem[])[] = [];
  best: LabServer | null = null;
  restartCanary: (order: CanaryOrder) => Promise<void> = () => Promise.resolve();
  readonly #eyes = new Map<string, Eyes>();
  readonly #loops = new Map<string, DiagnosisLoop>();
  readonly #duties = new Map<string, LentEyes>();
  readonly #sightings = new Map<string, SightingStore>();
  readonly #servers: readonly LabServer[];
  readonly #ids = new Map<string, ServerId>();
  #polling: NodeJS.Timeout | null = null;

  private constructor(servers: readonly LabServer[]) {
    this.#servers = servers;
    for (const node of NODES) this.#add(node);
  }

  static async start(servers: readonly LabServer[]): Promise<DiagnosingNodes> {
    const nodes = new DiagnosingNodes(servers);
    await nodes.#lookAround();
    nodes.#leader.lead(1);
    nodes.#polling = setInterval(() => {
      void nodes.#poll();
    }, POLL_MS);
    return nodes;
  }

  idOf(server: LabServer): ServerId {
    const id = this.#ids.get(addressText(addressIn(server)));
    if (id === undefined) throw new Error(`${server.address} was not seen`);
    return id;
  }

  problemOf(server: LabServer): Problem | null {
    const { problems } = this.#leader.findings;
    return problems.find((problem) => problem.server === this.idOf(server)) ?? null;
  }

  codeOf(server: LabServer): string | null {
    return this.problemOf(server)?.code ?? null;
  }

  /** An emergency about it is open, also one of a moment that nobody hears of. */
  isDoubted(server: LabServer): boolean {
    return this.#leader.emergencyOf(this.idOf(server)) !== null;
  }

  everFound(server: LabServer): ReadonlySet<string> {
    const id = this.idOf(server);
    return new Set(this.history.flat().flatMap((problem) => (problem.server === id ? [problem.code] : [])));
  }

  async close(): Promise<void> {
    if (this.#polling !== null) clearInterval(this.#polling);
    for (const loop of this.#loops.values()) loop.stop();
    for (const eyes of this.#eyes.values()) await eyes.close();
  }

  #look(node: string, result: ProbeResult): void {
    const news = this.#sightings.get(node)?.record(result) ?? null;
    if (news !== null) this.#loopOf(node).noticeProbe(news);
  }

  get #leader(): DiagnosisLoop {
    return this.#loopOf('n1');
  }

  #loopOf(node: string): DiagnosisLoop {
    const loop = this.#loops.get(node);
    if (loop === undefined) throw new Error(`there is no node ${node}`);
    return loop;
  }

  #add(node: string): void {
    const eyes = openEyes();
    const { ledger } = this;
    const sightings = new SightingStore({ self: node, clock: systemClock });
    const loop: DiagnosisLoop = new DiagnosisLoop({
      self: node,
      clock: systemClock,
      prober: eyes.prober,
      peers: this.#peersOf(node),
      sightings,
      ledger: {
        get state() {
          return ledger.state;
        },
        propose: (proposal) => {
          this.#commit(proposal);
          return Promise.resolve();
        },
      },
      settings: {
        reasonableLagSeconds: 10,
        staleSightMs: 30_000,
        lockedSemiSyncMs: 10_000,
        enforceExactSemiSyncReplicas: false,
        recoverNonWriteablePrimary: false,
      },
      limits: JUDGEMENT_LIMITS,
      pace: PACE,
      rules: NO_CLUSTER_RULES,
      voters: () => NODES,
      leader: () => 'n1',
      siteOfNode: () => null,
      handOverTo: () => Promise.resolve('nobody leads instead here'),
      bestCandidateOf: () => (this.best === null ? null : this.idOf(this.best)),
      restartCanary: (order) => {
        this.canaries.push(order);
        return this.restartCanary(order);
      },
      onProblems: ({ problems }) => {
        if (node === 'n1') this.history.push(problems);
      },
      onProbed: (result) => {
        this.#look(node, result);
      },
      log: (level, text) => {
        if (level !== 'debug') this.lines.push(`${node}: ${text}`);
      },
    });
    this.#eyes.set(node, eyes);
    this.#loops.set(node, loop);
    this.#sightings.set(node, sightings);
    this.#duties.set(node, new LentEyes({ clock: systemClock, prober: eyes.prober, loop, knockMs: PACE.knockMs }));
    loop.start();
  }

  #peersOf(self: string): Pick<Peers, 'examine' | 'reportLost'> {
    return {
      examine: async (address, timeoutMs, onOpinion) => {
        const asked = [...this.#duties].map(async ([node, duties]): Promise<PeerOpinion | null> => {
          if (node === self) return null;
          const opinion = { node, ...(await duties.examine(address, timeoutMs)) };
          onOpinion(opinion);
          return opinion;
        });
        return (await Promise.all(asked)).filter((opinion) => opinion !== null);
      },
      reportLost: (address, reason) => {
        this.#duties.get('n1')?.lost(self, address, reason);
      },
    };
  }

  /** Every node reads every server once; what was read is what is believed. */
  async #lookAround(): Promise<void> {
    for (const [node, eyes] of this.#eyes) {
      const probes = this.#servers.map((server) => eyes.prober.probe(addressIn(server), PATIENT_MS));
      const results = await Promise.all(probes);
      const reports = results.map(reportIn);
      for (const { id, address } of reports) this.#ids.set(addressText(address), id);
      if (node === 'n1') this.#commit({ kind: 'topology-observed', servers: reports });
      for (const result of results) this.#look(node, result);
    }
  }

  async #poll(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        const result = await this.#eyes.get('n1')?.prober.probe(addressIn(server), PATIENT_MS);
        if (result !== undefined) this.#look('n1', result);
      }),
    );
  }

  #commit(proposal: Proposal): void {
    this.ledger.feed(proposal);
    for (const loop of this.#loops.values()) loop.noticeApplied();
  }
}
