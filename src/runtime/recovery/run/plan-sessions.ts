/**
 * The sessions of one plan, at most one a server: opened when the first step needs them, kept for the steps that follow,
 * and opened anew (with a new barrier) after one has ended. Stopping ends them all at once, also those being opened. They
 * are kept by the server's id: where one was rebuilt, two servers are known at one address for a while.
 */
import type { StepFailure, StepOutcome } from '../../../core/recovery/step.js';
import type { Address } from '../../../core/topology/address.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { OperationalError } from '../../errors.js';
import type { Clock } from '../../ports/clock.js';
import type { Authority, ServerSession, SessionOpener } from '../../ports/mysql.js';

export interface PlanSessionsOptions {
  readonly opener: SessionOpener;
  readonly clusterId: ClusterId;
  readonly authority: Authority;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timeoutMs: number;
  readonly barrierTimeoutMs: number;
}

/** A deadline that was noticed so much too late was not the server's: this process stood still, and heard nobody. */
const STOOD_STILL_MS = 100;

interface Opened {
  readonly session: Promise<ServerSession>;
  /** Of its opening. */
  readonly abort: AbortController;
}

export class PlanSessions {
  readonly #options: PlanSessionsOptions;
  readonly #opened = new Map<ServerId, Opened>();
  #closed = false;

  constructor(options: PlanSessionsOptions) {
    this.#options = options;
  }

  /** Rejects with an OperationalError; `failureOf` says what that means for a step. */
  async on(server: ServerId, address: Address): Promise<ServerSession> {
    this.#assertOpen();
    const known = this.#opened.get(server);
    const session = known === undefined ? null : await known.session.catch(() => null);
    if (session?.alive === true) return session;
    this.#assertOpen();
    // Another step may have opened one while this one was waiting.
    const current = this.#opened.get(server);
    if (current !== undefined && current !== known) return await current.session;
    const abort = new AbortController();
    const opening = this.#open(server, address, abort.signal);
    this.#opened.set(server, { session: opening, abort });
    return await opening;
  }

  /** Ends the session with this server, or its opening; a step that comes later opens another. */
  drop(server: ServerId): void {
    const dropped = this.#opened.get(server);
    this.#opened.delete(server);
    if (dropped !== undefined) void end(dropped);
  }

  async #open(server: ServerId, address: Address, signal: AbortSignal): Promise<ServerSession> {
    const { opener, clock, ...options } = this.#options;
    const attempt = async (): Promise<ServerSession> => await opener.open({ ...options, server, address, signal });
    const beganMs = clock.nowMs();
    const session = await attempt().catch(async (error: unknown) => {
      const stoodStill = clock.nowMs() - beganMs > options.timeoutMs + STOOD_STILL_MS;
      if (this.#closed || signal.aborted || !stoodStill || !isUnreachable(error)) throw error;
      return await attempt();
    });
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
    await Promise.all(opened.map(end));
  }
}

async function end({ session, abort }: Opened): Promise<void> {
  abort.abort();
  await session.then((one) => one.close()).catch(() => undefined);
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

function isUnreachable(error: unknown): boolean {
  return error instanceof OperationalError && failureOf(error) === 'unreachable';
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
