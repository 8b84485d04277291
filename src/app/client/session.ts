/**
 * A conversation with the cluster: finds whom to ask, asks, and asks again only when the question certainly never arrived.
 * The incumbent's script repeats everything up to eight times, writes included; a takeover is not to be done twice.
 */
import { randomUUID } from 'node:crypto';
import { failed, ok, type Result } from '../../core/base/result.js';
import { type ApiAnswer, type ApiError, readAnswer } from './answer.js';
import { findLeader } from './endpoints.js';
import { type HttpAnswer, httpGet, TransportError } from './transport.js';

/** unreachable: for the person to mend; api: the cluster's own no. */
export type Failure =
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'api'; readonly error: ApiError };

export interface SessionOptions {
  readonly endpoints: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Tells a person something beside the answer. */
  readonly warn: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A takeover waits for relay logs. */
const ANSWER_MS = 300_000;
const PEEK_MS = 2_000;
const RETRY_AFTER_MS: readonly number[] = [100, 200, 500, 1000, 2000];

export class ApiSession {
  readonly #options: SessionOptions;
  #api: string | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The same conversation with another one. */
  at(endpoint: string): ApiSession {
    return new ApiSession({ ...this.#options, endpoints: [endpoint] });
  }

  /** The URL that is asked; looked for once. */
  async api(): Promise<Result<string, Failure>> {
    this.#api ??= await findLeader(this.#options.endpoints, this.#options.headers);
    if (this.#api !== null) return ok(this.#api);
    const message = `Cannot determine leader from ${this.#options.endpoints.join(' ')}: none of them leads or reaches a leader`;
    return unreachable(message);
  }

  /** One attempt, for what can be done without; null when nothing useful came back. */
  async peek(path: string): Promise<unknown> {
    const api = await this.api();
    if (!api.ok) return null;
    try {
      const answer = await httpGet({
        url: `${api.value}/${path}`,
        headers: this.#options.headers,
        timeoutMs: PEEK_MS,
      });
      return answer.status === 200 ? (JSON.parse(answer.text) as unknown) : null;
    } catch {
      return null;
    }
  }

  async call(path: string, writes: boolean): Promise<Result<ApiAnswer, Failure>> {
    // One key for all attempts: however often it arrives, it is one request.
    const key: Record<string, string> = writes ? { 'idempotency-key': randomUUID() } : {};
    let why = '';
    for (const waitMs of [0, ...RETRY_AFTER_MS]) {
      if (waitMs > 0) await this.#options.sleep(waitMs);
      const api = await this.api();
      if (!api.ok) {
        why = api.error.kind === 'unreachable' ? api.error.message : '';
        continue;
      }
      try {
        const headers = { ...this.#options.headers, ...key };
        return this.#read(
          await httpGet({ url: `${api.value}/${path}`, headers, timeoutMs: ANSWER_MS }),
          api.value,
          path,
        );
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        if (!error.unsent) return unreachable(lostMessage(api.value, error.message, writes));
        why = cannotAccess(api.value, error.message);
        // Another endpoint may lead by now.
        this.#api = null;
      }
    }
    return unreachable(why);
  }

  #read(answer: HttpAnswer, api: string, path: string): Result<ApiAnswer, Failure> {
    if (answer.status === 401) {
      return unreachable(
        `${cannotAccess(api, '401 Unauthorized')} Give user and password with -b USER:PASSWORD, or ORCHESTRATOR_AUTH_USER and ORCHESTRATOR_AUTH_PASSWORD`,
      );
    }
    let body: unknown;
    try {
      body = JSON.parse(answer.text) as unknown;
    } catch {
      const begin = answer.text.trim().slice(0, 80).replace(/\s+/g, ' ');
      return unreachable(
        `${api}/${path} answered ${String(answer.status)} and no JSON: "${begin}". Is this an orchestrator's API?`,
      );
    }
    if (answer.headers['x-orchestrator-in-quorum'] === 'false') this.#warnOfAge(answer);
    const read = readAnswer(body);
    return read.ok ? read : failed({ kind: 'api', error: read.error });
  }

  #warnOfAge({ headers }: HttpAnswer): void {
    const node = String(headers['x-orchestrator-node'] ?? 'the node');
    const ageMs = Number(headers['x-orchestrator-state-age-ms']);
    const age = Number.isFinite(ageMs) ? `for ${String(Math.round(ageMs / 1000))} s` : 'since it started';
    this.#options.warn(`${node} has heard of no majority of the orchestrators ${age}: this may be out of date`);
  }
}

function unreachable(message: string): { readonly ok: false; readonly error: Failure } {
  return failed({ kind: 'unreachable', message });
}

function cannotAccess(api: string, why: string): string {
  return `Cannot access orchestrator at ${api} (${why}). Check ORCHESTRATOR_API is configured correctly and orchestrator is running.`;
}

function lostMessage(api: string, why: string, writes: boolean): string {
  const fate = writes ? ' It is not known whether it was done: look before you try again.' : '';
  return `${api} was asked and did not answer (${why}).${fate}`;
}
