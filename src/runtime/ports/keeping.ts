/**
 * The use cases about servers in our care beside their recovery: what operators say about them, where they are, and when
 * they are given up. All of them are commands of the log but the cache of host names, which is this node's own.
 */
import type { Tag } from '../../core/ledger/records.js';
import type { Address } from '../../core/topology/address.js';
import type { ClusterId, PromotionRule, Server, ServerId } from '../../core/topology/server.js';
import type { Answer } from './answer.js';

/** What this node last learnt about a host name. */
export interface ResolvedName {
  readonly host: string;
  readonly resolved: string;
  /** Wall clock, milliseconds. */
  readonly expiresAtMs: number;
}

export interface Keeping {
  /** All its servers, until somebody discovers them. Refused while a recovery of the cluster is open. */
  forgetCluster(cluster: ClusterId, by: string): Promise<Answer<readonly Address[]>>;
  registerCandidate(server: ServerId, rule: PromotionRule, by: string): Promise<Answer<Server>>;
  putTag(server: ServerId, tag: Tag, by: string): Promise<Answer<Server>>;
  /** `value` null: whatever it is. Answers with the servers that had the tag. */
  removeTag(
    servers: readonly ServerId[],
    name: string,
    value: string | null,
    by: string,
  ): Promise<Answer<readonly Server[]>>;
  /** Replaces the pool's members. */
  submitPool(pool: string, members: readonly Address[], by: string): Promise<Answer<string>>;
  /** `name` is what replicas shall be told for the server's host. */
  registerUnresolve(server: ServerId, name: string, by: string): Promise<Answer<Server>>;
  removeUnresolve(server: ServerId, by: string): Promise<Answer<Server>>;
  beginMaintenance(server: ServerId, owner: string, reason: string): Promise<Answer<Server>>;
  endMaintenance(server: ServerId, by: string): Promise<Answer<Server>>;
  /** Keeps a picture of all topologies; answers with the milliseconds that it took. */
  recordTopologies(): Promise<Answer<number>>;

  /** What HostnameResolveMethod has made of host names, as this node has it. */
  resolvedNames(): readonly ResolvedName[];
  forgetResolvedNames(): void;
}
