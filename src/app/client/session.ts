/**
 * A conversation with the cluster: finds whom to ask, asks, and asks again where that is safe. The incumbent's script
 * repeats everything up to eight times, writes included; a takeover is not to be done twice. So a write whose answer was
 * lost is put again only to an orchestrator that keeps keys of requests, under the key that it was sent with first.
 */
import { randomUUID } from 'node:crypto';
import { failed, ok, type Result } from '../../core/base/result.js';
import { type ApiAnswer, type ApiError, field, readAnswer } from './answer.js';
import { type Declined, findLeader } from './endpoints.js';
import { type Caller, type HttpAnswer, httpGet, TransportError } from './transport.js';

/** unreachable: for the person to mend; api: the cluster's own no. */
export type Failure =
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'api'; readonly error: ApiError /** Of our own; '' where it has none. */; readonly code: string };

export interface SessionOptions {
  readonly endpoints: readonly string[];
  readonly caller: Caller;
  /** Tells a person something beside the answer. */
  readonly warn: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** Null: each write is given one of its own. */
  readonly idempotencyKey?: string | null;
}

/** A takeover waits for relay logs. */
const ANSWER_MS = 300_000;
const PEEK_MS = 2_000;
const RETRY_AFTER_MS: readonly number[] = [100, 200, 500, 1000, 2000];

export class ApiSession {
  readonly #options: SessionOptions;
  #api: string | null = null;
  /** Why somebody may see an old state; told once. */
  #warned = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get caller(): Caller {
    return this.#options.caller;
  }

  get endpoints(): readonly string[] {
    return this.#options.endpoints;
  }

  /** The same conversation with another one. */
  at(endpoint: string): ApiSession {
    return new ApiSession({ ...this.#options, endpoints: [endpoint] });
  }

  /** The URL that is asked; looked for once. */
  async api(): Promise<Result<string, Failure>> {
    if (this.#api !== null) return ok(this.#api);
    const found = await findLeader(this.#options.endpoints, this.#options.caller);
    if (!found.ok) return unreachable(noLeader(this.#options.endpoints, found.error));
    this.#api = found.value;
    return found;
  }

  /** Another may lead by now. */
  forgetApi(): void {
    this.#api = null;
  }

  /** One attempt, for what can be done without; null when nothing useful came back. */
  async peek(path: string, timeoutMs = PEEK_MS): Promise<unknown> {
    const api = await this.api();
    if (!api.ok) return null;
    try {
      const answer = await httpGet({ url: `${api.value}/${path}`, ...this.#options.caller, timeoutMs });
      return answer.status === 200 ? (JSON.parse(answer.text) as unknown) : null;
    } catch {
      return null;
    }
  }

  async call(path: string, writes: boolean): Promise<Result<ApiAnswer, Failure>> {
    // One key for all attempts: however often it arrives, it is one request.
    const key = writes ? { 'idempotency-key': this.#options.idempotencyKey ?? randomUUID() } : null;
    let failure: Failure = { kind: 'unreachable', message: '' };
    let mayBeDone = false;
    for (const waitMs of [0, ...RETRY_AFTER_MS]) {
      if (waitMs > 0) await this.#options.sleep(waitMs);
      const api = await this.api();
      if (!api.ok) {
        failure = api.error;
        continue;
      }
      if (mayBeDone && !(await this.#keepsKeys())) continue;
      const attempt = await this.#attempt(api.value, path, key);
      if (!(attempt instanceof TransportError)) {
        if (attempt.ok || !isElection(attempt.error)) return attempt;
        failure = attempt.error;
        this.forgetApi();
        continue;
      }
      mayBeDone ||= writes && !attempt.unsent;
      failure = { kind: 'unreachable', message: cannotAccess(api.value, attempt.message) };
      this.forgetApi();
    }
    return mayBeDone ? unreachable(`${textOfFailure(failure)} ${DOUBT}`) : { ok: false, error: failure };
  }

  async #attempt(
    api: string,
    path: string,
    key: Readonly<Record<string, string>> | null,
  ): Promise<Result<ApiAnswer, Failure> | TransportError> {
    const { headers, ...how } = this.#options.caller;
    const asking = { url: `${api}/${path}`, headers: { ...headers, ...key }, ...how, timeoutMs: ANSWER_MS };
    try {
      return this.#read(await httpGet(asking), api, path);
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  /** The incumbent does not, and would do it a second time. */
  async #keepsKeys(): Promise<boolean> {
    return field(await this.peek('v1/settings'), 'version') !== undefined;
  }

  #read(answer: HttpAnswer, api: string, path: string): Result<ApiAnswer, Failure> {
    if (answer.status === 401) {
      const wantsCertificate = api.startsWith('https:') && this.#options.caller.tls?.cert === undefined;
      const or = wantsCertificate ? '; if it asks for a certificate, with --tls-cert FILE --tls-key FILE' : '';
      return unreachable(`${cannotAccess(api, '401 Unauthorized')} ${CREDENTIALS}${or}`);
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
    if (read.ok) return read;
    return failed({ kind: 'api', error: read.error, code: String(answer.headers['x-orchestrator-error'] ?? '') });
  }

  #warnOfAge({ headers }: HttpAnswer): void {
    if (this.#warned) return;
    this.#warned = true;
    const node = String(headers['x-orchestrator-node'] ?? 'the node');
    const age = silence(headers['x-orchestrator-state-age-ms']);
    this.#options.warn(`${node} has heard of no majority of the orchestrators${age}: this may be out of date`);
  }
}

/** What a node says about itself carries no age, and `unknown` is that of one that never heard a leader. */
function silence(age: string | readonly string[] | undefined): string {
  if (age === undefined) return '';
  const ageMs = Number(age);
  return Number.isFinite(ageMs) ? ` for ${String(Math.round(ageMs / 1000))} s` : ' since it started';
}

/** Nothing was done, and in a moment it can be. */
function isElection(failure: Failure): boolean {
  return failure.kind === 'api' && (failure.code === 'NOT_LEADER' || failure.code === 'PROPOSAL_DROPPED');
}

const CREDENTIALS =
  'Give user and password with -b USER:PASSWORD, or ORCHESTRATOR_AUTH_USER and ORCHESTRATOR_AUTH_PASSWORD';
const DOUBT = 'It was asked for, and it is not known whether it was done: look (-c history) before you try again.';

function unreachable(message: string): { readonly ok: false; readonly error: Failure } {
  return failed({ kind: 'unreachable', message });
}

export function textOfFailure(failure: Failure): string {
  return failure.kind === 'unreachable' ? failure.message : failure.error.message;
}

function cannotAccess(api: string, why: string): string {
  return `Cannot access orchestrator at ${api} (${why}). Check ORCHESTRATOR_API is configured correctly and orchestrator is running.`;
}

/** One by one: whose door is shut, whose password is wrong, and who is up and has lost its majority. */
function noLeader(endpoints: readonly string[], declined: readonly Declined[]): string {
  const lines = declined.map(({ endpoint, why }) => `  ${endpoint}: ${why}`);
  const isLocked = declined.some(({ status }) => status === 401);
  const isAlone = declined.length > 0 && declined.every(({ status }) => status === 404);
  const advice = isLocked
    ? [CREDENTIALS]
    : isAlone
      ? [
          'They have no leader: a majority of the nodes must run and reach each other; -c status -U ONE_URL tells what one of them sees',
        ]
      : ['Check ORCHESTRATOR_API is configured correctly and orchestrator is running.'];
  return [`Cannot determine leader from ${endpoints.join(' ')}`, ...lines, ...advice].join('\n');
}
