/**
 * This node's eyes on MySQL: one kept connection a server, over which a probe is a single round trip. A probe that fails
 * brings home what its failure proves. That needs care on a kept connection, where a reset proves nothing and silence may
 * be a slow statement: the first is followed by a fresh connection, the second is accompanied by a knock.
 */
import { type Address, addressText } from '../../../core/topology/address.js';
import type { ProbeFailure, ProbeResult, ServerReport } from '../../../core/topology/report.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { Prober } from '../../../runtime/ports/mysql.js';
import { BinlogServerSession, isBinlogServer } from './binlog-server.js';
import type { Connector } from '../connection/connect.js';
import { deadlineAt, DENIALS, failureAt, isBroken, LinkFailed, StatementFailed } from '../connection/failure.js';
import type { Knock } from './knock.js';
import { ProbeMemory } from './probe-memory.js';
import { ProbeSession } from './probe-session.js';
import { NO_QUESTIONS, type Questions } from './questions.js';

type Session = ProbeSession | BinlogServerSession;

type LostListener = (address: Address, reason: string) => void;

export interface ProberLimits {
  /** MySQLConnectTimeoutSeconds: a name, a connection, a login. */
  readonly connectTimeoutMs: number;
  /**
   * A kept connection that has not answered for so long is in doubt. A knock then tells a frozen server, whose probe
   * need not be waited for, from a slow statement, whose answer may still come.
   */
  readonly doubtAfterMs: number;
  readonly knockTimeoutMs: number;
}

export const DEFAULT_PROBER_LIMITS: ProberLimits = {
  connectTimeoutMs: 2_000,
  doubtAfterMs: 500,
  knockTimeoutMs: 1_000,
};

export class MysqlProber implements Prober {
  readonly #connector: Connector;
  readonly #limits: ProberLimits;
  readonly #nowMs: () => number;
  readonly #questions: () => Questions;
  /** Sessions that were opened for other questions, or with another account, are not kept. */
  readonly #askedFor = new WeakMap<Session, Questions>();
  readonly #sessions = new Map<string, Session>();
  readonly #memories = new Map<string, ProbeMemory>();
  readonly #lostListeners = new Set<LostListener>();
  #closed = false;

  constructor(
    connector: Connector,
    limits = DEFAULT_PROBER_LIMITS,
    nowMs: () => number = monotonicNowMs,
    questions: () => Questions = () => NO_QUESTIONS,
  ) {
    this.#connector = connector;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#questions = questions;
  }

  async probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const startedAtMs = this.#nowMs();
    try {
      const report = await this.#read(address, startedAtMs, timeoutMs);
      return { ok: true, startedAtMs, finishedAtMs: this.#nowMs(), report };
    } catch (error) {
      const failure = await this.#clarified(address, failureOf(address, error), startedAtMs + timeoutMs);
      return { ok: false, startedAtMs, finishedAtMs: this.#nowMs(), address, failure };
    }
  }

  /** A dying server resets connections for a moment before it refuses them. */
  async #clarified(address: Address, failure: ProbeFailure, deadlineMs: number): Promise<ProbeFailure> {
    const leftMs = deadlineMs - this.#nowMs();
    if (!isBroken(failure) || leftMs <= 0) return failure;
    return weighed(failure, await this.#connector.knock(address, Math.min(leftMs, this.#limits.knockTimeoutMs)));
  }

  async knock(address: Address, timeoutMs: number): Promise<Knock> {
    return await this.#connector.knock(address, timeoutMs);
  }

  onConnectionLost(listener: LostListener): void {
    this.#lostListeners.add(listener);
  }

  release(address: Address): void {
    this.#hangUp(address);
    this.#memories.delete(addressText(address));
  }

  #hangUp(address: Address): void {
    const key = addressText(address);
    this.#sessions.get(key)?.link.close();
    this.#sessions.delete(key);
  }

