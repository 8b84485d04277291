/**
 * MySQL servers as a model: transactions, relay logs, threads and flags, and the steps of plans upon them. It throws where
 * a real server would lose data or a client would write to two primaries, which is what the tests of plans look for.
 */
import { assert } from '../../../src/core/base/assert.js';
import type { Resting, ReturnStep, Step, StepFindings, StepOutcome } from '../../../src/core/recovery/step.js';
import type { SwitchAction } from '../../../src/core/recovery/requests/switch-action.js';
import { formatGtidSet, parseGtidSet } from '../../../src/core/topology/gtid-set.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { changesNothing, isAboutSources, type RoleStep, type SourceStep, threads } from './world-steps.js';

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
  /** It could follow by GTID and follows by place. */
  byPlace: boolean;
  /** Its applier gets nowhere within any limit. */
  slow: boolean;
  /** Its source's host has `//` before it. */
  severed: boolean;
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

/** `uuid:1-3,uuid:5` one by one. */
export function transactionsIn(gtids: string): readonly Transaction[] {
  return gtids.split(',').flatMap((part) => {
    const [uuid = '', ...ranges] = part.split(':');
    return ranges.flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => `${uuid}:${String(first + at)}`);
    });
  });
}

export class MysqlWorld {
  readonly servers = new Map<ServerId, WorldServer>();
  /** What was copied to a node before it was thrown away. */
  readonly kept = new Set<Transaction>();
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
      byPlace: false,
      slow: false,
      severed: false,
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
    if (step.kind === 'hooks' || step.kind === 'publish') return { ok: true, findings: {} };
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
    if (changesNothing(step)) return done();
    if (isAboutSources(step)) return this.#takeAboutSources(server, step);
    switch (step.kind) {
      case 'look':
        return done({ ...this.findings(server), acknowledgers: this.#acknowledgersOf(server) });
      case 'stop-io':
        return this.#stopIo(server);
      case 'await-applied':
      case 'await-received':
        return this.#wait(server, step);
      case 'reattach':
      case 'start-replica':
        return this.#start(server, step.kind, step.kind === 'start-replica' ? step.rests : undefined);
      case 'acknowledge':
        server.acks = step.on;
        return done();
      case 'switch':
        return this.#switch(server, step.action);
      default:
        return this.#takeRole(server, step);
    }
  }

  #takeRole(server: WorldServer, step: RoleStep): StepOutcome {
    switch (step.kind) {
      case 'detach':
      case 'open':
      case 'close':
      case 'fence':
        return this.#takeOnPrimary(server, step.kind);
      default:
        return this.#takeReturning(server, step);
    }
  }

  #takeAboutSources(server: WorldServer, step: SourceStep): StepOutcome {
    switch (step.kind) {
      case 'repoint':
        return this.repoint(server, step);
      case 'locate':
        return this.locate(server, step);
      case 'run-until':
        return this.runUntil(server, step);
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

  #switch(server: WorldServer, action: SwitchAction): StepOutcome {
    switch (action.do) {
      case 'start':
        return this.#start(server, 'start-replica');
      case 'stop':
        Object.assign(server, { io: false, sql: false });
        return done();
      case 'drain':
        return this.#drain(server);
      case 'forget-source':
        assert(server.relay.length === 0 || this.#drain(server).ok, 'relay log would be lost');
        Object.assign(server, { source: null, io: false, sql: false });
        return done();
      case 'open':
        return this.#takeOnPrimary(server, 'open');
      case 'close':
        server.readOnly = true;
        return done({ readOnly: true });
      case 'see-failure':
        return server.broken ? done({ failure: server.relay[0] ?? '' }) : failed('no SQL error');
      case 'skip':
        if (server.relay[0] === action.failure) server.executed.add(server.relay.shift() ?? '');
        server.broken = false;
        return done();
      default:
        return done();
    }
  }

  #drain(server: WorldServer): StepOutcome {
    if (server.broken && server.relay.length > 0) return failed('its applier is broken');
    server.io = false;
    this.apply({ ...server, sql: true });
    Object.assign(server, { sql: false, relay: [] });
    return done(this.findings(server));
  }

