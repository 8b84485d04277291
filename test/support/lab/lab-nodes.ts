/** Acting nodes upon real servers of the lab: real sessions, real probes, real time; only the log is the test's own. */
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { Step, StepOutcome } from '../../../src/core/recovery/step.js';
import { addressText } from '../../../src/core/topology/address.js';
import type { Sights } from '../../../src/core/recovery/sights.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { Vitals } from '../../../src/core/topology/vitals.js';
import type { Answer, MoveRequest } from '../../../src/runtime/ports/service.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../../../src/runtime/ports/mysql.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { ActingNodes, type Outside } from './acting-nodes.js';
import { labConnector, labOpener, patientProber, REPLICATION_QUERY } from './mysql-sessions.js';

/** What a request came to, for messages. */
export function toldBy(answer: Answer<Recovery>): string {
  return JSON.stringify(answer.ok ? [answer.value.verdict, answer.value.lost] : answer.refusal);
}

/** Called before a step is sent and after its answer came, before anybody learns of it. */
export type AtStep = (step: Step, when: 'before' | 'after') => Promise<void>;

const PROBE_MS = 10_000;
const NO_SIGHTS: Sights = () => ({ answers: true, seenAtMs: null, vitals: null });

export interface LabOutside extends Outside {
  /** Where binary logs are copied to. */
  readonly keepDirectory?: string;
  /** Decisions rest on what observe() read beside the facts, and on who runs. */
  readonly seesVitals?: boolean;
}

export class LabNodes extends ActingNodes {
  readonly #servers: readonly LabServer[];
  readonly #prober: MysqlProber;
  readonly #watched: WatchedSessions;
  readonly #seen: Map<ServerId, Vitals>;

  constructor(servers: readonly LabServer[], policy: Partial<RecoveryPolicy> = {}, outside: LabOutside = {}) {
    const { keepDirectory = tmpdir(), seesVitals = false, ...rest } = outside;
    const connector = labConnector();
    const prober = patientProber(connector, PROBE_MS);
    // MariaDB does not give the account of its replicas.
    const query = servers.some(({ flavor }) => flavor === 'mariadb') ? REPLICATION_QUERY : '';
    const watched = new WatchedSessions(labOpener(connector, query, keepDirectory));
    const seen = new Map<ServerId, Vitals>();
    const sights: Sights = (id) => ({ answers: true, seenAtMs: null, vitals: seen.get(id) ?? null });
    const answers = (id: ServerId): boolean => {
      const known = this.ledger.state.servers.get(id);
      return (
        servers.find(({ address }) => known !== undefined && address === addressText(known.address))?.running ?? true
      );
    };
    const eyes = seesVitals ? { sights, soft: { answers, lagSeconds: () => 0 } } : { sights: NO_SIGHTS };
    super({ clock: systemClock, sessions: watched, prober, policy, ...eyes, ...rest });
    this.#seen = seen;
    this.#servers = servers;
    this.#prober = prober;
    this.#watched = watched;
  }

  async start(): Promise<void> {
    await this.startLog();
    await this.observe();
  }

  set atStep(hook: AtStep) {
    this.#watched.atStep = hook;
  }

  /** Before or after the step of this number, counted from now, the leader dies and another one leads. Told: whether it did. */
  leaderDiesAt(number: number, when: 'before' | 'after'): () => boolean {
    let [steps, died] = [0, false];
    this.atStep = async (_step, now) => {
      if (died || now !== when) return;
      steps += 1;
      if (steps !== number) return;
      died = true;
      await this.changeLeader();
    };
    return () => died;
  }

  /** Probes all servers and commits what was found. */
  override async observe(): Promise<void> {
    await super.observe();
    const results = await Promise.all(
      this.#servers.map(({ host, port }) => this.#prober.probe({ host, port }, PROBE_MS)),
    );
    const reports = results.flatMap((result) => (result.ok ? [result.report] : []));
    for (const { id, vitals } of reports) this.#seen.set(id, vitals);
    await this.ledger.propose({
      kind: 'topology-observed',
      servers: reports.map(({ id, address, facts }) => ({ id, address, facts })),
    });
  }

  /** A graceful takeover; the old primary replicates afterwards, unless it is left stopped. */
  async takeover(candidate: LabServer, left: 'started' | 'stopped' = 'started'): Promise<Answer<Recovery>> {
    return await this.driver.requests.ask({
      command: left === 'started' ? 'graceful-master-takeover-auto' : 'graceful-master-takeover',
      clusterId: this.cluster(),
      server: null,
      candidate: this.idOf(candidate),
      requestedBy: 'test',
    });
  }

  /** A rearrangement, after a look at how things stand. */
  async move(command: MoveCommand, server: LabServer, destination: LabServer | null = null): Promise<Answer<Recovery>> {
    await this.observe();
    return await this.driver.moves.ask(this.moveRequest(command, server, destination));
  }

  moveRequest(command: MoveCommand, server: LabServer, destination: LabServer | null = null): MoveRequest {
    return {
      command,
      clusterId: this.cluster(),
      server: this.idOf(server),
      destination: destination === null ? null : this.idOf(destination),
      pattern: null,
      requestedBy: 'test',
    };
  }

  idOf(server: LabServer): ServerId {
    const found = [...this.ledger.state.servers.values()].find(
      ({ address }) => addressText(address) === server.address,
    );
    if (found === undefined) throw new Error(`${server.address} was not observed`);
    return found.id;
  }

  /** A fence ends the sessions of whoever looks as well, also one that is just logging in: then it is looked again. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const looked = await Promise.resolve().then(holds).catch(String);
      if (looked === true) return;
      if (Date.now() > deadline) throw new Error(`in vain: ${what} (${String(looked)})\n${this.lines.join('\n')}`);
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    this.consensus.follow(this.consensus.leadership().term + 1, null);
    await this.#prober.close();
  }
}

class WatchedSessions implements SessionOpener {
  readonly #opener: SessionOpener;
  atStep: AtStep = () => Promise.resolve();

  constructor(opener: SessionOpener) {
    this.#opener = opener;
  }

  async open(options: SessionOptions): Promise<ServerSession> {
    const session = await this.#opener.open(options);
    return {
      get alive() {
        return session.alive;
      },
      execute: async (step, context): Promise<StepOutcome> => {
        await this.atStep(step, 'before');
        const outcome = await session.execute(step, context);
        await this.atStep(step, 'after');
        return outcome;
      },
      close: () => session.close(),
    };
  }
}
