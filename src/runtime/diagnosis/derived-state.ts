/**
 * What the diagnosis derives from the replicated state: computed when it is first asked for after a change, and kept until
 * the next. Whoever applies entries says when that is; not every entry is about servers.
 */
import { type Links, linkServers } from '../../core/analysis/links.js';
import type { LedgerState } from '../../core/ledger/state.js';
import type { RecoveryKind } from '../../core/recovery/recovery.js';
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

/** They are about a server that is well: that it died is seen while they go on, and they give way to what follows from it. */
const SEES_DEATHS: ReadonlySet<RecoveryKind> = new Set(['move', 'switch', 'read-only-primary', 'semi-sync']);

function derive(state: LedgerState): Derived {
  const links = linkServers(state);
  const dependedUpon = new Map<ServerId, Server>();
  for (const server of state.servers.values()) {
    const isHead = state.clusters.get(server.clusterId)?.primary === server.id;
    if (isHead || links.replicasOf.has(server.id)) dependedUpon.set(server.id, server);
  }
  const underRecovery = new Set<ServerId>();
  for (const recovery of state.recoveries.values()) {
    if (recovery.closedAtMs === null && !SEES_DEATHS.has(recovery.kind)) underRecovery.add(recovery.failed);
  }
  return { links, dependedUpon, underRecovery };
}
