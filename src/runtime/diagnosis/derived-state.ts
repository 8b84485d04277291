/**
 * What the diagnosis derives from the replicated state: computed when it is first asked for after a change, and kept until
 * the next. Whoever applies entries says when that is; not every entry is about servers.
 */
import { type Links, linkServers } from '../../core/analysis/links.js';
import type { LedgerState } from '../../core/ledger/state.js';
import type { Server, ServerId } from '../../core/topology/server.js';

export interface Derived {
  readonly links: Links;
  /** Others hang on them, or would: the heads of clusters, and every source. */
  readonly dependedUpon: ReadonlyMap<ServerId, Server>;
  /** A recovery that is open has them as the server that failed or gives its role away. */
  readonly underRecovery: ReadonlySet<ServerId>;
}

export class DerivedState {
  readonly #state: () => LedgerState;
  #kept: { readonly state: LedgerState; readonly derived: Derived } | null = null;

  constructor(state: () => LedgerState) {
    this.#state = state;
  }

  get now(): Derived {
    const state = this.#state();
    if (this.#kept?.state !== state) this.#kept = { state, derived: derive(state) };
    return this.#kept.derived;
  }

  invalidate(): void {
    this.#kept = null;
  }
}

function derive(state: LedgerState): Derived {
  const links = linkServers(state);
  const dependedUpon = new Map<ServerId, Server>();
  for (const server of state.servers.values()) {
    const isHead = state.clusters.get(server.clusterId)?.primary === server.id;
    if (isHead || links.replicasOf.has(server.id)) dependedUpon.set(server.id, server);
  }
  const underRecovery = new Set<ServerId>();
  for (const recovery of state.recoveries.values()) {
    // What an operator switches on a server keeps nobody from seeing that it died.
    if (recovery.closedAtMs === null && recovery.kind !== 'switch') underRecovery.add(recovery.failed);
  }
  return { links, dependedUpon, underRecovery };
}
