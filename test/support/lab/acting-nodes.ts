/** Nodes that act, one after the other, over one log that all of them have applied: what a leader leaves, the next one has. */
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { SoftState } from '../../../src/core/recovery/openings/graceful-takeover.js';
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { Sights } from '../../../src/core/recovery/sights.js';
import type { ClusterId, ServerId } from '../../../src/core/topology/server.js';
import { LeaderAuthority } from '../../../src/runtime/authority.js';
import type { Clock } from '../../../src/runtime/ports/clock.js';
import { type HookRunner, NO_HOOKS } from '../../../src/runtime/ports/hooks.js';
import { NO_PUBLISHING, type Publishing } from '../../../src/runtime/ports/publishing.js';
import type { Prober, SessionOpener } from '../../../src/runtime/ports/mysql.js';
import { RecoveryDriver } from '../../../src/runtime/recovery/recovery-driver.js';
import { RECOVERY_TIMES } from '../../../src/runtime/recovery/recovery-parts.js';
import { ReplicatedLedger } from '../../../src/runtime/replicated-ledger.js';
import { FakeConsensus } from '../raft/fake-consensus.js';
import { policyOf } from '../policy.js';

const healthy: SoftState = { answers: () => true, lagSeconds: () => 0 };

/** What is told of recoveries; nobody where nothing is said. */
export interface Outside {
  readonly hooks?: HookRunner;
  readonly detectionBlockMs?: number;
  /** Of one node; the next leader is another one. */
  readonly publishing?: (ledger: ReplicatedLedger, consensus: FakeConsensus) => Publishing;
}

export interface Surroundings extends Outside {
  readonly clock: Clock;
  readonly sessions: SessionOpener;
  readonly prober: Pick<Prober, 'knock' | 'probe'>;
  /** What the eyes of the node say; that all is well where it is not told. */
  readonly soft?: SoftState;
  /** What was last seen of servers; nothing but that they answer where it is not told. */
  readonly sights?: Sights;
  readonly policy: Partial<RecoveryPolicy>;
}

export class ActingNodes {
  readonly consensus = new FakeConsensus();
  readonly ledger: ReplicatedLedger;
  readonly lines: string[] = [];
  readonly touched: ServerId[] = [];
  /** Changed by a step since all were observed. */
  protected readonly unseen = new Set<ServerId>();
  driver: RecoveryDriver;
  readonly #surroundings: Surroundings;
  readonly #policy: RecoveryPolicy;
  #ids = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#policy = policyOf(surroundings.policy);
    this.ledger = new ReplicatedLedger(this.consensus, surroundings.clock);
    this.driver = this.#newDriver();
  }

  /** The first node leads term 1. */
  async startLog(): Promise<void> {
    const nothing = (): void => undefined;
    await this.ledger.start({
      onApplied: () => {
        this.driver.noticeApplied();
      },
      onRestored: nothing,
      onLeadershipChange: ({ role }) => {
        if (role !== 'leader') this.driver.follow();
      },
      onTermReady: () => {
        this.driver.lead();
      },
      onPeersChange: nothing,
      onEvent: nothing,
      onFatal: nothing,
    });
    this.consensus.beginTerm(1);
  }

  /** The leader dies; another node, which has applied the same log, leads the term after the next. */
  async changeLeader(): Promise<void> {
    const { term } = this.consensus.leadership();
    this.consensus.follow(term + 1, 'n2');
    this.driver = this.#newDriver();
    await this.turns();
    this.consensus.beginTerm(term + 2);
  }

  /** As a reload does: in place, for all who hold it. */
  reload(policy: Partial<RecoveryPolicy>): void {
    Object.assign(this.#policy, policy);
  }

  #newDriver(): RecoveryDriver {
    const line = (_fields: object, message: string): void => {
      this.lines.push(message);
    };
    const { soft = healthy, ...parts } = this.#surroundings;
    return new RecoveryDriver({
      ...parts,
      self: 'n1',
      ledger: this.ledger,
      policy: this.#policy,
      times: RECOVERY_TIMES,
      log: { debug: line, info: line, warn: line, error: line },
      soft,
      sights: this.#surroundings.sights ?? (() => ({ answers: true, seenAtMs: null, vitals: null })),
      orchestrators: () => ({ voters: 3, live: 3 }),
      hooks: {
        runner: this.#surroundings.hooks ?? NO_HOOKS,
        detectionBlockMs: this.#surroundings.detectionBlockMs ?? 3_600_000,
        automatic: () => ({ primary: true, intermediate: false }),
      },
      publishing: this.#surroundings.publishing?.(this.ledger, this.consensus) ?? NO_PUBLISHING,
      emergencyOf: () => null,
      recoversSilentSite: () => false,
      authorityFor: (term) => new LeaderAuthority(term, this.consensus, parts.clock),
      leadership: () => this.consensus.leadership(),
      hasQuorum: () => true,
      randomHex: () => String((this.#ids += 1)).padStart(8, '0'),
      onTouched: (server) => {
        this.touched.push(server);
        this.unseen.add(server);
      },
      seeAnew: (servers) => this.#seeTouched(servers),
      onRestraint: () => undefined,
    });
  }

  /** A request is about to be judged, and these are to be seen as they are. */
  onLook: (servers: readonly ServerId[]) => void = () => undefined;

  /** Probes and commits what was found; nodes that have something to look at say how. */
  observe(): Promise<void> {
    this.unseen.clear();
    return Promise.resolve();
  }

  async #seeTouched(servers: readonly ServerId[]): Promise<void> {
    this.onLook(servers);
    if (servers.some((id) => this.unseen.has(id))) await this.observe();
  }

  cluster(): ClusterId {
    const [cluster] = this.ledger.state.clusters.keys();
    if (cluster === undefined) throw new Error('nothing was observed');
    return cluster;
  }

  deadMaster(server: ServerId): Problem {
    return this.problem(server, 'DeadMaster', 'recover-dead-primary');
  }

  problem(server: ServerId, code: Problem['code'], reaction: Problem['reaction']): Problem {
    const clusterId = this.cluster();
    const because = ['all nodes were refused'];
    return { server, clusterId, code, description: 'it is dead', severity: 'critical', reaction, because };
  }

  get recoveries(): readonly Recovery[] {
    return [...this.ledger.state.recoveries.values()];
  }

  get isIdle(): boolean {
    return this.recoveries.length > 0 && this.recoveries.every(({ closedAtMs }) => closedAtMs !== null);
  }

  /** Turns of the event loop, for all that needs no time. */
  async turns(count = 30): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
