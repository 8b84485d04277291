/**
 * Which orchestrator to ask. One endpoint is asked as it is: a follower passes writes on, and a balancer knows its way.
 * Of several the leader is looked for, all of them at once, so that a dead one costs nothing. Where nobody leads, what
 * each said is kept: at 3 a.m. that is the difference between a wrong password and a lost majority.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Environment } from './environment.js';
import { type Caller, httpGet, TransportError } from './transport.js';

const DEFAULT_API = 'http://localhost:3000';
const CHECK_MS = 1000;

/** An address, and where it was given: what is wrong with it is mended there, and nowhere else. */
export interface Whereabouts {
  readonly text: string;
  /** The option, the variable, or what stood in for both. */
  readonly given: string;
}

/** The option goes before the variable, and that before what is known otherwise. */
export function whereToAsk(
  api: string | null | undefined,
  environment: Environment,
  otherwise: Whereabouts = { text: DEFAULT_API, given: `${DEFAULT_API} (neither --api nor ORCHESTRATOR_API)` },
): Whereabouts {
  if (api !== null && api !== undefined) return { text: api, given: '--api' };
  const around = environment['ORCHESTRATOR_API'] ?? '';
  return around.trim() === '' ? otherwise : { text: around, given: 'ORCHESTRATOR_API' };
}

/** One or several URLs with white space or commas between them, each with `/api` at its end afterwards. */
export function readEndpoints(text: string): Result<readonly string[], string> {
  const given = (text.trim() === '' ? DEFAULT_API : text).split(/[\s,]+/).filter((url) => url !== '');
  const endpoints: string[] = [];
  for (const url of given) {
    // HOST:3000 alone means HTTP, as it did to the shell script.
    const trimmed = (/^(\[[\da-f:]+\]|[\w.-]+)(:\d+(\/|$)|\/)/i.test(url) ? `http://${url}` : url).replace(/\/+$/, '');
    if (!/^https?(\+unix)?:\/\/[^/\s]+/.test(trimmed) || !URL.canParse(trimmed)) {
      return failed(`"${url}" is no URL of an orchestrator; give it as http://HOST:3000`);
    }
    endpoints.push(trimmed.endsWith('/api') ? trimmed : `${trimmed}/api`);
  }
  return ok(endpoints);
}

/** Of an endpoint that cannot be of use. */
export interface Declined {
  readonly endpoint: string;
  /** HTTP status; 0: it did not answer at all. */
  readonly status: number;
  readonly why: string;
}

/** The endpoint that leads; else one that reaches the leader; else what each of them said. */
export async function findLeader(
  endpoints: readonly string[],
  caller: Caller,
): Promise<Result<string, readonly Declined[]>> {
  const [only] = endpoints;
  if (only !== undefined && endpoints.length === 1) return ok(only);
  const leading = await firstYes(endpoints, 'leader-check', caller);
  if (leading.ok) return leading;
  const routed = await firstYes(endpoints, 'routed-leader-check', caller);
  return routed.ok ? routed : leading;
}

async function firstYes(
  endpoints: readonly string[],
  check: string,
  caller: Caller,
): Promise<Result<string, readonly Declined[]>> {
  const declined = new Map<string, Declined>();
  const asked = endpoints.map(async (endpoint) => {
    const no = await ask(endpoint, check, caller);
    if (no === null) return endpoint;
    declined.set(endpoint, no);
    throw new Error(no.why);
  });
  const found = await Promise.any(asked).catch(() => null);
  return found === null ? failed(endpoints.flatMap((endpoint) => declined.get(endpoint) ?? [])) : ok(found);
}

/** Null: yes. */
async function ask(endpoint: string, check: string, caller: Caller): Promise<Declined | null> {
  try {
    const { status, text } = await httpGet({ url: `${endpoint}/${check}`, ...caller, timeoutMs: CHECK_MS });
    return status === 200 ? null : { endpoint, status, why: wordsOf(status, text) };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { endpoint, status: 0, why: error.message };
  }
}

function wordsOf(status: number, text: string): string {
  if (status === 401) return 'it does not let you in (401): wrong user or password, or none';
  if (status === 404 && /not leader/i.test(text)) return 'it answers, does not lead, and knows no leader';
  return `it answered ${String(status)} ${text.trim().slice(0, 60).replace(/\s+/g, ' ')}`.trim();
}
