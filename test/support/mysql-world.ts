/**
 * MySQL servers as a model: transactions, relay logs, threads and flags, and the steps of plans upon them. It throws where
 * a real server would lose data or a client would write to two primaries, which is what the tests of plans look for.
 */
import { assert } from '../../src/core/base/assert.js';
import type { Step, StepFindings, StepOutcome } from '../../src/core/recovery/step.js';
import { formatGtidSet, parseGtidSet } from '../../src/core/topology/gtid-set.js';
import type { ServerId } from '../../src/core/topology/server.js';

/** `uuid:number`. */
export type Transaction = string;

export interface WorldServer {
  readonly id: ServerId;
  up: boolean;
  /** Another server answers at its address. */
  replaced: boolean;
  readonly executed: Set<Transaction>;
  /** Received and not applied, in order. */
  relay: Transaction[];
  readonly purged: Set<Transaction>;
  source: ServerId | null;
  io: boolean;
  sql: boolean;
  broken: boolean;
  /** Its applier gets nowhere within any limit. */
  slow: boolean;
  readOnly: boolean;
  /** Acknowledges what it receives. */
  acks: boolean;
}

export function uuidOf(number: number): ServerId {
  return `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000` as ServerId;
}

export function gtidText(transactions: Iterable<Transaction>): string {
  const set = parseGtidSet([...transactions].join(','));
  assert(set.ok, 'the world writes sets that can be read');
  return formatGtidSet(set.value);
}

export class MysqlWorld {
  readonly servers = new Map<ServerId, WorldServer>();
  /** Steps that were really taken, in order. */
  readonly taken: Step[] = [];

  add(id: ServerId, changes: Partial<WorldServer> = {}): WorldServer {
    const server: WorldServer = {
      id,
      up: true,
      replaced: false,
      executed: new Set(),
      relay: [],
      purged: new Set(),
      source: null,
      io: false,
      sql: false,
      broken: false,
      slow: false,
      readOnly: true,
      acks: false,
      ...changes,
    };
    this.servers.set(id, server);
    return server;
  }

  follow(replica: WorldServer, source: WorldServer): void {
    Object.assign(replica, { source: source.id, io: true, sql: !replica.broken });
  }

  write(primary: WorldServer, count = 1): void {
    assert(primary.up && !primary.readOnly, 'clients write to an open server');
    for (let written = 0; written < count; written++) primary.executed.add(`${primary.id}:${this.#next(primary)}`);
  }

  /** A transaction of somebody who should not have written there. */
  errant(server: WorldServer): void {
    server.executed.add(`${server.id}:${this.#next(server)}`);
  }

  /** The next transactions of its source arrive, as many as told. */
  receive(replica: WorldServer, count = Number.POSITIVE_INFINITY): void {
    const source = replica.source === null ? undefined : this.servers.get(replica.source);
    if (!replica.up || !replica.io || source?.up !== true) return;
    const has = this.has(replica);
    const missing = [...source.executed].filter((transaction) => !has.has(transaction));
    replica.relay.push(...missing.slice(0, count));
  }

  apply(replica: WorldServer, count = Number.POSITIVE_INFINITY): void {
    if (!replica.up || !replica.sql || replica.broken) return;
    for (const transaction of replica.relay.splice(0, count)) replica.executed.add(transaction);
  }

  /** Everybody fetches and applies until nothing moves. */
  settle(): void {
    for (let round = 0; round <= this.servers.size; round++) {
      for (const server of this.servers.values()) {
        this.receive(server);
        if (!server.slow) this.apply(server);
      }
    }
  }

  has(server: WorldServer): Set<Transaction> {
    return new Set([...server.executed, ...server.relay]);
  }

  get writable(): readonly WorldServer[] {
    return [...this.servers.values()].filter((server) => server.up && !server.readOnly);
  }

  get(id: ServerId): WorldServer {
    const server = this.servers.get(id);
    assert(server !== undefined, `the world has no server ${id}`);
    return server;
  }

  take(step: Step): StepOutcome {
    const server = this.get(step.server);
    if (!server.up) return { ok: false, code: 'unreachable', error: `${server.id} is down`, retriable: true };
    if (server.replaced) return { ok: false, code: 'replaced', error: `${server.id} was rebuilt`, retriable: false };
    const outcome = this.#take(server, step);
    if (outcome.ok) this.taken.push(step);
    return outcome;
  }

