/** The header under which a caller gives a request a key of its own, and whose key that is. */
import type { Identity } from './access/authorization.js';

export const IDEMPOTENCY_KEY = 'idempotency-key';

export function keyOfUser({ user }: Pick<Identity, 'user'>, key: string): string {
  return `${user}/${key}`;
}
