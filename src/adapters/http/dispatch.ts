/** From a request to a reply: may this caller, does it belong here or to the leader, and what if it goes wrong. */
import { randomUUID } from 'node:crypto';
import { InvariantViolation } from '../../core/base/assert.js';
import { OperationalError } from '../../runtime/errors.js';
import type { Clock } from '../../runtime/ports/clock.js';
import { NotLeader } from '../../runtime/ports/consensus-errors.js';
import type { Arrival } from './arrival.js';
import { allows } from './access/authorization.js';
import { caughtUp, withAppliedIndex } from './forwarding/caught-up.js';
import type { Forwarder } from './forwarding/forward.js';
import type { Guard } from './access/guard.js';
import { IN_QUORUM, OUT_OF_QUORUM, type StateAge } from './headers.js';
import { HTTP_LIMITS } from './limits.js';
import { isLeading } from './legacy/node-status.js';
import { IDEMPOTENCY_KEY } from './idempotency-key.js';
import { FORWARDED_KEY, type Once } from './forwarding/once.js';
import { type Reply, refused } from './reply.js';
import type { Call, Door, Route } from './route.js';
import { HANDED_OVER } from './routes/membership.js';
import { tooLongParameter } from './unreadable.js';

export interface HttpLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Dispatcher {
  readonly door: Door;
  readonly guard: Guard;
  /** Resolves when this node has applied all that was committed anywhere before the call. */
  readonly confirmRead: () => Promise<void>;
  readonly forwarder: Forwarder;
  readonly once: Once;
  readonly stateAge: StateAge;
  readonly clock: Clock;
  readonly log: HttpLog;
}

export async function dispatch(route: Route, arrival: Arrival, parts: Dispatcher): Promise<Reply> {
  const reply = tooLongParameter(arrival.params) ?? (await decide(route, arrival, parts));
  // A read has told its age already, and there are thousands of them a second.
  if (reply.headers?.[IN_QUORUM] !== undefined || parts.door.service.node().inQuorum) return reply;
  return { ...reply, headers: { ...reply.headers, ...OUT_OF_QUORUM } };
}

async function decide(route: Route, arrival: Arrival, parts: Dispatcher): Promise<Reply> {
  try {
    if (!allows(arrival.identity, route.role)) return refused('Unauthorized');
    const refusal = parts.guard.refusal(route, arrival);
    if (refusal !== null) return refusal;
    switch (route.access) {
      case 'node':
        if (route.role !== 'viewer' && arrival.method === 'HEAD') return NOTHING_DONE;
        return await answer(route, arrival, parts);
      case 'read': {
        const consistency = arrival.query['consistency'];
        const isConfirmed = consistency === 'linearizable';
        if (!isConfirmed && consistency !== undefined) return refused(UNKNOWN_CONSISTENCY);
        if (isConfirmed) await parts.confirmRead();
        const reply = await answer(route, arrival, parts);
        const how = isConfirmed ? { 'x-orchestrator-consistency': 'linearizable' } : {};
        return { ...reply, headers: { ...parts.stateAge.headers(), ...how, ...reply.headers } };
      }
      case 'relayed':
        return isLeading(parts.door.service.node())
          ? await answer(route, arrival, parts)
          : await relay(route, arrival, parts);
      case 'write':
        return await change(route, arrival, parts);
    }
  } catch (error) {
    return fault(error, route, parts.log);
  }
}

// A misspelled word must not be answered from a state that may be old: whoever wrote it believes that he reads the newest.
const UNKNOWN_CONSISTENCY = 'consistency can only be linearizable; leave it out to read what this node knows';

const NOTHING_DONE: Reply = { status: 200, contentType: 'application/json; charset=UTF-8', body: '' };

/** A HEAD asks whether there is something to get, and must not do it. */
async function change(route: Route, arrival: Arrival, parts: Dispatcher): Promise<Reply> {
  if (arrival.method === 'HEAD') return NOTHING_DONE;
  if (isMisspelledRehearsal(arrival.query)) return refused(UNKNOWN_REHEARSAL);
  // What is asked of the cluster itself can be asked any number of times, and changes who keeps the keys.
  if (route.role === 'admin') return await lead(arrival, parts, () => answer(route, arrival, parts));
  const act = (): Promise<Reply> =>
    answer(route, arrival, parts).catch((error: unknown) => fault(error, route, parts.log));
  return await parts.once.answerOnce(arrival, () =>
    lead(keyed(arrival, parts), parts, () => parts.once.actOnce(arrival, act, route.isPlan === true)),
  );
}

