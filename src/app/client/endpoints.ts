/**
 * Which orchestrator to ask. One endpoint is asked as it is: a follower passes writes on, and a balancer knows its way.
 * Of several the leader is looked for, all of them at once, so that a dead one costs nothing.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { httpGet } from './transport.js';

const DEFAULT_API = 'http://localhost:3000';
const CHECK_MS = 1000;

/** One or several URLs with white space or commas between them, each with `/api` at its end afterwards. */
export function readEndpoints(text: string | undefined): Result<readonly string[], string> {
  const given = (text === undefined || text.trim() === '' ? DEFAULT_API : text)
    .split(/[\s,]+/)
    .filter((url) => url !== '');
  const endpoints: string[] = [];
  for (const url of given) {
    const trimmed = url.replace(/\/+$/, '');
    if (!/^https?:\/\/[^/\s]+/.test(trimmed) || !URL.canParse(trimmed)) {
      return failed(`"${url}" is no URL of an orchestrator; give it as http://HOST:3000`);
    }
    endpoints.push(trimmed.endsWith('/api') ? trimmed : `${trimmed}/api`);
  }
  return ok(endpoints);
}

/** The endpoint that leads; else one that reaches the leader; null when none of them does. */
export async function findLeader(
  endpoints: readonly string[],
  headers: Readonly<Record<string, string>>,
): Promise<string | null> {
  if (endpoints.length === 1) return endpoints[0] ?? null;
  return (
    (await firstYes(endpoints, 'leader-check', headers)) ?? (await firstYes(endpoints, 'routed-leader-check', headers))
  );
}

async function firstYes(
  endpoints: readonly string[],
  check: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | null> {
  const asked = endpoints.map(async (endpoint) => {
    const answer = await httpGet({ url: `${endpoint}/${check}`, headers, timeoutMs: CHECK_MS });
    if (answer.status !== 200) throw new Error(`${endpoint} does not lead`);
    return endpoint;
  });
  return await Promise.any(asked).catch(() => null);
}
