/** Nodes that act upon the model of MySQL, one after the other, over one log that all of them have applied. */
import type { Problem } from '../../src/core/analysis/problem.js';
import type { SoftState } from '../../src/core/recovery/openings/graceful-takeover.js';
import type { RecoveryPolicy } from '../../src/core/recovery/policy.js';
import type { Recovery } from '../../src/core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../src/core/topology/server.js';
import { LeaderAuthority } from '../../src/runtime/authority.js';
import { RecoveryDriver } from '../../src/runtime/recovery/recovery-driver.js';
import { RECOVERY_TIMES } from '../../src/runtime/recovery/recovery-parts.js';
import { ReplicatedLedger } from '../../src/runtime/replicated-ledger.js';
import { observed } from './facts.js';
import { FakeClock, FakeConsensus } from './fake-consensus.js';
import type { MysqlWorld } from './mysql-world.js';
import { policyOf } from './policy.js';
import { WorldSessions } from './world-sessions.js';

const healthy: SoftState = { answers: () => true, lagSeconds: () => 0 };

export class ActingNodes {
  readonly clock = new FakeClock();
  readonly consensus = new FakeConsensus();
  readonly ledger = new ReplicatedLedger(this.consensus, this.clock);
  readonly sessions: WorldSessions;
  readonly lines: string[] = [];
  readonly touched: ServerId[] = [];
  readonly world: MysqlWorld;
  readonly policy: RecoveryPolicy;
  driver: RecoveryDriver;
  #ids = 0;

  constructor(world: MysqlWorld, policy: Partial<RecoveryPolicy> = {}) {
    this.world = world;
    this.policy = policyOf(policy);
    this.sessions = new WorldSessions(world);
    this.driver = this.#newDriver();
  }

  async start(): Promise<void> {
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
    await this.observe();
  }

  /** A probe of everything that answers. */
  async observe(): Promise<void> {
    const up = [...this.world.servers.values()].filter((server) => server.up);
    await this.ledger.propose({
      kind: 'topology-observed',
      servers: up.map(({ id, source, io, sql, readOnly }, at) => {
        const { facts, ...rest } = observed(id, source, { readOnly, superReadOnly: readOnly, serverNumber: at + 1 });
        const channels = facts.channels.map((channel) => ({
          ...channel,
          ioThread: io ? ('running' as const) : ('stopped' as const),
          sqlThread: sql ? ('running' as const) : ('stopped' as const),
        }));
        return { ...rest, facts: { ...facts, serverNumber: Number(id.slice(0, 8)), channels } };
      }),
    });
  }

  /** The leader dies; another node, which has applied the same log, leads the term after the next. */
  async changeLeader(): Promise<void> {
    const { term } = this.consensus.leadership();
    this.consensus.follow(term + 1, 'n2');
    this.driver = this.#newDriver();
    await this.turns();
    this.consensus.beginTerm(term + 2);
  }

  #newDriver(): RecoveryDriver {
    const line = (_fields: object, message: string): void => {
      this.lines.push(message);
    };
    return new RecoveryDriver({
      self: 'n1',
      clock: this.clock,
      ledger: this.ledger,
      sessions: this.sessions,
      prober: this.sessions,
      policy: this.policy,
      times: RECOVERY_TIMES,
      log: { debug: line, info: line, warn: line, error: line },
      soft: healthy,
      authorityFor: (term) => new LeaderAuthority(term, this.consensus, this.clock),
      leadership: () => this.consensus.leadership(),
      hasQuorum: () => true,
      randomHex: () => String((this.#ids += 1)).padStart(8, '0'),
      onTouched: (server) => {
        this.touched.push(server);
      },
      onRestraint: () => undefined,
    });
  }

  cluster(): ClusterId {
    const [cluster] = this.ledger.state.clusters.keys();
    if (cluster === undefined) throw new Error('nothing was observed');
    return cluster;
  }

  deadMaster(server: ServerId): Problem {
    return {
      server,
      clusterId: this.cluster(),
      code: 'DeadMaster',
      description: 'it is dead',
      severity: 'critical',
      reaction: 'recover-dead-primary',
      because: ['all nodes were refused'],
    };
  }

  get recoveries(): readonly Recovery[] {
    return [...this.ledger.state.recoveries.values()];
  }

  /** Turns of the event loop, for all that needs no time. */
  async turns(count = 30): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Until no recovery is open, moving time on. */
  async untilClosed(): Promise<void> {
    for (let round = 0; round < 400; round++) {
      await this.turns(5);
      if (this.recoveries.length > 0 && this.recoveries.every(({ closedAtMs }) => closedAtMs !== null)) return;
      await this.clock.advance(50);
    }
    throw new Error(
      `a recovery stays open: ${JSON.stringify(this.recoveries.at(-1))}\n${this.lines.slice(-10).join('\n')}`,
    );
  }
}
