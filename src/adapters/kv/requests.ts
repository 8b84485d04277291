/** HTTP to a store, with a deadline, and errors that say where and what to do. */
import { OperationalError } from '../../runtime/errors.js';

export interface StoreReply {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;

export async function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): Promise<StoreReply> {
  const { origin, pathname } = new URL(url);
  try {
    const reply = await fetch(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: reply.status, body: await reply.text() };
  } catch (error) {
    throw new OperationalError('PAIR_STORE', `${origin}${pathname}: ${reasonOf(error)}`, error);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${String(TIMEOUT_MS / 1000)} s`;
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

/** The store said no, in its own words, which hold no secret of ours. */
export function unexpected(what: string, { status, body }: StoreReply): OperationalError {
  const hint = status === 403 ? '; does ConsulAclToken grant key:write below KVClusterMasterPrefix?' : '';
  return new OperationalError('PAIR_STORE', `${what}: status ${String(status)}: ${body.slice(0, 200)}${hint}`);
}
