/**
 * Who is asking, and what they may do. Every request passes here once, static files and health checks included, as with
 * the incumbent. Routes name the role they need and know nothing of methods.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

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
  /** Absent where nobody stands in front, and no cookie comes. */
  readonly headers?: IncomingHttpHeaders;
}

/** Null: the request is turned away with 401 before anything else is looked at. A promise where others must be asked. */
export type Authorizer = (credentials: Credentials) => Identity | null | Promise<Identity | null>;

interface Password {
  readonly user: string;
  readonly password: string;
}

export type Authentication =
  | { readonly method: 'none' }
  | (Password & { readonly method: 'basic' })
  /** Beside the one user there is `readonly`, with any password. */
  | (Password & { readonly method: 'multi' })
  /** Whoever stands in front has asked already, and says who it is. */
  | {
      readonly method: 'proxy';
      /** In small letters. */
      readonly userHeader: string;
      /** Who may change something; `*`: everybody. */
      readonly power: Circle;
      /** Who of them may change our own cluster; null: all of them. */
      readonly admins: Circle | null;
    }
  /** Everybody looks; who holds an access token changes. The password is for those who issue them; user '': nobody. */
  | (Password & { readonly method: 'token' });

export interface Circle {
  readonly users: readonly string[];
  /** Of the machine on which this node runs. */
  readonly groups: readonly string[];
}

/** What some methods have to look up. */
export interface Registers {
  groupsOf(user: string): Promise<readonly string[]>;
  /** Does a token stand whose secret has this digest? */
  holdsToken(publicToken: string, secretDigest: string): boolean;
}

export interface AuthorizationSettings {
  readonly authentication: Authentication;
  /** The incumbent's ReadOnly makes everybody a viewer. */
  readonly readOnly: boolean;
}

/** Of the user without rights to change anything, whose password nobody checks. */
const READ_ONLY_USER = 'readonly';
export const TOKEN_COOKIE = 'access-token';
const STRANGER: Identity = { user: '', role: 'viewer' };
const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

export function allows(identity: Identity, needed: Role): boolean {
  return RANK[identity.role] >= RANK[needed];
}

/** By what holds at the moment: a password that was changed counts at the next request. */
export function currentAuthorizer(settings: AuthorizationSettings, registers: Registers): Authorizer {
  let madeFor: AuthorizationSettings | null = null;
  let authorizer: Authorizer = () => null;
  return (credentials) => {
    const { authentication, readOnly } = settings;
    if (madeFor?.authentication !== authentication || madeFor.readOnly !== readOnly) {
      madeFor = { authentication, readOnly };
      const known = authorizerOf(authentication, registers);
      authorizer = readOnly ? restrained(known) : known;
    }
    return authorizer(credentials);
  };
}

function restrained(authorizer: Authorizer): Authorizer {
  const asViewer = (identity: Identity | null): Identity | null =>
    identity === null ? null : { ...identity, role: 'viewer' };
  return (credentials) => {
    const found = authorizer(credentials);
    return found instanceof Promise ? found.then(asViewer) : asViewer(found);
  };
}

function authorizerOf(authentication: Authentication, registers: Registers): Authorizer {
  switch (authentication.method) {
    case 'none':
      return () => ({ user: '', role: 'admin' });
    case 'basic':
      return byPassword(authentication);
    case 'multi': {
      const known = byPassword(authentication);
      return (credentials) =>
        basicCredentials(credentials.authorization)?.startsWith(`${READ_ONLY_USER}:`) === true
          ? { user: READ_ONLY_USER, role: 'viewer' }
          : known(credentials);
    }
    case 'proxy':
      return byProxy(authentication, registers);
    case 'token':
      return byToken(authentication, registers);
  }
}

function byPassword({ user, password }: Password): (credentials: Credentials) => Identity | null {
  const expected = digest(`${user}:${password}`);
  return ({ authorization }) => {
    const given = basicCredentials(authorization);
    if (user === '' || given === null || !timingSafeEqual(digest(given), expected)) return null;
    return { user, role: 'admin' };
  };
}

function byProxy(
  { userHeader, power, admins }: Extract<Authentication, { method: 'proxy' }>,
  registers: Registers,
): Authorizer {
  const needsGroups = power.groups.length > 0 || (admins?.groups.length ?? 0) > 0;
  return ({ headers }) => {
    const given = headers?.[userHeader];
    const user = (Array.isArray(given) ? given[0] : given)?.trim() ?? '';
    const roleIn = (groups: readonly string[]): Role => {
      if (!isIn(power, user, groups)) return 'viewer';
      return admins === null || isIn(admins, user, groups) ? 'admin' : 'operator';
    };
    if (user === '' || !needsGroups) return { user, role: roleIn([]) };
    return registers.groupsOf(user).then((groups) => ({ user, role: roleIn(groups) }));
  };
}

/** As with the incumbent `*` is everybody, also those whom nobody named. */
function isIn({ users, groups }: Circle, user: string, ofUser: readonly string[]): boolean {
  if (users.includes('*')) return true;
  return user !== '' && (users.includes(user) || groups.some((group) => ofUser.includes(group)));
}

function byToken(password: Password, registers: Registers): Authorizer {
  const issuer = byPassword(password);
  return (credentials) => {
    const { authorization, headers } = credentials;
    if (/^basic\s/i.test(authorization ?? '')) return issuer(credentials);
    const bearer = /^bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    const [publicToken = '', secret = ''] = (bearer ?? cookie(headers?.cookie, TOKEN_COOKIE)).split(':');
    if (secret === '' || !registers.holdsToken(publicToken, tokenDigest(secret))) return STRANGER;
    return { user: `token ${publicToken.slice(0, 8)}`, role: 'admin' };
  };
}

export function tokenDigest(secret: string): string {
  return digest(secret).toString('hex');
}

function cookie(header: string | undefined, name: string): string {
  for (const part of (header ?? '').split(';')) {
    const [key = '', ...value] = part.split('=');
    if (key.trim() === name) return decodeURIComponentOrNothing(value.join('=').trim());
  }
  return '';
}

function decodeURIComponentOrNothing(text: string): string {
  try {
    return decodeURIComponent(text.replace(/^"|"$/g, ''));
  } catch {
    return '';
  }
}

function basicCredentials(header: string | undefined): string | null {
  const match = /^basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '');
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'base64').toString('utf8');
}

/** Equal lengths whatever was given: a comparison that ends early would tell how much of a password was right. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