  #start(server: WorldServer, kind: 'reattach' | 'start-replica', rests?: Resting): StepOutcome {
    if (server.source === null) return kind === 'reattach' ? failed('is no replica') : done();
    if (kind === 'reattach') server.severed = false;
    Object.assign(server, threads(server, { start: true, rests }));
    return done();
  }

  #acknowledgersOf(source: WorldServer): number {
    return [...this.servers.values()].filter((one) => one.up && one.acks && one.io && one.source === source.id).length;
  }

  #takeReturning(server: WorldServer, step: ReturnStep): StepOutcome {
    switch (step.kind) {
      case 'sever':
        if (server.broken && server.relay.length > 0) return failed('its relay log would be lost');
        Object.assign(server, { io: false, severed: true });
        return done();
      case 'inject-empty':
        assert(!server.readOnly, 'empty transactions are committed on a primary');
        for (const gtid of transactionsIn(step.gtids)) server.executed.add(gtid);
        return done();
      case 'keep-binary-logs':
        for (const gtid of transactionsIn(step.gtids)) if (server.executed.has(gtid)) this.kept.add(gtid);
        return done({ text: 'kept' });
      case 'reset-gtids':
        return this.#reset(server, step.gtids, step.drops);
      case 'prepare-clone':
        return done();
      case 'clone':
        return this.#clone(server, this.get(step.source));
    }
  }

  #reset(server: WorldServer, gtids: string, drops: string): StepOutcome {
    assert(server.relay.length === 0, 'relay log that is not applied goes with a reset');
    assert(server.readOnly, 'a server that takes writes cannot be reset');
    const known = new Set(transactionsIn(gtids));
    const allowed = new Set([...known, ...transactionsIn(drops)]);
    const stray = [...server.executed].filter((one) => !allowed.has(one));
    if (stray.length > 0) return failed(`has ${stray.join()} besides`);
    for (const one of transactionsIn(drops)) {
      assert(!server.executed.has(one) || this.kept.has(one), `${one} goes and is kept nowhere`);
    }
    server.executed.clear();
    for (const one of known) server.executed.add(one);
    return { ok: true, findings: {} };
  }

  #clone(server: WorldServer, donor: WorldServer): StepOutcome {
    assert(server.readOnly, 'a server that takes writes is not overwritten');
    if (!donor.up) return { ok: false, code: 'unreachable', error: 'the donor is down', retriable: true };
    server.executed.clear();
    for (const one of donor.executed) server.executed.add(one);
    server.purged.clear();
    for (const one of donor.executed) server.purged.add(one);
    Object.assign(server, { relay: [], broken: false, source: donor.source, io: false, sql: false });
    return { ok: true, findings: this.findings(server) };
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

  protected runUntil(_server: WorldServer, _step: Extract<Step, { kind: 'run-until' }>): StepOutcome {
    return failed('it follows by GTID');
  }

  protected locate(_server: WorldServer, _step: Extract<Step, { kind: 'locate' }>): StepOutcome {
    return failed('it follows by GTID');
  }

  #wait(server: WorldServer, { kind, gtids }: { readonly kind: string; readonly gtids: string }): StepOutcome {
    return kind === 'await-applied' ? this.awaitApplied(server, gtids) : this.#awaitReceived(server, gtids);
  }

  #awaitReceived(server: WorldServer, gtids: string): StepOutcome {
    this.receive(server);
    const wanted = gtids === '' ? [] : gtids.split(',');
    if (gtidText([...this.has(server), ...wanted]) === gtidText(this.has(server))) return { ok: true, findings: {} };
    return { ok: false, code: 'limit', error: 'not received in time', retriable: false };
  }

  protected repoint(server: WorldServer, step: Extract<Step, { kind: 'repoint' }>): StepOutcome {
    const { start } = step;
    const source = this.get(step.source);
    // Where it is already nothing is changed: its threads start, and the applier stops again at its error.
    if (server.broken && source.id === server.source) {
      Object.assign(server, { severed: false, io: start });
      return start ? failed('its applier has stopped') : done();
    }
    if (server.broken && server.relay.length > 0) return failed('its relay log would be lost');
    const isHeldBack = step.rests === 'sql' && !server.sql && server.relay.length > 0;
    if (isHeldBack && source.id !== server.source) return failed('its applier was stopped by somebody');
    const lacking = [...this.has(server)].filter((one) => !this.has(source).has(one));
    const back = source.id === server.source;
    assert(back || !source.replaced, `${server.id} is pointed at a server that took the place of ${source.id}`);
    assert(
      back || !source.up || lacking.length === 0,
      `${server.id} is pointed at ${source.id}, which lacks ${lacking.join()}`,
    );
    const gone = [...source.purged].some((one) => !this.has(server).has(one));
    assert(back || !gone, `${server.id} is pointed at ${source.id}, which has purged what it needs`);
    const byPlace = step.asItFollows === true ? server.byPlace : step.begin !== undefined;
    Object.assign(server, { source: source.id, severed: false, byPlace, ...threads(server, step) });
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
