/**
 * Access tokens of people. One is issued with a public half that opens nothing by itself; whoever shows that half first, and
 * in time, is given a secret, of which only the digest stands in the log. From then on both halves together are the right to
 * come in, until the token's end.
 */
import type { DoorCommand } from '../command.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';

type Of<Kind extends DoorCommand['kind']> = Extract<DoorCommand, { kind: Kind }>;

/** Issued by hand, one for each person who logs in. */
const TOKENS_KEPT = 10_000;

export function applyTokenIssued(draft: Draft, command: Of<'access-token-issued'>): readonly Fact[] {
  const { publicToken, by, useWithinMs, lifetimeMs } = command;
  dropExpired(draft);
  if (draft.accessTokens.has(publicToken)) return rejected('an access token of that name was issued already');
  const useUntilMs = draft.nowMs + useWithinMs;
  const expiresAtMs = draft.nowMs + lifetimeMs;
  draft.accessTokens.set(publicToken, { publicToken, by, useUntilMs, expiresAtMs, secretDigest: null });
  for (const key of draft.accessTokens.keys()) {
    if (draft.accessTokens.size <= TOKENS_KEPT) break;
    draft.accessTokens.delete(key);
  }
  return [fact('access-token-issued', `${by} issued an access token`, null, null)];
}

export function applyTokenAcquired(draft: Draft, command: Of<'access-token-acquired'>): readonly Fact[] {
  dropExpired(draft);
  const token = draft.accessTokens.get(command.publicToken);
  if (token === undefined || token.secretDigest !== null) {
    return rejected('an access token that is not there, or was used already, was to be used');
  }
  draft.accessTokens.set(token.publicToken, { ...token, secretDigest: command.secretDigest });
  return [fact('access-token-acquired', `the access token that ${token.by} issued is in use`, null, null)];
}

function dropExpired(draft: Draft): void {
  for (const [key, { secretDigest, useUntilMs, expiresAtMs }] of draft.accessTokens) {
    const endsAtMs = secretDigest === null ? Math.min(useUntilMs, expiresAtMs) : expiresAtMs;
    if (endsAtMs <= draft.nowMs) draft.accessTokens.delete(key);
  }
}
