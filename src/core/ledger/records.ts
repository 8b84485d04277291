/**
 * Records that operators and the leader keep about servers, beside what probes find. Each has its end in it where it has
 * one: entries are applied by the stamps of the log, so a record ends at the same entry on every node.
 */
import type { RecoveryId } from '../recovery/recovery.js';
import type { Address } from '../topology/address.js';
import type { PromotionRule, ServerId } from '../topology/server.js';

/** An operator's word on how gladly a server becomes primary. It wins over what the server says of itself, and expires. */
export interface Candidate {
  readonly server: ServerId;
  readonly rule: PromotionRule;
  /** What the server says of itself, to go back to. */
  readonly detected: PromotionRule;
  readonly by: string;
  readonly registeredAtMs: number;
  readonly expiresAtMs: number;
}

/** One value a name; '' is a tag without a value. */
export interface Tag {
  readonly name: string;
  readonly value: string;
}

/** Members are addresses: a server may be put into a pool before it is known. */
export interface Pool {
  readonly name: string;
  readonly members: readonly Address[];
  readonly submittedAtMs: number;
  readonly expiresAtMs: number;
}

/** An operator works on the server: nobody else shall change it meanwhile. */
export interface Maintenance {
  readonly number: number;
  readonly server: ServerId;
  readonly owner: string;
  readonly reason: string;
  readonly beganAtMs: number;
  readonly endsAtMs: number;
  /** The plan that holds it and ends it; absent where an operator does. */
  readonly recoveryId?: RecoveryId;
}

/** The name by which replicas shall be told of a host, where that is not the name by which it is probed. */
export interface Unresolve {
  readonly host: string;
  readonly name: string;
  readonly registeredAtMs: number;
  readonly expiresAtMs: number;
}

/** Somebody said "forget it": neither neighbours nor seeds bring it back, only a discovery that is asked for. */
export interface Tombstone {
  /** Null: nobody ever answered at the address. */
  readonly server: ServerId | null;
  readonly addresses: readonly Address[];
  readonly by: string;
  readonly atMs: number;
}

/** What a request was answered with, for those who ask the same again. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that changes something, under the key with which it was asked for. */
export interface RequestRecord {
  readonly key: string;
  /** Which of those who asked under the key it is that acts. */
  readonly attempt: string;
  /** What was asked, so that one key is not used for two things. */
  readonly subject: string;
  readonly by: string;
  /** The node that acts. */
  readonly node: string;
  readonly beganAtMs: number;
  readonly expiresAtMs: number;
  /** Null while it is under way, and for ever when the node was lost before it could say. */
  readonly answer: KeptAnswer | null;
}

/** A person's right to come in, see apply/access-tokens.ts. */
export interface AccessToken {
  readonly publicToken: string;
  readonly by: string;
  readonly useUntilMs: number;
  readonly expiresAtMs: number;
  /** SHA-256, hex; null until somebody uses the public half. */
  readonly secretDigest: string | null;
}

/** A server that nobody has seen for long: in the log, so that a change of leaders does not begin the count anew. */
export interface Silence {
  readonly server: ServerId;
  readonly sinceMs: number;
}

/** Two living servers with one server_uuid, as a copied data directory makes them. The one at `address` is not believed. */
export interface SharedIdentity {
  readonly server: ServerId;
  readonly address: Address;
  /** What tells the two apart. */
  readonly detail: string;
  readonly sinceMs: number;
}
