/**
 * What a route is. Tables of these are the whole HTTP surface: path, who may, where it runs, and one function from a call
 * to a reply. Nothing in a route knows the web framework.
 */
import type { AccessTokens } from '../../runtime/ports/access-tokens.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import type { ClusterMembership } from '../../runtime/ports/membership.js';
import type { Service } from '../../runtime/ports/service.js';
import type { Identity, Role } from './access/authorization.js';
import { IDEMPOTENCY_KEY, keyOfUser } from './idempotency-key.js';
import type { Reply } from './reply.js';
import type { Views } from './views/views.js';

/**
 * read: from this node's own state, with headers that tell its age. node: about this very node. write: runs on the
 * leader; a follower passes the request on. relayed: asks, but must be answered by the leader.
 */
export type Access = 'read' | 'node' | 'write' | 'relayed';

export interface Call {
  /** A path parameter, decoded and trimmed (the shell client ends each with an encoded newline); '' when absent. */
  param(name: string): string;
  /** A query parameter, likewise. */
  query(name: string): string;
  /** Was the query parameter given, if only to say that it is empty? */
  hasQuery(name: string): boolean;
  readonly identity: Identity;
  readonly isEncrypted: boolean;
  /** As received; one value per name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
}

/** What a route may use. */
export interface Door {
  readonly service: Service;
  readonly views: Views;
  readonly membership: ClusterMembership;
  /** Null: none are kept. */
  readonly tokens: AccessTokens | null;
  /** To the leader, in nobody's name. */
  passOn(target: string): Promise<Reply>;
  /** Null: nothing can be read again. */
  readonly configuration: Configuration | null;
  /** Monotonic, for deadlines. */
  nowMs(): number;
  /** Work that goes on after the answer; false when there is too much of it already. */
  inBackground(what: string, work: () => Promise<unknown>): boolean;
}

export interface Route {
  readonly path: string;
  readonly access: Access;
  readonly role: Role;
  /** Whatever it does is a plan that stands in the log, under the caller's key, before anything is done. */
  readonly isPlan?: true;
  readonly answer: (call: Call, door: Door) => Reply | Promise<Reply>;
}

/** Whether asking changes anything: what only shows more than others may see does not. */
export function isCommand({ access, role }: Pick<Route, 'access' | 'role'>): boolean {
  return access === 'write' || (access === 'node' && role !== 'viewer');
}

type Answer = Route['answer'];

export function read(path: string, answer: Answer): Route {
  return { path, access: 'read', role: 'viewer', answer };
}

export function aboutNode(path: string, answer: Answer): Route {
  return { path, access: 'node', role: 'viewer', answer };
}

export function write(path: string, answer: Answer): Route {
  return { path, access: 'write', role: 'operator', answer };
}

/** A write whose service opens a plan with `requestKeyOf` the call, and does nothing else. */
export function plan(path: string, answer: Answer): Route {
  return { ...write(path, answer), isPlan: true };
}

/** Asks what the leader knows best; without one, or when it is slow, the node that was asked says what it knows. */
export function relayed(path: string, answer: Answer): Route {
  return { path, access: 'relayed', role: 'viewer', answer };
}

/** Several paths, one answer: synonyms and optional segments. */
export function each(paths: readonly string[], make: (path: string) => Route): readonly Route[] {
  return paths.map(make);
}

/** The caller's own key, by which what is done stands in the log; another user's is another key. */
export function requestKeyOf({ headers, identity }: Pick<Call, 'headers' | 'identity'>): {
  readonly requestKey?: string;
} {
  const [key = ''] = headers.get(IDEMPOTENCY_KEY) ?? [];
  return key === '' ? {} : { requestKey: keyOfUser(identity, key) };
}

/** The user who asks, else the node that was asked, as in the incumbent. */
export function askedBy(call: Call, door: Door): string {
  return call.identity.user === '' ? door.service.node().hostname : call.identity.user;
}
