/**
 * Asking a running cluster about its own members. A change that was asked for again goes on where it stood, so whatever
 * happens to the node that was asked, or to its leader, the question is put again, to the next node, for a while.
 */
import { field, textOf } from '../client/answer.js';
import { readEndpoints, type Whereabouts } from '../client/endpoints.js';
import type { Environment } from '../client/environment.js';
import { readTls } from '../client/tls-files.js';
import { type ClientTls, type HttpAnswer, httpGet, TransportError } from '../client/transport.js';

const ANSWER_MS = 15_000;
/** For an election and what else passes by itself. */
const PATIENCE_MS = 20_000;
const ASK_AGAIN_MS = 300;

export type RaftAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  /** The cluster's no; another try would get it again. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly afterDoubt: boolean }
  | { readonly kind: 'failed'; readonly message: string };

export interface RaftApiOptions {
  readonly api: Whereabouts;
  readonly environment: Environment;
  readonly sleep: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

export class RaftApi {
  readonly #options: RaftApiOptions;
  readonly #endpoints: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #tls: ClientTls;
  #turn = 0;
  /** How many in a row were not there at all. */
  #absent = 0;

  private constructor(options: RaftApiOptions, endpoints: readonly string[], tls: ClientTls) {
    this.#options = options;
    this.#endpoints = endpoints;
    this.#headers = authorization(options.environment);
    this.#tls = tls;
  }

  /** The text of what is wrong with the given URLs, if anything is. */
  static open(options: RaftApiOptions): RaftApi | string {
    const endpoints = readEndpoints(options.api.text);
    const tls = readTls({}, options.environment);
    if (!tls.ok) return tls.error;
    return endpoints.ok ? new RaftApi(options, endpoints.value, tls.value) : `${options.api.given}: ${endpoints.error}`;
  }

  /** True: there is another node to ask; it is asked next. */
  another(asked: number): boolean {
    this.#turn += 1;
    return asked < this.#endpoints.length;
  }

  /** Until there is an answer that counts. */
  async ask(path: string): Promise<RaftAnswer> {
    const giveUpAtMs = this.#options.nowMs() + PATIENCE_MS;
    for (let doubt = false; ; doubt = true) {
      const answer = await this.#askOnce(path, doubt);
      if (answer.kind !== 'failed' || this.#options.nowMs() >= giveUpAtMs) return answer;
      if (answer.final === true) return answer;
      await this.#options.sleep(ASK_AGAIN_MS);
    }
  }

  async #askOnce(path: string, afterDoubt: boolean): Promise<RaftAnswer & { readonly final?: boolean }> {
    const endpoint = this.#endpoints[this.#turn % this.#endpoints.length] ?? '';
    try {
      const answer = await httpGet({
        url: `${endpoint}/v1/raft/${path}`,
        headers: this.#headers,
        tls: this.#tls,
        timeoutMs: ANSWER_MS,
      });
      this.#absent = 0;
      const read = readRaftAnswer(answer, endpoint, afterDoubt);
      if (read.kind === 'failed') this.#turn += 1;
      return read;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      this.#turn += 1;
      this.#absent = error.unsent ? this.#absent + 1 : 0;
      const all = this.#endpoints.join(', ');
      const message = `no node answers at ${all} (${error.message}): give the URL of one that runs with --api or ORCHESTRATOR_API`;
      // Where nothing listens anywhere there is no election to wait for; where one of several is gone, there may be just that.
      return { kind: 'failed', message, final: this.#absent >= this.#endpoints.length };
    }
  }
}

function readRaftAnswer(
  { status, headers, text }: HttpAnswer,
  endpoint: string,
  afterDoubt: boolean,
): RaftAnswer & { readonly final?: boolean } {
  if (status === 401) {
    const message = `${endpoint} asks who you are: set ORCHESTRATOR_AUTH_USER and ORCHESTRATOR_AUTH_PASSWORD`;
    return { kind: 'failed', message, final: true };
  }
  let body: unknown;
  try {
    body = JSON.parse(text) as unknown;
  } catch {
    return {
      kind: 'failed',
      message: `${endpoint} does not know this request: is it an orchestrator of this version?`,
      final: true,
    };
  }
  if (status === 200) return { kind: 'ok', body };
  const message = textOf(field(body, 'Message') ?? text);
  const code = headers['x-orchestrator-refusal'];
  if (typeof code === 'string' && code !== 'BUSY') return { kind: 'refused', code, message, afterDoubt };
  if (message === 'Unauthorized') {
    return { kind: 'failed', message: `${endpoint} lets you look and not change anything (ReadOnly)`, final: true };
  }
  return { kind: 'failed', message };
}

function authorization(environment: Environment): Readonly<Record<string, string>> {
  const user = environment['ORCHESTRATOR_AUTH_USER'] ?? '';
  if (user === '') return {};
  const password = environment['ORCHESTRATOR_AUTH_PASSWORD'] ?? '';
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
