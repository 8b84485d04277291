/**
 * A request under a key of its caller's own is done once, however often and at whichever leader it is asked for: whoever lost
 * the first answer asks again and is given it. What stands in the record is the mark, so that the next leader knows it, too;
 * what was refused left no record, is certainly not done, and is judged anew. A key that was given for something else is
 * refused: answered with the other's end, its caller would believe that it was done.
 */
import { refusal } from '../../../core/recovery/belief.js';
import type { Recovery, RecoveryInputs } from '../../../core/recovery/recovery.js';
import type { ReplicatedLedger } from '../../replicated-ledger.js';
import type { Answer } from '../../ports/service.js';

export type Mark = Pick<RecoveryInputs, 'requestKey' | 'requestFor'>;

/** `what` is all that the request says, as text: the same text is the same request. Without a key nothing is marked. */
export function markOf(key: string | undefined, ...what: readonly (string | number | null)[]): Mark {
  return key === undefined ? {} : { requestKey: key, requestFor: JSON.stringify(what) };
}

export interface Doing {
  readonly anew: () => Promise<Answer<Recovery>>;
  /** It was begun before, by this node or another; its end is what is asked for. */
  readonly again: (before: Recovery) => Promise<Answer<Recovery>>;
}

interface UnderWay {
  readonly what: string | undefined;
  readonly answer: Promise<Answer<Recovery>>;
}

export class AskedOnce {
  readonly #ledger: Pick<ReplicatedLedger, 'state'>;
  /** By their keys: of those that are not in the log yet, too. */
  readonly #underWay = new Map<string, UnderWay>();

  constructor(ledger: Pick<ReplicatedLedger, 'state'>) {
    this.#ledger = ledger;
  }

  /** On the leader that has applied what was committed before it led: another one may not know of the first time. */
  async ask({ requestKey: key, requestFor: what }: Mark, { anew, again }: Doing): Promise<Answer<Recovery>> {
    if (key === undefined) return await anew();
    const here = this.#underWay.get(key);
    if (here !== undefined) return here.what === what ? await here.answer : taken(key);
    const before = this.begunBefore(key);
    // A record of before it was told what for is taken at its key.
    if (before !== null && (before.inputs.requestFor ?? what) !== what) return taken(key);
    const answer = before === null ? anew() : again(before);
    this.#underWay.set(key, { what, answer });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /**
   * Who waited for a turn asks again: another leader may have begun it meanwhile, between two terms of this one. Null: nobody.
   */
  begunBefore(key: string | undefined): Recovery | null {
    if (key === undefined) return null;
    for (const recovery of this.#ledger.state.recoveries.values()) {
      if (recovery.inputs.requestKey === key) return recovery;
    }
    return null;
  }
}

function taken(key: string): Answer<Recovery> {
  const { code, message, mend } = refusal(
    'IDEMPOTENCY_KEY_TAKEN',
    `the key "${key}" was given for another request: nothing was done`,
    'use a new key for each request',
  );
  return { ok: false, refusal: { code, message: `${message} (${mend})` } };
}
