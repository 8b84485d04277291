/** Acting nodes upon the model of MySQL, with a clock in the hand of the test. */
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { Sights } from '../../../src/core/recovery/sights.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { ActingNodes, type Outside } from '../lab/acting-nodes.js';
import { observed } from '../facts.js';
import { FakeClock } from '../raft/fake-consensus.js';
import type { MysqlWorld } from './mysql-world.js';
import { WorldSessions } from './world-sessions.js';

export class WorldNodes extends ActingNodes {
  readonly clock: FakeClock;
  readonly sessions: WorldSessions;
  readonly world: MysqlWorld;
  readonly #seenAtMs: Map<ServerId, number>;

  constructor(world: MysqlWorld, policy: Partial<RecoveryPolicy> = {}, outside: Outside = {}) {
    const clock = new FakeClock();
    const sessions = new WorldSessions(world);
    const answers = (id: ServerId): boolean => {
      const server = world.servers.get(id);
      return server?.up === true && !server.replaced && !sessions.isFrozen(id);
    };
    const seenAtMs = new Map<ServerId, number>();
    const sights: Sights = (id) => ({ answers: answers(id), seenAtMs: seenAtMs.get(id) ?? null, vitals: null });
    super({ clock, sessions, prober: sessions, policy, soft: { answers, lagSeconds: () => 0 }, sights, ...outside });
    this.clock = clock;
    this.sessions = sessions;
    this.world = world;
    this.#seenAtMs = seenAtMs;
  }

  async start(): Promise<void> {
    await this.startLog();
    await this.observe();
  }

  /** A probe of everything that answers. */
  override async observe(): Promise<void> {
    await super.observe();
    const up = [...this.world.servers.values()].filter(({ id, up }) => up && !this.sessions.isFrozen(id));
    for (const { id } of up) this.#seenAtMs.set(id, this.clock.wallMs());
    await this.ledger.propose({
      kind: 'topology-observed',
      servers: up.map(({ id, source, io, sql, broken, readOnly }) => {
        const { facts, ...rest } = observed(id, source, { readOnly, superReadOnly: readOnly });
        const channels = facts.channels.map((channel) => ({
          ...channel,
          ioThread: io ? ('running' as const) : ('stopped' as const),
          sqlThread: sql ? ('running' as const) : ('stopped' as const),
          sqlError: broken ? { number: 1062, text: 'duplicate entry' } : null,
        }));
        return { ...rest, facts: { ...facts, serverNumber: Number(id.slice(0, 8)), channels } };
      }),
    });
  }

  /** Until no recovery is open, moving time on. */
  async untilClosed(): Promise<void> {
    for (let round = 0; round < 400; round++) {
      await this.turns(5);
      if (this.isIdle) return;
      await this.clock.advance(50);
    }
    throw new Error(`a recovery stays open: ${JSON.stringify(this.recoveries.at(-1))}`);
  }
}
