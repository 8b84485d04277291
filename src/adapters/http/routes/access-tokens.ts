/**
 * Access tokens: an administrator issues one, and whoever opens the link with its public half is given the right to change
 * things, as a cookie. The node that is asked makes the secret itself and passes on only its digest, so that the secret is
 * in no log and on no way between nodes.
 */
import { randomBytes } from 'node:crypto';
import { NotLeader } from '../../../runtime/ports/consensus-errors.js';
import { TOKEN_COOKIE, tokenDigest } from '../access/authorization.js';
import { declined, done, redirect, type Reply, refused } from '../reply.js';
import { aboutNode, askedBy, type Call, type Door, type Route, write } from '../route.js';

const ACQUIRE = '/api/v1/access-token/acquire';

/** `prefix` is '' or `/path`. */
export function accessTokenRoutes(prefix: string): readonly Route[] {
  return [
    {
      ...write('/api/v1/access-token', issue),
      role: 'admin',
    },
    {
      ...write(`${ACQUIRE}/:publicToken/:digest`, async (call, door) => {
        const answer = await door.tokens?.acquire(call.param('publicToken'), call.param('digest'));
        if (answer === undefined) return withoutTokens();
        return answer.ok ? done('Access token acquired', null) : declined(answer.refusal);
      }),
      role: 'viewer',
    },
    aboutNode('/web/access-token', (call, door) => use(call, door, prefix)),
  ];
}

async function issue(call: Call, door: Door): Promise<Reply> {
  const answer = await door.tokens?.issue(askedBy(call, door));
  if (answer === undefined) return withoutTokens();
  return answer.ok
    ? done('Access token issued; open /web/access-token?publicToken= with it, once and soon', answer.value)
    : declined(answer.refusal);
}

async function use(call: Call, door: Door, prefix: string): Promise<Reply> {
  const publicToken = call.query('publicToken');
  if (door.tokens === null) return withoutTokens();
  if (!/^[0-9a-f]{8,128}$/.test(publicToken)) return refused('No access token was given');
  const secret = randomBytes(32).toString('hex');
  const refusal = await acquire(door, publicToken, tokenDigest(secret), prefix);
  if (refusal !== null) return refusal;
  const maxAge = String(Math.floor(door.tokens.lifetimeMs / 1000));
  const attributes = `Path=${prefix}/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${call.isEncrypted ? '; Secure' : ''}`;
  const reply = redirect(`${prefix}/`);
  return {
    ...reply,
    headers: { ...reply.headers, 'set-cookie': `${TOKEN_COOKIE}=${publicToken}:${secret}; ${attributes}` },
  };
}

/** Null when it was acquired. */
async function acquire(door: Door, publicToken: string, digest: string, prefix: string): Promise<Reply | null> {
  try {
    const answer = await door.tokens?.acquire(publicToken, digest);
    return answer?.ok === false ? declined(answer.refusal) : null;
  } catch (error) {
    if (!(error instanceof NotLeader)) throw error;
    const reply = await door.passOn(`${prefix}${ACQUIRE}/${publicToken}/${digest}`);
    return reply.status === 200 ? null : reply;
  }
}

function withoutTokens(): Reply {
  return refused('This node keeps no access tokens');
}
