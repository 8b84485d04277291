/** Access tokens as entries of the log: whoever was let in at one node is let in at all of them. */
import { accept, type Answer, refuse } from '../ports/answer.js';
import type { AccessTokens } from '../ports/access-tokens.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';

export interface TokenTimes {
  readonly useWithinMs: number;
  readonly lifetimeMs: number;
}

export class ReplicatedTokens implements AccessTokens {
  readonly #ledger: Pick<ReplicatedLedger, 'state' | 'propose'>;
  readonly #times: TokenTimes;
  readonly #randomHex: () => string;

  constructor(ledger: Pick<ReplicatedLedger, 'state' | 'propose'>, times: TokenTimes, randomHex: () => string) {
    this.#ledger = ledger;
    this.#times = times;
    this.#randomHex = randomHex;
  }

  get lifetimeMs(): number {
    return this.#times.lifetimeMs;
  }

  async issue(by: string): Promise<Answer<string>> {
    const publicToken = this.#randomHex();
    const { useWithinMs, lifetimeMs } = this.#times;
    await this.#ledger.propose({ kind: 'access-token-issued', publicToken, by, useWithinMs, lifetimeMs });
    return accept(publicToken);
  }

  async acquire(publicToken: string, secretDigest: string): Promise<Answer<null>> {
    await this.#ledger.propose({ kind: 'access-token-acquired', publicToken, secretDigest });
    if (this.#ledger.state.accessTokens.get(publicToken)?.secretDigest === secretDigest) return accept(null);
    return refuse(
      'NO_SUCH_TOKEN',
      'That access token is not there: it was used already, or not within AccessTokenUseExpirySeconds; ask for another',
    );
  }
}