  findings(server: WorldServer): StepFindings {
    const replica = server.source !== null;
    return {
      executedGtids: gtidText(server.executed),
      receivedGtids: replica ? gtidText(server.relay) : '',
      purgedGtids: gtidText(server.purged),
      readOnly: server.readOnly,
      ...(server.broken ? { applierError: 'error 1062' } : {}),
    };
  }

  #take(server: WorldServer, step: Step): StepOutcome {
    switch (step.kind) {
      case 'look':
        return done({ ...this.findings(server), acknowledgers: this.#acknowledgersOf(server) });
      case 'stop-io':
        return this.#stopIo(server);
      case 'await-applied':
        return this.awaitApplied(server, step.gtids);
      case 'repoint':
        return this.repoint(server, step);
      case 'locate':
        return this.locate(server, step);
      case 'acknowledge':
        server.acks = step.on;
        return done();
      case 'promise-promotion':
        return failed('is promised in the log');
      case 'restart-io':
      case 'hooks':
      case 'publish':
        return done();
      default:
        return this.#takeOnPrimary(server, step.kind);
    }
  }

  #takeOnPrimary(server: WorldServer, kind: 'detach' | 'open' | 'close' | 'fence'): StepOutcome {
    switch (kind) {
      case 'detach':
        assert(server.relay.length === 0, 'nobody is promoted before its relay log is applied');
        Object.assign(server, { source: null, io: false, sql: false });
        return done();
      case 'open':
        assert(
          this.writable.every((other) => other === server),
          'two servers would take writes',
        );
        server.readOnly = false;
        return done({ readOnly: false });
      case 'close':
      case 'fence':
        Object.assign(server, { readOnly: true, io: kind === 'close' && server.io });
        return done(this.findings(server));
    }
  }

  #acknowledgersOf(source: WorldServer): number {
    return [...this.servers.values()].filter((one) => one.up && one.acks && one.io && one.source === source.id).length;
  }

  #stopIo(server: WorldServer): StepOutcome {
    if (server.source === null) return failed('is no replica');
    server.io = false;
    return { ok: true, findings: this.findings(server) };
  }

  protected awaitApplied(server: WorldServer, gtids: string): StepOutcome {
    if (server.broken && server.relay.length > 0) return failed('its applier is broken');
    if (server.slow) return { ok: false, code: 'limit', error: 'not applied in time', retriable: false };
    server.sql = true;
    this.settle();
    const wanted = gtidText([...server.executed, ...(gtids === '' ? [] : gtids.split(','))]);
    if (wanted !== gtidText(server.executed))
      return { ok: false, code: 'limit', error: 'never came', retriable: false };
    return { ok: true, findings: { executedGtids: wanted } };
  }

  protected locate(_server: WorldServer, _step: Extract<Step, { kind: 'locate' }>): StepOutcome {
    return failed('it follows by GTID');
  }

  protected repoint(server: WorldServer, step: Extract<Step, { kind: 'repoint' }>): StepOutcome {
    const { start } = step;
    const source = this.get(step.source);
    if (server.broken && server.relay.length > 0) return failed('its relay log would be lost');
    const lacking = [...this.has(server)].filter((one) => !this.has(source).has(one));
    const back = source.id === server.source;
    assert(back || !source.replaced, `${server.id} is pointed at a server that took the place of ${source.id}`);
    assert(
      back || !source.up || lacking.length === 0,
      `${server.id} is pointed at ${source.id}, which lacks ${lacking.join()}`,
    );
    const gone = [...source.purged].some((one) => !this.has(server).has(one));
    assert(back || !gone, `${server.id} is pointed at ${source.id}, which has purged what it needs`);
    Object.assign(server, { source: source.id, io: start, sql: start && !server.broken });
    return { ok: true, findings: {} };
  }

  #next(server: WorldServer): number {
    return [...server.executed].filter((one) => one.startsWith(server.id)).length + 1;
  }
}

function done(findings: StepFindings = {}): StepOutcome {
  return { ok: true, findings };
}

function failed(error: string): StepOutcome {
  return { ok: false, code: 'state', error, retriable: false };
}
