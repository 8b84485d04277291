/**
 * What ends by itself: downtime, maintenance, promotion rules, pools, names for replicas. All of it by the stamps of the
 * log, before each entry, so that it ends at the same entry on every node. Where no entry comes, the leader proposes one.
 */
import { addressText } from '../../topology/address.js';
import { type Draft, type Fact, fact } from '../draft.js';
import type { LedgerState } from '../state.js';
import { setRule } from './labels.js';

const MAPS = ['downtimes', 'maintenances', 'candidates', 'pools', 'unresolves'] as const;

/** When the first of them ends, by the clock of the log; null when none does. Downtimes too. */
export function nextExpiryMs(state: LedgerState): number | null {
  let first: number | null = null;
  for (const map of MAPS) {
    for (const record of state[map].values()) {
      const endsAtMs = 'endsAtMs' in record ? record.endsAtMs : record.expiresAtMs;
      if (first === null || endsAtMs < first) first = endsAtMs;
    }
  }
  return first;
}

export function expireDue(draft: Draft): readonly Fact[] {
  for (const [id, downtime] of draft.downtimes) {
    if (downtime.endsAtMs <= draft.nowMs) draft.downtimes.delete(id);
  }
  for (const [host, unresolve] of draft.unresolves) {
    if (unresolve.expiresAtMs <= draft.nowMs) draft.unresolves.delete(host);
  }
  return [...expireMaintenances(draft), ...expireCandidates(draft), ...expirePools(draft)];
}

function expireMaintenances(draft: Draft): readonly Fact[] {
  const facts: Fact[] = [];
  for (const [id, maintenance] of draft.maintenances) {
    if (maintenance.endsAtMs > draft.nowMs) continue;
    draft.maintenances.delete(id);
    const server = draft.servers.get(id);
    if (server === undefined) continue;
    const text = `maintenance of ${addressText(server.address)} by ${maintenance.owner} has run out`;
    facts.push(fact('maintenance-ended', text, id, server.clusterId));
  }
  return facts;
}

function expireCandidates(draft: Draft): readonly Fact[] {
  const facts: Fact[] = [];
  for (const [id, candidate] of draft.candidates) {
    if (candidate.expiresAtMs > draft.nowMs) continue;
    draft.candidates.delete(id);
    const server = draft.servers.get(id);
    if (server === undefined) continue;
    setRule(draft, server, candidate.detected);
    const text = `${addressText(server.address)}: the promotion rule ${candidate.rule} has run out; ${candidate.detected} from now on`;
    facts.push(fact('candidate-expired', text, id, server.clusterId));
  }
  return facts;
}

function expirePools(draft: Draft): readonly Fact[] {
  const facts: Fact[] = [];
  for (const [name, pool] of draft.pools) {
    if (pool.expiresAtMs > draft.nowMs) continue;
    draft.pools.delete(name);
    facts.push(fact('pool-expired', `pool ${name} has run out`, null, null));
  }
  return facts;
}
