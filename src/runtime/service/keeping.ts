/**
 * What operators say about servers, and the leader's care for them, as commands of the log. How long a word stands is the
 * configuration of the node that leads when it is said; it goes into the entry, so that all nodes end it together.
 */
import { assertDefined } from '../../core/base/assert.js';
import type { Fact } from '../../core/ledger/draft.js';
import type { Applied } from '../../core/ledger/ledger.js';
import type { Tag } from '../../core/ledger/records.js';
import type { LedgerState } from '../../core/ledger/state.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ClusterId, PromotionRule, Server, ServerId } from '../../core/topology/server.js';
import { accept, type Answer, refuse } from '../ports/answer.js';
import type { Clock } from '../ports/clock.js';
import type { HostNames } from '../ports/host-names.js';
import type { Keeping, ResolvedName } from '../ports/keeping.js';
import type { Proposal, ReplicatedLedger } from '../replicated-ledger.js';

export interface Lifetimes {
  /** CandidateInstanceExpireMinutes. */
  readonly candidateMs: number;
  /** InstancePoolExpiryMinutes. */
  readonly poolMs: number;
  /** ExpiryHostnameResolvesMinutes. */
  readonly unresolveMs: number;
  /** The incumbent's ten minutes. */
  readonly maintenanceMs: number;
}

export interface KeepingParts {
  readonly ledger: Pick<ReplicatedLedger, 'state' | 'propose'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly lifetimes: Lifetimes;
  /** The cache of host names of this node. */
  readonly names: HostNames;
}

export class KeepingUseCases implements Keeping {
  readonly #parts: KeepingParts;

  constructor(parts: KeepingParts) {
    this.#parts = parts;
  }

  get state(): LedgerState {
    return this.#parts.ledger.state;
  }

  async forgetCluster(cluster: ClusterId, by: string): Promise<Answer<readonly Address[]>> {
    const members = [...this.state.servers.values()].filter((server) => server.clusterId === cluster);
    const servers = members.map(({ id }) => id);
    const refusal = refusalIn(await this.propose({ kind: 'servers-forgotten', servers, addresses: [], by }));
    if (refusal !== null) return refuse('FORGET_REFUSED', refusal.text);
    return accept(members.map(({ address }) => address));
  }

  async registerCandidate(server: ServerId, rule: PromotionRule, by: string): Promise<Answer<Server>> {
    const lifetimeMs = this.#parts.lifetimes.candidateMs;
    return await this.#about(server, { kind: 'candidate-registered', server, rule, by, lifetimeMs });
  }

  async putTag(server: ServerId, tag: Tag, by: string): Promise<Answer<Server>> {
    return await this.#about(server, { kind: 'tag-put', server, tag, by });
  }

  async removeTag(
    servers: readonly ServerId[],
    name: string,
    value: string | null,
    by: string,
  ): Promise<Answer<readonly Server[]>> {
    const { facts } = await this.propose({ kind: 'tags-removed', servers, name, value, by });
    const untagged = facts.flatMap(({ kind, server }) => (kind === 'untagged' && server !== null ? [server] : []));
    return accept(untagged.flatMap((id) => this.state.servers.get(id) ?? []));
  }

  async submitPool(pool: string, members: readonly Address[], by: string): Promise<Answer<string>> {
    const lifetimeMs = this.#parts.lifetimes.poolMs;
    const refusal = refusalIn(await this.propose({ kind: 'pool-submitted', pool, members, by, lifetimeMs }));
    return refusal === null ? accept(pool) : refuse('POOL_REFUSED', refusal.text);
  }

  async registerUnresolve(server: ServerId, name: string, by: string): Promise<Answer<Server>> {
    const known = this.state.servers.get(server);
    if (known === undefined) return unknownServer();
    const lifetimeMs = this.#parts.lifetimes.unresolveMs;
    const { host } = known.address;
    return await this.#about(server, { kind: 'unresolve-registered', host, name, by, lifetimeMs });
  }

  async removeUnresolve(server: ServerId, by: string): Promise<Answer<Server>> {
    const known = this.state.servers.get(server);
    if (known === undefined) return unknownServer();
    return await this.#about(server, { kind: 'unresolve-removed', host: known.address.host, by });
  }

  async beginMaintenance(server: ServerId, owner: string, reason: string): Promise<Answer<Server>> {
    const durationMs = this.#parts.lifetimes.maintenanceMs;
    return await this.#about(server, { kind: 'maintenance-begun', server, owner, reason, durationMs });
  }

  async endMaintenance(server: ServerId, by: string): Promise<Answer<Server>> {
    if (!this.state.maintenances.has(server)) {
      const known = this.state.servers.get(server);
      const name = known === undefined ? server : addressText(known.address);
      return refuse('NOT_FOUND', `No maintenance is active on ${name}`);
    }
    return await this.#about(server, { kind: 'maintenance-ended', server, by });
  }

  async recordTopologies(): Promise<Answer<number>> {
    const startedMs = this.#parts.clock.nowMs();
    await this.propose({ kind: 'topologies-recorded' });
    return accept(this.#parts.clock.nowMs() - startedMs);
  }

  resolvedNames(): readonly ResolvedName[] {
    return this.#parts.names.list();
  }

  forgetResolvedNames(): void {
    this.#parts.names.clear();
  }

  protected propose(proposal: Proposal): Promise<Applied> {
    return this.#parts.ledger.propose(proposal);
  }

  async #about(server: ServerId, proposal: Proposal): Promise<Answer<Server>> {
    const refusal = refusalIn(await this.propose(proposal));
    if (refusal !== null) return refuse('REFUSED', refusal.text);
    return accept(
      assertDefined(this.state.servers.get(server), 'what was said of a server was refused if it is unknown'),
    );
  }
}

/** Why the ledger did not take an entry; null when it did. */
export function refusalIn({ facts }: Applied): Fact | null {
  return facts.find(({ kind }) => kind === 'rejected') ?? null;
}

function unknownServer<T>(): Answer<T> {
  return refuse('NOT_FOUND', 'the server is not known');
}
