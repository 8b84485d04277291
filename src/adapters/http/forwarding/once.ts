/**
 * A request that changes something acts once. Three kinds of callers ask again: programs that give an `Idempotency-Key`,
 * followers that pass a request on to the next leader after losing the first, and the shell client, which gives no key and
 * asks up to eight times when it got no answer. The last is known by what it asks and from where, but only where its first
 * answer is known not to have reached it: somebody who had an answer and asks the same again wants it done again.
 */
import { createHash } from 'node:crypto';
import type { KeptAnswer } from '../../../core/ledger/records.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { RequestBook } from '../../../runtime/ports/requests.js';
import type { Arrival } from '../arrival.js';
import { IDEMPOTENCY_KEY, keyOfUser } from '../idempotency-key.js';
import { HTTP_LIMITS } from '../limits.js';
import { type Reply, refused } from '../reply.js';

/** Of keys that a follower makes up for requests that came without one. */
export const FORWARDED_KEY = 'forwarded-';

const REPLAYED = { 'x-orchestrator-replayed': 'true' };
/** These say for certain that nothing was done. */
const UNDONE = new Set(['NOT_LEADER', 'NO_QUORUM', 'OVERLOADED', 'PROPOSAL_DROPPED', 'MEMBER_TOO_OLD']);

/** What the log knows of the plans that requests have opened. */
export interface PlanBook {
  /** One was opened under this key, and asking for it again finds its end. */
  has(key: string): boolean;
  /** None that was opened since this time, by the leader's stamps, has been dropped. */
  isWholeSince(atMs: number): boolean;
}

interface Request {
  readonly key: string | null;
  readonly act: () => Promise<Reply>;
  readonly isPlan: boolean;
}

interface Unheard {
  readonly reply: Promise<Reply>;
  readonly lostAtMs: number;
}

export class Once {
  readonly #book: RequestBook | null;
  readonly #clock: Clock;
  readonly #plans: PlanBook;
  /** By subject: replies that did not reach whoever asked. */
  readonly #unheard = new Map<string, Unheard>();

  constructor(book: RequestBook | null, clock: Clock, plans: PlanBook) {
    this.#book = book;
    this.#clock = clock;
    this.#plans = plans;
  }

  /** Every node keeps keys: a request with one may be put to another leader when the first was lost. */
  get isKept(): boolean {
    return this.#book?.isKeptEverywhere() ?? false;
  }

  /** On the node that the client asks, whoever acts: one that lost its connection and asks again hears the first reply. */
  async answerOnce(arrival: Arrival, make: () => Promise<Reply>): Promise<Reply> {
    if (keyOf(arrival) !== null) return await make();
    const subject = callerSubject(arrival);
    const unheard = this.#unheard.get(subject);
    this.#unheard.delete(subject);
    const isSame = unheard !== undefined && this.#clock.nowMs() - unheard.lostAtMs <= HTTP_LIMITS.askAgainMs;
    const reply = isSame ? unheard.reply.then(replayed) : make();
    arrival.onLost(() => {
      this.#unheard.set(subject, { reply, lostAtMs: this.#clock.nowMs() });
      this.#dropOldest();
    });
    return await reply;
  }

  /** On the leader. `act` answers also when it fails: what it threw could not be told to those who ask again. */
  async actOnce(arrival: Arrival, act: () => Promise<Reply>, isPlan = false): Promise<Reply> {
    const key = keyOf(arrival);
    if (key !== null && !/^[\u0021-\u007e]{1,200}$/.test(key)) {
      return declinedKey('IDEMPOTENCY_KEY', 'An Idempotency-Key has 1 to 200 characters, of ASCII and without spaces');
    }
    if (this.#book === null) return await act();
    return await this.#actByBook(this.#book, arrival, { key, act, isPlan });
  }

  async #actByBook(book: RequestBook, arrival: Arrival, request: Request): Promise<Reply> {
    const { key, act, isPlan } = request;
    const { user } = arrival.identity;
    const own = key === null ? null : keyOfUser(arrival.identity, key);
    const begun = await book.begin({
      key: own,
      subject: key === null ? callerSubject(arrival) : digest([arrival.target]),
      by: user,
      lifetimeMs: lifetimeOf(key),
    });
    switch (begun.kind) {
      case 'act':
        return await carryOut(act, begun.finish);
      case 'answered':
        return replayed(begun.answer);
      case 'under-way': {
        const answer = await begun.ended;
        return answer === null ? await this.#actByBook(book, arrival, request) : replayed(answer);
      }
      case 'taken':
        return declinedKey(
          'IDEMPOTENCY_KEY_TAKEN',
          'That Idempotency-Key was given for another request: nothing was done. Use a new key for each request',
        );
      case 'lost': {
        const { node, beganAtMs } = begun.record;
        // A plan is in the log before anything is done; one that is not there was never begun, and never will be in that term.
        const isKnown = own !== null && (this.#plans.has(own) || (isPlan && this.#plans.isWholeSince(beganAtMs)));
        if (isKnown) return await act();
        const since = new Date(beganAtMs).toISOString();
        return declinedKey(
          'FATE_UNKNOWN',
          `The same request was begun by ${node} at ${since}, which was lost before it answered: it is not known whether ` +
            'it was done, and it was not done again now. Look at the topology and at audit-recovery; to do it again, ask ' +
            (key === null ? 'in a minute' : 'under a new Idempotency-Key'),
        );
      }
    }
  }

  #dropOldest(): void {
    for (const subject of this.#unheard.keys()) {
      if (this.#unheard.size <= HTTP_LIMITS.unheardReplies) return;
      this.#unheard.delete(subject);
    }
  }
}

async function carryOut(act: () => Promise<Reply>, finish: (answer: KeptAnswer | null) => Promise<void>) {
  const reply = await act();
  await finish(UNDONE.has(reply.headers?.['x-orchestrator-error'] ?? '') ? null : kept(reply));
  return reply;
}

function keyOf({ headers }: Arrival): string | null {
  const given = headers[IDEMPOTENCY_KEY];
  return typeof given === 'string' && given !== '' ? given : null;
}

function lifetimeOf(key: string | null): number {
  if (key === null) return HTTP_LIMITS.unnamedRequestMs;
  return key.startsWith(FORWARDED_KEY) ? HTTP_LIMITS.forwardedRequestMs : HTTP_LIMITS.namedRequestMs;
}

/** The same words from the same place: all that is known of a caller without a key. */
function callerSubject({ identity, client, headers, target }: Arrival): string {
  return digest([identity.user, client, headers['user-agent'] ?? '', target]);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function kept({ status, contentType, body, headers = {} }: Reply): KeptAnswer {
  const text = body.toString();
  if (text.length <= HTTP_LIMITS.keptAnswerCharacters) return { status, contentType, body: text, headers };
  const message = 'This was asked before and was done then; its answer was too long to be kept';
  const code = status < 400 ? 'OK' : 'ERROR';
  return { status, contentType, body: JSON.stringify({ Code: code, Message: message, Details: null }), headers };
}

function replayed(reply: Reply | KeptAnswer): Reply {
  return { ...reply, headers: { ...reply.headers, ...REPLAYED } };
}

function declinedKey(code: string, message: string): Reply {
  return refused(message, null, { 'x-orchestrator-refusal': code });
}
