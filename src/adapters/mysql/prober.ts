/**
 * This node's eyes on MySQL: one kept connection a server, over which a probe is a single round trip. A probe that fails
 * brings home what its failure proves. That needs care on a kept connection, where a reset proves nothing and silence may
 * be a slow statement: the first is followed by a fresh connection, the second is accompanied by a knock.
 */
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeFailure, ProbeResult, ServerReport } from '../../core/topology/report.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import type { Prober } from '../../runtime/ports/mysql.js';
import type { Connector } from './connect.js';
import { failureAt, LinkFailed, StatementFailed } from './failure.js';
import type { Knock } from './knock.js';
import { ProbeSession } from './probe-session.js';

type LostListener = (address: Address, reason: string) => void;

/** A probe in doubt begins to knock when this share of its time is over without an answer. */
const DOUBT_AFTER = 0.5;

export class MysqlProber implements Prober {
  readonly #connector: Connector;
  readonly #sessions = new Map<string, ProbeSession>();
  readonly #lostListeners = new Set<LostListener>();
  #closed = false;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  async probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const startedAtMs = monotonicNowMs();
    try {
      const report = await this.#read(address, startedAtMs, timeoutMs);
      return { ok: true, startedAtMs, finishedAtMs: monotonicNowMs(), report };
    } catch (error) {
      return { ok: false, startedAtMs, finishedAtMs: monotonicNowMs(), address, failure: failureOf(address, error) };
    }
  }

  async knock(address: Address, timeoutMs: number): Promise<Knock> {
    return await this.#connector.knock(address, timeoutMs);
  }

  onConnectionLost(listener: LostListener): void {
    this.#lostListeners.add(listener);
  }

  release(address: Address): void {
    const key = addressText(address);
    this.#sessions.get(key)?.link.close();
    this.#sessions.delete(key);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.link.close();
    this.#sessions.clear();
    return Promise.resolve();
  }

  async #read(address: Address, startedAtMs: number, timeoutMs: number): Promise<ServerReport> {
    const deadlineMs = startedAtMs + timeoutMs;
    const kept = this.#sessions.get(addressText(address));
    // A probe that is under way keeps its connection; this one must not wait for it, since it may wait for ever.
    if (kept?.link.alive !== true || kept.link.busy) return await this.#readFresh(address, deadlineMs);
    try {
      return await this.#readKept(kept, deadlineMs, timeoutMs);
    } catch (error) {
      // Silence and words were weighed already; what is left is a connection that broke, which proves nothing.
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'none') throw error;
      return await this.#readFresh(address, deadlineMs);
    }
  }

  async #readFresh(address: Address, deadlineMs: number): Promise<ServerReport> {
    const link = await this.#connector.connect(address, Math.max(1, deadlineMs - monotonicNowMs()));
    const session = new ProbeSession(link);
    this.#keep(session);
    try {
      return await session.report(deadlineMs);
    } catch (error) {
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'silent') throw error;
      // It let us in a moment ago: slow, not silent.
      throw new LinkFailed({ ...error.failure, kind: 'alive' }, error);
    } finally {
      if (this.#sessions.get(addressText(address)) !== session) link.close();
    }
  }

  async #readKept(session: ProbeSession, deadlineMs: number, timeoutMs: number): Promise<ServerReport> {
    const { address } = session.link;
    const doubt: { knock: Promise<Knock> | null } = { knock: null };
    const timer = setTimeout(() => {
      doubt.knock = this.#connector.knock(address, Math.max(1, deadlineMs - monotonicNowMs()));
    }, timeoutMs * DOUBT_AFTER);
    try {
      return await session.report(deadlineMs);
    } catch (error) {
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'silent' || doubt.knock === null) throw error;
      throw new LinkFailed(weighed(error.failure, await doubt.knock), error);
    } finally {
      clearTimeout(timer);
    }
  }

  #keep(session: ProbeSession): void {
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

/** A knock that gave no opinion leaves the silence of the kept connection as it was. */
function weighed(failure: ProbeFailure, knock: Knock): ProbeFailure {
  if (knock.vote === 'none') return failure;
  return { kind: knock.vote, code: failure.code, message: `${failure.message}; a fresh connection: ${knock.detail}` };
}

function failureOf(address: Address, error: unknown): ProbeFailure {
  if (error instanceof LinkFailed) return error.failure;
  if (error instanceof StatementFailed) {
    return { kind: 'alive', code: String(error.number), message: error.message };
  }
  return failureAt(address, 'query', error);
}
