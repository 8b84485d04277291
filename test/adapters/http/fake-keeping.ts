/** The part of a service that keeps servers, on a fed ledger: what operators say of them is really committed. */
import type { Tag } from '../../../src/core/ledger/records.js';
import type { LedgerState } from '../../../src/core/ledger/state.js';
import { type Address, addressText } from '../../../src/core/topology/address.js';
import type { ClusterId, PromotionRule, Server, ServerId } from '../../../src/core/topology/server.js';
import type { Keeping, ResolvedName } from '../../../src/runtime/ports/keeping.js';
import type { Answer } from '../../../src/runtime/ports/service.js';
import { serverId } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';

const HOUR_MS = 3_600_000;

export class FakeKeeping implements Keeping {
  readonly fed = new FedLedger();
  readonly calls: string[] = [];
  /** What the next write answers instead of doing anything. */
  refusal: { code: string; message: string } | null = null;
  names: ResolvedName[] = [];

  get state(): LedgerState {
    return this.fed.state;
  }

  server(id: string): Server {
    const server = this.state.servers.get(serverId(id));
    if (server === undefined) throw new Error(`the fixture has a server ${id}`);
    return server;
  }

  async forgetCluster(cluster: ClusterId, by: string): Promise<Answer<readonly Address[]>> {
    this.calls.push(`forget cluster ${cluster} by ${by}`);
    const members = [...this.state.servers.values()].filter(({ clusterId }) => clusterId === cluster);
    return await this.answer(members.map(({ address }) => address));
  }

  async registerCandidate(server: ServerId, rule: PromotionRule, by: string): Promise<Answer<Server>> {
    this.fed.feed({ kind: 'candidate-registered', server, rule, by, lifetimeMs: HOUR_MS });
    return await this.answer(this.server(server));
  }

  async putTag(server: ServerId, tag: Tag, by: string): Promise<Answer<Server>> {
    this.fed.feed({ kind: 'tag-put', server, tag, by });
    return await this.answer(this.server(server));
  }

  async removeTag(
    servers: readonly ServerId[],
    name: string,
    value: string | null,
    by: string,
  ): Promise<Answer<readonly Server[]>> {
    const facts = this.fed.feed({ kind: 'tags-removed', servers, name, value, by });
    return await this.answer(facts.map(({ server }) => this.server(server ?? '')));
  }

  async submitPool(pool: string, members: readonly Address[], by: string): Promise<Answer<string>> {
    this.fed.feed({ kind: 'pool-submitted', pool, members, by, lifetimeMs: HOUR_MS });
    return await this.answer(pool);
  }

  async registerUnresolve(server: ServerId, name: string, by: string): Promise<Answer<Server>> {
    const { address } = this.server(server);
    this.fed.feed({ kind: 'unresolve-registered', host: address.host, name, by, lifetimeMs: HOUR_MS });
    return await this.answer(this.server(server));
  }

  async removeUnresolve(server: ServerId, by: string): Promise<Answer<Server>> {
    this.fed.feed({ kind: 'unresolve-removed', host: this.server(server).address.host, by });
    return await this.answer(this.server(server));
  }

  async beginMaintenance(server: ServerId, owner: string, reason: string): Promise<Answer<Server>> {
    this.fed.feed({ kind: 'maintenance-begun', server, owner, reason, durationMs: HOUR_MS });
    return await this.answer(this.server(server));
  }

  async endMaintenance(server: ServerId, by: string): Promise<Answer<Server>> {
    this.calls.push(`end maintenance of ${addressText(this.server(server).address)} by ${by}`);
    this.fed.feed({ kind: 'maintenance-ended', server, by });
    return await this.answer(this.server(server));
  }

  async recordTopologies(): Promise<Answer<number>> {
    this.fed.feed({ kind: 'topologies-recorded' });
    return await this.answer(2.5);
  }

  resolvedNames(): readonly ResolvedName[] {
    return this.names;
  }

  forgetResolvedNames(): void {
    this.names = [];
  }

  protected async answer<T>(value: T): Promise<Answer<T>> {
    await Promise.resolve();
    return this.refusal === null ? { ok: true, value } : { ok: false, refusal: this.refusal };
  }
}
