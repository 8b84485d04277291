/**
 * The sessions of one plan, at most one a server: opened when the first step needs them, kept for the steps that follow,
 * and opened anew (with a new barrier) after one has ended. Stopping ends them all at once, also those being opened. They
 * are kept by the server's id: where one was rebuilt, two servers are known at one address for a while.
 */
import type { StepFailure, StepOutcome } from '../../core/recovery/step.js';
import type { Address } from '../../core/topology/address.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';
import { OperationalError } from '../errors.js';
import type { Authority, ServerSession, SessionOpener } from '../ports/mysql.js';

export interface PlanSessionsOptions {
  readonly opener: SessionOpener;
  readonly clusterId: ClusterId;
  readonly authority: Authority;
  readonly timeoutMs: number;
  readonly barrierTimeoutMs: number;
}

export class PlanSessions {
  readonly #options: PlanSessionsOptions;
  readonly #opened = new Map<ServerId, Promise<ServerSession>>();
  #closed = false;

  constructor(options: PlanSessionsOptions) {
    this.#options = options;
  }

  /** Rejects with an OperationalError; `failureOf` says what that means for a step. */
  async on(server: ServerId, address: Address): Promise<ServerSession> {
    this.#assertOpen();
    const known = this.#opened.get(server);
    const session = known === undefined ? null : await known.catch(() => null);
    if (session?.alive === true) return session;
    this.#assertOpen();
    // Another step may have opened one while this one was waiting.
    const current = this.#opened.get(server);
    if (current !== undefined && current !== known) return await current;
    const opening = this.#open(server, address);
    this.#opened.set(server, opening);
    return await opening;
  }

  async #open(server: ServerId, address: Address): Promise<ServerSession> {
    const { opener, ...options } = this.#options;
    const session = await opener.open({ ...options, server, address });
    if (!this.#closed) return session;
    await session.close();
    throw stopped();
  }

  #assertOpen(): void {
    if (this.#closed) throw stopped();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(opened.map((opening) => opening.then((session) => session.close()).catch(() => undefined)));
  }
}

function stopped(): OperationalError {
  return new OperationalError('NOT_LEADER', 'this node does not go on with the plan');
}

/** The outcome of a step whose session could not be had. Anything but an operational error is a fault and thrown on. */
export function outcomeWithoutSession(error: unknown): StepOutcome {
  if (!(error instanceof OperationalError)) throw error;
  const failure = failureOf(error);
  return { ok: false, code: failure, error: error.message, retriable: failure !== 'replaced' };
}

function failureOf({ code }: OperationalError): StepFailure {
  switch (code) {
    case 'NOT_LEADER':
    case 'NO_QUORUM':
    case 'LEASE_LAPSED':
      return 'authority';
    case 'MYSQL_BARRIER':
      return 'barrier';
    case 'MYSQL_NOT_ADMITTED':
      return 'not-admitted';
    case 'MYSQL_REPLACED':
      return 'replaced';
    default:
      return 'unreachable';
  }
}
