/**
 * Who is asking, and what they may do. Every request passes here once, static files and health checks included, as with
 * the incumbent. Routes name the role they need and know nothing of methods; a further method is one more `Authorizer`.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** viewer: reads. operator: changes topologies. admin: changes our own cluster and its configuration. */
export type Role = 'viewer' | 'operator' | 'admin';

export interface Identity {
  /** '' when the method knows no users. */
  readonly user: string;
  readonly role: Role;
}

export interface Credentials {
  /** The Authorization header. */
  readonly authorization: string | undefined;
}

/** Null: the request is turned away with 401 before anything else is looked at. */
export type Authorizer = (credentials: Credentials) => Identity | null;

export type Authentication =
  | { readonly method: 'none' }
  | { readonly method: 'basic'; readonly user: string; readonly password: string };

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

export function allows(identity: Identity, needed: Role): boolean {
  return RANK[identity.role] >= RANK[needed];
}

/** `readOnly` (the incumbent's ReadOnly) makes everybody a viewer. */
export function createAuthorizer(authentication: Authentication, readOnly: boolean): Authorizer {
  const role: Role = readOnly ? 'viewer' : 'admin';
  if (authentication.method === 'none') return () => ({ user: '', role });
  const expected = digest(`${authentication.user}:${authentication.password}`);
  return ({ authorization }) => {
    const given = basicCredentials(authorization);
    if (given === null || !timingSafeEqual(digest(given), expected)) return null;
    return { user: authentication.user, role };
  };
}

/** By what holds at the moment: a password that was changed counts at the next request. */
export function currentAuthorizer(settings: {
  readonly authentication: Authentication;
  readonly readOnly: boolean;
}): Authorizer {
  let madeFor: { readonly authentication: Authentication; readonly readOnly: boolean } = { ...settings };
  let authorizer = createAuthorizer(madeFor.authentication, madeFor.readOnly);
  return (credentials) => {
    const { authentication, readOnly } = settings;
    if (madeFor.authentication !== authentication || madeFor.readOnly !== readOnly) {
      madeFor = { authentication, readOnly };
      authorizer = createAuthorizer(authentication, readOnly);
    }
    return authorizer(credentials);
  };
}

function basicCredentials(header: string | undefined): string | null {
  const match = /^basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '');
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'base64').toString('utf8');
}

/** Equal lengths whatever was given: a comparison that ends early would tell how much of a password was right. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
