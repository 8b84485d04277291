/** Access tokens of people, in the replicated log. Both calls reject as `Consensus.propose` does. */
import type { Answer } from './answer.js';

export interface AccessTokens {
  /** The public half, to be used once and soon. */
  issue(by: string): Promise<Answer<string>>;
  /** From now on the token stands for whoever knows the secret with this digest (SHA-256, hex). */
  acquire(publicToken: string, secretDigest: string): Promise<Answer<null>>;
  /** For how long a token stands. */
  readonly lifetimeMs: number;
}
