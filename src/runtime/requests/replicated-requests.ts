/**
 * Requests and their keys in the replicated log. A request is acted upon only by the node whose entry was the first under
 * its key, so two nodes that each take themselves for the leader cannot both act. What a lost node left open stays open:
 * it is never begun anew under its key.
 */
import type { KeptAnswer, RequestRecord } from '../../core/ledger/records.js';
import { schemaOf, type Unstamped } from '../../core/ledger/codec.js';
import type { AskedRequest, Begun, RequestBook } from '../ports/requests.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';
import { FIRST_SCHEMA, MemberTooOld } from '../schema-gate.js';

/** Keys of requests that came without one. A caller's own begin with the name of a user, or with a slash. */
const UNNAMED = 'unnamed:';

export interface ReplicatedRequestsOptions {
  readonly ledger: Pick<ReplicatedLedger, 'state' | 'propose'>;
  readonly self: string;
  readonly randomHex: () => string;
  /** What is left open is told here. */
  readonly warn: (text: string) => void;
}

interface UnderWay {
  readonly subject: string;
  readonly ended: Promise<KeptAnswer | null>;
}

export class ReplicatedRequests implements RequestBook {
  readonly #options: ReplicatedRequestsOptions;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(options: ReplicatedRequestsOptions) {
    this.#options = options;
  }

  async begin(request: AskedRequest): Promise<Begun> {
    const { ledger, randomHex } = this.#options;
    const key = request.key ?? `${UNNAMED}${randomHex()}`;
    const here = this.#underWay.get(key);
    if (here !== undefined) {
      return here.subject === request.subject ? { kind: 'under-way', ended: here.ended } : { kind: 'taken' };
    }
    const before = request.key === null ? this.#abandoned(request.subject) : ledger.state.requests.get(key);
    if (before !== undefined) return whatBecame(before, request.subject);
    return await this.#intend(key, request);
  }

  isKeptEverywhere(): boolean {
    const needed = schemaOf({ kind: 'request-finished' } as Unstamped);
    return [...this.#options.ledger.state.nodes.values()].every(({ schema = FIRST_SCHEMA }) => schema >= needed);
  }

  async #intend(key: string, { subject, by, lifetimeMs }: AskedRequest): Promise<Begun> {
    const { ledger, self, randomHex } = this.#options;
    const attempt = randomHex();
    const release = this.#hold(key, subject);
    try {
      await ledger.propose({ kind: 'request-begun', key, attempt, subject, by, node: self, lifetimeMs });
    } catch (error) {
      // During an upgrade a key holds as long as this node leads, which is better than not at all.
      if (error instanceof MemberTooOld) {
        return {
          kind: 'act',
          finish: (answer) => {
            release(answer);
            return Promise.resolve();
          },
        };
      }
      release(null);
      throw error;
    }
    const record = ledger.state.requests.get(key);
    if (record !== undefined && record.attempt !== attempt) {
      release(null);
      return whatBecame(record, subject);
    }
    return { kind: 'act', finish: (answer) => this.#finish(key, attempt, answer, release) };
  }

  async #finish(
    key: string,
    attempt: string,
    answer: KeptAnswer | null,
    release: (answer: KeptAnswer | null) => void,
  ): Promise<void> {
    const kept = key.startsWith(UNNAMED) ? null : answer;
    try {
      await this.#options.ledger.propose({ kind: 'request-finished', key, attempt, answer: kept });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.warn(`the answer to a request could not be kept for those who ask again: ${why}`);
    } finally {
      release(answer);
    }
  }

  #hold(key: string, subject: string): (answer: KeptAnswer | null) => void {
    let resolve: (answer: KeptAnswer | null) => void = () => undefined;
    const ended = new Promise<KeptAnswer | null>((done) => {
      resolve = done;
    });
    this.#underWay.set(key, { subject, ended });
    return (answer) => {
      this.#underWay.delete(key);
      resolve(answer);
    };
  }

  /** The same was begun, without a key, by a node that never came to its end. */
  #abandoned(subject: string): RequestRecord | undefined {
    const { nowMs, requests } = this.#options.ledger.state;
    return [...requests.values()].find(
      (record) =>
        record.subject === subject &&
        record.key.startsWith(UNNAMED) &&
        record.expiresAtMs > nowMs &&
        !this.#underWay.has(record.key),
    );
  }
}

function whatBecame(record: RequestRecord, subject: string): Begun {
  if (record.subject !== subject) return { kind: 'taken' };
  return record.answer === null ? { kind: 'lost', record } : { kind: 'answered', answer: record.answer };
}
