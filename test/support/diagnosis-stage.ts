/** A node that diagnoses: the loop over a fake world, a fake clock and a real ledger, and whatever it said. */
import { type ClusterRules, NO_CLUSTER_RULES } from '../../src/core/analysis/ground.js';
import { type DiagnosisSettings, JUDGEMENT_LIMITS } from '../../src/core/analysis/limits.js';
import type { Command } from '../../src/core/ledger/command.js';
import type { Recovery } from '../../src/core/recovery/recovery.js';
import type { ServerId } from '../../src/core/topology/server.js';
import type { CanaryOrder } from '../../src/runtime/diagnosis/canary-runner.js';
import { DiagnosisLoop } from '../../src/runtime/diagnosis/diagnosis-loop.js';
import type { Findings } from '../../src/runtime/diagnosis/findings.js';
import { PACE, type Pace } from '../../src/runtime/diagnosis/limits.js';
import type { Proposal } from '../../src/runtime/replicated-ledger.js';
import type { ProbeResult } from '../../src/core/topology/report.js';
import { SightingStore } from '../../src/runtime/probing/sightings.js';
import { addressOf, observed, serverId } from './facts.js';
import { FakeClock } from './raft/fake-consensus.js';
import { FakeMysqlWorld } from './worlds/fake-mysql-world.js';
import { FedLedger, recoveryOf } from './ledger.js';

export interface StageOptions {
  readonly voters?: readonly string[];
  readonly pace?: Partial<Pace>;
  readonly start?: boolean;
  readonly rules?: Partial<ClusterRules>;
  readonly settings?: Partial<DiagnosisSettings>;
  /** Where servers and nodes stand, by name. */
  readonly sites?: Readonly<Record<string, string>>;
}

export class DiagnosisStage {
  readonly clock = new FakeClock();
  readonly sightings = new SightingStore({ self: 'n1', clock: this.clock });
  readonly world: FakeMysqlWorld;
  readonly ledger = new FedLedger();
  readonly loop: DiagnosisLoop;
  readonly lines: string[] = [];
  readonly proposals: Proposal[] = [];
  /** Each publication: the instant, and the code of each server. */
  readonly published: {
    readonly atMs: number;
    readonly codes: Readonly<Record<string, string>>;
    /** For whom a recovery is called. */
    readonly recovers: readonly string[];
  }[] = [];
  readonly canaries: CanaryOrder[] = [];
  readonly handedOver: { readonly atMs: number; readonly nodes: readonly string[] }[] = [];
  best: string | null = null;
  /** What a restart of the canary does to it. */
  onCanary: (canary: string) => void = () => undefined;
  /** Called in the turn of each publication. */
  onPublished: () => void = () => undefined;
  proposeFails = false;
  latest: Findings = { problems: [], structure: new Map() };

  constructor(
    sources: Readonly<Record<string, string | null>>,
    { voters = ['n1', 'n2', 'n3'], pace, start = true, rules, settings, sites = {} }: StageOptions = {},
  ) {
    this.world = new FakeMysqlWorld(this.clock, sources);
    for (const node of voters) if (node !== 'n1') this.world.peers.set(node, 'same');
    const servers = Object.entries(sources).map(([name, source]) => {
      const server = observed(name, source);
      return { ...server, facts: { ...server.facts, dataCenter: sites[name] ?? '' } };
    });
    this.ledger.feed({ kind: 'topology-observed', servers });
    const { ledger } = this;
    this.loop = new DiagnosisLoop({
      self: 'n1',
      clock: this.clock,
      prober: this.world,
      peers: this.world,
      sightings: this.sightings,
      ledger: {
        get state() {
          return ledger.state;
        },
        propose: (proposal) => this.#propose(proposal),
      },
      settings: {
        reasonableLagSeconds: 10,
        staleSightMs: 30_000,
        lockedSemiSyncMs: 10_000,
        enforceExactSemiSyncReplicas: false,
        recoverNonWriteablePrimary: false,
        ...settings,
      },
      limits: JUDGEMENT_LIMITS,
      pace: { ...PACE, ...pace },
      rules: { ...NO_CLUSTER_RULES, ...rules },
      voters: () => voters,
      leader: () => 'n2',
      siteOfNode: (node) => sites[node] ?? null,
      handOverTo: (nodes) => {
        this.handedOver.push({ atMs: this.clock.now, nodes });
        return Promise.resolve(`leadership goes to ${nodes[0] ?? 'nobody'}`);
      },
      bestCandidateOf: () => this.#best(),
      restartCanary: (order) => {
        this.canaries.push(order);
        this.onCanary(order.canary.id);
        return Promise.resolve();
      },
      onProblems: (findings) => {
        this.latest = findings;
        const codes = Object.fromEntries(findings.problems.map((problem) => [problem.server, problem.code]));
        const called = findings.problems.filter((problem) => problem.reaction === 'recover-dead-primary');
        this.published.push({ atMs: this.clock.now, codes, recovers: called.map((problem) => problem.server) });
        this.onPublished();
      },
      onProbed: (result) => {
        this.look(result);
      },
      log: (level, text) => {
        if (level !== 'debug') this.lines.push(text);
      },
    });
    if (start) this.loop.start();
  }

