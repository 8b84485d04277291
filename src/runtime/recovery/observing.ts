/**
 * ObserveOnly: a node that runs beside the incumbent sees and judges everything and touches nothing. That nothing is changed
 * does not hang on every decision being asked first: no session that could change a server can be had, and no command of the
 * operator is run. Whether it holds is asked each time, because a reload may begin or end it.
 */
import { HOOK_KEYS } from '../../core/recovery/telling/hook-terms.js';
import { addressText } from '../../core/topology/address.js';
import type { AnalysisCode, Problem } from '../../core/analysis/problem.js';
import type { ServerId } from '../../core/topology/server.js';
import { OperationalError } from '../errors.js';
import type { HookOrder, HookRunner } from '../ports/hooks.js';
import type { Log } from '../ports/log.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../ports/mysql.js';
import type { PairStore } from '../ports/pair-store.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';

type Holds = () => boolean;

export class ObservingSessions implements SessionOpener {
  readonly #opener: SessionOpener;
  readonly #observes: Holds;

  constructor(opener: SessionOpener, observes: Holds) {
    this.#opener = opener;
    this.#observes = observes;
  }

  async open(options: SessionOptions): Promise<ServerSession> {
    if (this.#observes()) throw observeOnly(addressText(options.address));
    const session = await this.#opener.open(options);
    return new ObservingSession(session, this.#observes, addressText(options.address));
  }
}

/** A plan that was under way when it began: what was sent is sent, and nothing more is. */
class ObservingSession implements ServerSession {
  readonly #session: ServerSession;
  readonly #observes: Holds;
  readonly #name: string;

  constructor(session: ServerSession, observes: Holds, name: string) {
    this.#session = session;
    this.#observes = observes;
    this.#name = name;
  }

  get alive(): boolean {
    return this.#session.alive;
  }

  execute(...call: Parameters<ServerSession['execute']>): ReturnType<ServerSession['execute']> {
    if (!this.#observes()) return this.#session.execute(...call);
    const { message } = observeOnly(this.#name);
    return Promise.resolve({ ok: false, code: 'authority', error: message, retriable: false });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

export class ObservingHooks implements HookRunner {
  readonly #runner: HookRunner;
  readonly #observes: Holds;
  readonly #log: Log;

  constructor(runner: HookRunner, observes: Holds, log: Log) {
    this.#runner = runner;
    this.#observes = observes;
    this.#log = log;
  }

  get configured(): HookRunner['configured'] {
    return this.#runner.configured;
  }

  run(order: HookOrder): ReturnType<HookRunner['run']> {
    if (!this.#observes()) return this.#runner.run(order);
    if (!this.configured.has(order.list)) return Promise.resolve({ ok: true, findings: {} });
    const text = `the commands of ${HOOK_KEYS[order.list]} would be run now, and are not`;
    this.#log.warn({}, `observe only: ${text}`);
    // Not "done": what was under way when observing began is taken up after it, and these are run then.
    return Promise.resolve({ ok: false, code: 'authority', error: text, retriable: true });
  }
}

/** Nobody outside is told of a primary by a node that only looks on. */
export class ObservingStore implements PairStore {
  readonly #store: PairStore;
  readonly #observes: Holds;

  constructor(store: PairStore, observes: Holds) {
    this.#store = store;
    this.#observes = observes;
  }

  get name(): string {
    return this.#store.name;
  }

  write(...call: Parameters<PairStore['write']>): ReturnType<PairStore['write']> {
    if (!this.#observes()) return this.#store.write(...call);
    return Promise.resolve(call[0].map(() => 'unchanged' as const));
  }
}

/**
 * What would have been done, told once for each name that a problem has: to the log of this node, and to the audit of all,
 * because whoever compares two systems looks at what both would have done.
 */
export class ForeseenTeller {
  readonly #parts: { readonly log: Log; readonly ledger: Pick<ReplicatedLedger, 'propose'> };
  readonly #told = new Map<ServerId, AnalysisCode>();

  constructor(parts: { readonly log: Log; readonly ledger: Pick<ReplicatedLedger, 'propose'> }) {
    this.#parts = parts;
  }

  tell({ server, clusterId, code }: Pick<Problem, 'server' | 'clusterId' | 'code'>, textOf: () => string): void {
    if (this.#told.get(server) === code) return;
    this.#told.set(server, code);
    const { log, ledger } = this.#parts;
    const text = textOf();
    log.warn({ server }, `observe only: ${text}`);
    ledger.propose({ kind: 'noted', server, clusterId, topic: 'observe-only', text }).catch((err: unknown) => {
      log.debug({ err }, 'what would have been done is in the log alone');
    });
  }

  /** Those of servers without a problem are told anew. */
  keepOnly(servers: ReadonlySet<ServerId>): void {
    for (const server of this.#told.keys()) if (!servers.has(server)) this.#told.delete(server);
  }
}

function observeOnly(name: string): OperationalError {
  return new OperationalError(
    'OBSERVE_ONLY',
    `${name} was not touched: this node only observes (ObserveOnly, or --observe-only)`,
  );
}