// Whoever writes ?dryRun=1 believes that nothing will be done.
const UNKNOWN_REHEARSAL = 'a dry run is asked for by dryRun=true, and no other word: nothing was done';

function isMisspelledRehearsal(query: Arrival['query']): boolean {
  return Object.entries(query).some(([name, value]) => {
    if (name.replace(/[-_]/g, '').toLowerCase() !== 'dryrun') return false;
    return name !== 'dryRun' || (value !== 'true' && value !== 'false');
  });
}

/** Here, or where the leader is. */
async function lead(arrival: Arrival, parts: Dispatcher, act: () => Promise<Reply>): Promise<Reply> {
  const { target, headers } = arrival;
  const { service } = parts.door;
  if (service.node().role === 'leader') {
    const reply = await act().catch(unlessDeposed);
    const isOver = reply === null || reply.headers?.[HANDED_OVER] !== undefined;
    if (reply !== null && (!isOver || isLeading(service.node()))) return withAppliedIndex(reply, service);
  }
  const isKept = headers[IDEMPOTENCY_KEY] !== undefined && parts.once.isKept;
  const timeoutMs = HTTP_LIMITS.forwardAnswerMs;
  return await caughtUp(await parts.forwarder.forward({ target, headers, timeoutMs, isKept }), service);
}

/** Null: it found that it leads no more before it began, and its successor is to be asked. */
function unlessDeposed(error: unknown): null {
  if (error instanceof NotLeader) return null;
  throw error;
}

/** A follower that loses the leader in the middle asks the next one, which has to know that it is the same request. */
function keyed(arrival: Arrival, { door }: Dispatcher): Arrival {
  if (arrival.headers[IDEMPOTENCY_KEY] !== undefined) return arrival;
  const key = `${FORWARDED_KEY}${door.service.node().id}-${randomUUID()}`;
  return { ...arrival, headers: { ...arrival.headers, [IDEMPOTENCY_KEY]: key } };
}

/** The leader's word if it can be had in time, else this node's own: it does not lead. */
async function relay(route: Route, arrival: Arrival, parts: Dispatcher): Promise<Reply> {
  const { target, headers } = arrival;
  const reply = await parts.forwarder.forward({ target, headers, timeoutMs: HTTP_LIMITS.leaderCheckMs });
  return reply.status === 200 ? reply : await answer(route, arrival, parts);
}

async function answer(route: Route, arrival: Arrival, parts: Dispatcher): Promise<Reply> {
  return await route.answer(callOf(arrival, parts.clock.wallMs()), parts.door);
}

function callOf(arrival: Arrival, nowMs: number): Call {
  return {
    param: (name) => (arrival.params[name] ?? '').trim(),
    query: (name) => {
      const value = arrival.query[name];
      return (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
    },
    hasQuery: (name) => arrival.query[name] !== undefined,
    identity: arrival.identity,
    isEncrypted: arrival.isEncrypted,
    headers: new Map(
      Object.entries(arrival.headers).map(([name, value]) => [name, Array.isArray(value) ? value : [value ?? '']]),
    ),
    nowMs,
  };
}

/** Whatever was thrown becomes an answer; only a broken invariant still ends the process, once the caller has heard of it. */
export function fault(error: unknown, route: Pick<Route, 'path'>, log: HttpLog): Reply {
  if (error instanceof OperationalError) return refused(error.message, null, { 'x-orchestrator-error': error.code });
  if (isBadRequest(error))
    return { ...refused(`The request cannot be answered: ${error.message}`), status: error.statusCode };
  log.error({ err: error, route: route.path }, 'a request failed unexpectedly');
  if (error instanceof InvariantViolation) {
    setImmediate(() => {
      throw error;
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return refused(`Unexpected fault: ${message}; the log of this node tells more`);
}

/** The framework's own refusal: a body that is too large, a path that climbs out. Whoever sends that must not fill the log. */
function isBadRequest(error: unknown): error is Error & { readonly statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return false;
  return error.statusCode >= 400 && error.statusCode < 500;
}
