/** The model of MySQL behind the ports: sessions with barriers, and a knock. For the loops that act. */
import type { NodeVote } from '../../../src/core/analysis/vote.js';
import type { Step, StepOutcome } from '../../../src/core/recovery/step.js';
import type { Address } from '../../../src/core/topology/address.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { OperationalError } from '../../../src/runtime/errors.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../../../src/runtime/ports/mysql.js';
import type { MysqlWorld } from './mysql-world.js';
import { failedProbe, goodProbe } from '../probes.js';

export type BeforeStep = (step: Step) => Promise<void> | void;

export class WorldSessions implements SessionOpener {
  readonly #world: MysqlWorld;
  readonly #holders = new Map<ServerId, WorldSession>();
  readonly #frozen = new Map<ServerId, Freeze>();
  beforeStep: BeforeStep = () => undefined;
  knocks = 0;
  lastKnockedAt = '';

  constructor(world: MysqlWorld) {
    this.#world = world;
  }

  /** A server's host is its id. */
  async open({ server, address, authority }: SessionOptions): Promise<ServerSession> {
    await authority.confirm();
    authority.assertLease();
    const id = address.host as ServerId;
    const refuse = new OperationalError('MYSQL_CONNECT', `${address.host}: nothing listens there`);
    if (this.#world.servers.get(id)?.up !== true || this.#frozen.has(id)) throw refuse;
    if (server !== id || this.#world.get(id).replaced) {
      throw new OperationalError('MYSQL_REPLACED', `the server at ${address.host} is not ${server}`);
    }
    void this.#holders.get(id)?.close();
    const session = new WorldSession(async (step) => {
      await this.beforeStep(step);
      await Promise.race([this.#frozen.get(id)?.thawed, session.ended]);
      if (!session.alive) return lost(address);
      try {
        await authority.confirm();
        authority.assertLease();
      } catch {
        return { ok: false, code: 'authority', error: 'the lease has lapsed', retriable: true };
      }
      return this.#world.take(step);
    });
    this.#holders.set(id, session);
    return session;
  }

  /** Says nothing more, and goes on with what it was told when it thaws; whoever was there has gone by then, maybe. */
  freeze(id: ServerId): void {
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    this.#frozen.set(id, { thawed, thaw });
  }

  thaw(id: ServerId): void {
    this.#frozen.get(id)?.thaw();
    this.#frozen.delete(id);
  }

  isFrozen(id: ServerId): boolean {
    return this.#frozen.has(id);
  }

  knock = (address: Address): Promise<{ readonly vote: NodeVote; readonly detail: string }> => {
    this.knocks += 1;
    this.lastKnockedAt = address.host;
    const id = address.host as ServerId;
    const up = this.#world.servers.get(id)?.up === true;
    return Promise.resolve({ vote: this.#frozen.has(id) ? 'silent' : up ? 'alive' : 'refused', detail: '' });
  };

  /** Who answers, and whether it takes writes. */
  probe = ({ host }: Address): Promise<ProbeResult> => {
    const server = this.#world.servers.get(host as ServerId);
    if (this.#frozen.has(host as ServerId)) return Promise.resolve(failedProbe(host, 'silent', 0));
    if (server?.up !== true) return Promise.resolve(failedProbe(host, 'refused', 0));
    const { readOnly, replaced } = server;
    const probed = goodProbe(replaced ? `another at ${host}` : host, {
      atMs: 0,
      facts: { readOnly, superReadOnly: readOnly },
    });
    return Promise.resolve(probed);
  };
}

interface Freeze {
  readonly thawed: Promise<void>;
  thaw(): void;
}

class WorldSession implements ServerSession {
  readonly #take: (step: Step) => Promise<StepOutcome>;
  readonly ended: Promise<void>;
  alive = true;
  #end: () => void = () => undefined;

  constructor(take: (step: Step) => Promise<StepOutcome>) {
    this.#take = take;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async execute(step: Step): Promise<StepOutcome> {
    return await this.#take(step);
  }

  close(): Promise<void> {
    this.alive = false;
    this.#end();
    return Promise.resolve();
  }
}

function lost(address: Address): StepOutcome {
  return { ok: false, code: 'unreachable', error: `${address.host}: the session was ended`, retriable: true };
}
