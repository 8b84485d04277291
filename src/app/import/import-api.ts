/**
 * One side of the moving over: an orchestrator's HTTP API, asked one thing after the other. User and password may stand in
 * the URL, as curl has it; nothing that is printed shows them.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { type ApiAnswer, readAnswer } from '../client/answer.js';
import { readHeader } from '../client/caller.js';
import { readEndpoints, type Whereabouts } from '../client/endpoints.js';
import { type ClientTls, httpGet, TransportError } from '../client/transport.js';

const ANSWER_MS = 60_000;

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface Declined {
  /** A sentence. */
  readonly message: string;
  /** Of one of ours that refuses, the code of its refusal; else ''. */
  readonly code: string;
}

/** Who we say we are. */
export interface Introduction {
  /** Where the URL names nobody. */
  readonly login: Login | null;
  /** A line that names somebody, for `AuthenticationMethod` `proxy`; '' for none. */
  readonly header: string;
  /** The variable that the line is from. */
  readonly headerGiven: string;
  readonly tls: Result<ClientTls, string>;
}

export class ImportApi {
  /** Without user and password. */
  readonly shown: string;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #tls: ClientTls;

  private constructor(base: string, headers: Readonly<Record<string, string>>, tls: ClientTls) {
    this.#base = base;
    this.#tls = tls;
    this.shown = base.replace(/\/api$/, '');
    this.#headers = headers;
  }

  /** The error is a sentence that names where the mistake was given. */
  static open({ text: url, given }: Whereabouts, introduction: Introduction): Result<ImportApi, string> {
    const { tls } = introduction;
    if (!tls.ok) return failed(tls.error);
    const header = readHeader(introduction.header, introduction.headerGiven);
    if (!header.ok) return failed(header.error);
    const endpoints = readEndpoints(url.replace(/:\/\/[^/\s]*@/, '://'));
    if (!endpoints.ok) return failed(`${given}: ${endpoints.error}`);
    const [base, another] = endpoints.value;
    if (base === undefined || another !== undefined) return failed(`${given}: one URL is needed, as http://HOST:3000`);
    const inline = /:\/\/([^/\s:@]*)(?::([^/\s@]*))?@/.exec(url);
    const login = inline === null ? introduction.login : { user: decoded(inline[1]), password: decoded(inline[2]) };
    const basic = login === null ? {} : { authorization: `Basic ${encoded(login)}` };
    return ok(new ImportApi(base, { ...basic, ...header.value }, tls.value));
  }

  /** The answer of `/api/<path>`, or why there is none. */
  async get(path: string): Promise<Result<ApiAnswer, Declined>> {
    try {
      const { status, text, headers } = await httpGet({
        url: `${this.#base}/${path}`,
        headers: this.#headers,
        tls: this.#tls,
        timeoutMs: ANSWER_MS,
      });
      if (status === 401) return declined(`${this.shown} asks who you are`);
      const answer = readAnswer(JSON.parse(text));
      return answer.ok ? answer : declined(answer.error.message, String(headers['x-orchestrator-refusal'] ?? ''));
    } catch (error) {
      if (error instanceof TransportError) return declined(`${this.shown} does not answer: ${error.message}`);
      if (error instanceof SyntaxError) return declined(`${this.shown} does not know /api/${path}`);
      throw error;
    }
  }
}

function declined(message: string, code = ''): Result<never, Declined> {
  return failed({ message, code });
}

function encoded({ user, password }: Login): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return text ?? '';
  }
}