  /** What the probe loop does with every result, its own and those of peers. */
  look(result: ProbeResult, by = 'n1'): void {
    const news = this.sightings.record(result, by);
    if (news !== null) this.loop.noticeProbe(news);
  }

  /** The probe loop of the node: everybody is probed once a second, and this one is waited for. */
  async pollAll(timeoutMs = 1000): Promise<void> {
    const polls = [...this.world.servers.keys()].map(async (name) => {
      this.look(await this.world.probe(addressOf(name), timeoutMs));
    });
    const done = Promise.all(polls);
    await this.clock.advance(timeoutMs + 1);
    await done;
  }

  /** Polls in the background from now on, as the probe loop does. */
  keepPolling(everyMs: number): void {
    for (const name of this.world.servers.keys()) {
      void this.world.probe(addressOf(name), everyMs).then((result) => {
        this.look(result);
      });
    }
    this.clock.setTimer(everyMs, () => {
      this.keepPolling(everyMs);
    });
  }

  async leadWell(): Promise<void> {
    this.loop.lead(1);
    await this.pollAll();
    this.world.calls.length = 0;
  }

  feed(command: Proposal): void {
    this.ledger.feed(command);
    this.loop.noticeApplied();
  }

  openRecovery(failed: string, kind: Recovery['kind'] = 'dead-primary'): void {
    const clusterId = this.ledger.clusterOf(failed);
    if (clusterId === undefined) throw new Error(`${failed} is in no cluster`);
    this.feed({ kind: 'recovery-opened', recovery: recoveryOf('rec1', clusterId, failed, { kind }) });
  }

  codeOf(name: string): string | null {
    return this.latest.problems.find((problem) => problem.server === serverId(name))?.code ?? null;
  }

  because(name: string): string {
    const problem = this.latest.problems.find((one) => one.server === serverId(name));
    return problem?.because.join('; ') ?? '';
  }

  /** Milliseconds from `fromMs` until the code was first published; null when it never was. */
  tookUntil(name: string, code: string, fromMs: number): number | null {
    const first = this.published.find((one) => one.codes[name] === code && one.atMs >= fromMs);
    return first === undefined ? null : first.atMs - fromMs;
  }

  /** When a recovery was first called for, in milliseconds from `fromMs`; null when it never was. */
  tookUntilRecovery(fromMs: number): number | null {
    const first = this.published.find((one) => one.recovers.length > 0 && one.atMs >= fromMs);
    return first === undefined ? null : first.atMs - fromMs;
  }

  proposed<Kind extends Command['kind']>(kind: Kind): readonly Extract<Proposal, { kind: Kind }>[] {
    return this.proposals.filter((one): one is Extract<Proposal, { kind: Kind }> => one.kind === kind);
  }

  #best(): ServerId | null {
    return this.best === null ? null : serverId(this.best);
  }

  /** A round trip to a quorum. */
  async #propose(proposal: Proposal): Promise<void> {
    await new Promise<void>((resolve) => this.clock.setTimer(5, resolve));
    if (this.proposeFails) throw new Error('no quorum');
    this.proposals.push(proposal);
    this.feed(proposal);
  }
}

/** A primary and two replicas. */
export const TREE = { p: null, r1: 'p', r2: 'p' };

/** A leader that knows them, and all is well. */
export async function leading(options: StageOptions = {}): Promise<DiagnosisStage> {
  const stage = new DiagnosisStage(TREE, options);
  await stage.leadWell();
  return stage;
}
