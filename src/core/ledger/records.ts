/**
 * Records that operators and the leader keep about servers, beside what probes find. Each has its end in it where it has
 * one: entries are applied by the stamps of the log, so a record ends at the same entry on every node.
 */
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