  #memoryOf(address: Address): ProbeMemory {
    const key = addressText(address);
    const known = this.#memories.get(key) ?? new ProbeMemory();
    this.#memories.set(key, known);
    return known;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.link.close();
    this.#sessions.clear();
    // Connections that still wait for a first word would keep the process alive.
    this.#connector.close();
    return Promise.resolve();
  }

  async #read(address: Address, startedAtMs: number, timeoutMs: number): Promise<ServerReport> {
    const deadlineMs = startedAtMs + timeoutMs;
    const kept = this.#sessions.get(addressText(address));
    // A probe that is under way keeps its connection; this one must not wait for it, since it may wait for ever.
    if (kept?.link.alive !== true || kept.link.busy) return await this.#readFresh(address, deadlineMs);
    if (kept.isOutdated || this.#askedFor.get(kept) !== this.#questions()) {
      this.#hangUp(address);
      return await this.#readFresh(address, deadlineMs);
    }
    try {
      return await this.#readKept(kept, deadlineMs);
    } catch (error) {
      // Silence and words were weighed already; what is left is a connection that broke, which proves nothing.
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'none') throw error;
      return await this.#readFresh(address, deadlineMs);
    }
  }

  /** A right that is given back counts for new connections only: one on which nothing can be read is not kept. */
  async #reportOf(session: Session, deadlineMs: number): Promise<ServerReport> {
    try {
      return await session.report(deadlineMs);
    } catch (error) {
      if (error instanceof StatementFailed && DENIALS.has(error.number)) this.#dropSession(session);
      throw error;
    }
  }

  #dropSession(session: Session): void {
    const key = addressText(session.link.address);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    session.link.close();
  }

  async #readFresh(address: Address, deadlineMs: number): Promise<ServerReport> {
    const leftMs = Math.max(1, deadlineMs - this.#nowMs());
    const link = await this.#connector.connect(address, Math.min(leftMs, this.#limits.connectTimeoutMs));
    const questions = this.#questions();
    const session = isBinlogServer(link.greeting)
      ? new BinlogServerSession(link, this.#nowMs)
      : new ProbeSession(link, this.#nowMs, questions, this.#memoryOf(address));
    this.#askedFor.set(session, questions);
    this.#keep(session);
    try {
      return await this.#reportOf(session, deadlineMs);
    } catch (error) {
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'silent') throw error;
      // It let us in a moment ago: slow, not silent.
      throw new LinkFailed({ ...error.failure, kind: 'alive' }, error);
    } finally {
      if (this.#sessions.get(addressText(address)) !== session) link.close();
    }
  }

  async #readKept(session: Session, deadlineMs: number): Promise<ServerReport> {
    const { link } = session;
    const startedMs = this.#nowMs();
    const doubt: { knock: Knock | null; over: boolean } = { knock: null, over: false };
    const timer = setTimeout(() => {
      const timeoutMs = Math.min(this.#limits.knockTimeoutMs, Math.max(1, deadlineMs - this.#nowMs()));
      void this.#connector.knock(link.address, timeoutMs).then((knock) => {
        if (doubt.over) return;
        doubt.knock = knock;
        // Silent here as there: what this connection still owes will not come in time.
        if (knock.vote === 'silent' || knock.vote === 'refused') link.destroy();
      });
    }, this.#limits.doubtAfterMs);
    try {
      return await this.#reportOf(session, deadlineMs);
    } catch (error) {
      const { knock } = doubt;
      const isUnanswered = error instanceof LinkFailed && (error.failure.kind === 'silent' || link.cutByUs);
      if (!isUnanswered || knock === null) throw error;
      const silence = deadlineAt(link.address, 'query', this.#nowMs() - startedMs);
      throw new LinkFailed(weighed(silence, knock), error);
    } finally {
      doubt.over = true;
      clearTimeout(timer);
    }
  }

  #keep(session: Session): void {
    const { link } = session;
    const key = addressText(link.address);
    link.onLost((reason) => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
      for (const listener of this.#lostListeners) listener(link.address, reason);
    });
    const kept = this.#sessions.get(key);
    // Where two probes met, the connection that was there first stays; the other is closed when its probe is done.
    if (this.#closed || (kept?.link.alive ?? false)) return;
    this.#sessions.set(key, session);
  }
}

/** A fresh connection knows better than one that was silent or broke, unless it knows nothing. */
function weighed(failure: ProbeFailure, knock: Knock): ProbeFailure {
  if (knock.vote === 'none') return failure;
  return { ...failure, kind: knock.vote, message: `${failure.message}; a fresh connection: ${knock.detail}` };
}

function failureOf(address: Address, error: unknown): ProbeFailure {
  if (error instanceof LinkFailed) return error.failure;
  if (error instanceof StatementFailed) {
    const { number, message, mend } = error;
    return { kind: 'alive', code: String(number), message, ...(mend === '' ? {} : { mend }) };
  }
  return failureAt(address, 'query', error);
}
