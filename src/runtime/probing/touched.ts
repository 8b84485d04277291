/** Whom the steps of plans have changed, by what a node that does not act itself learns of them: the log. */
import type { Applied } from '../../core/ledger/ledger.js';
import type { ServerId } from '../../core/topology/server.js';

/** Servers on which a step has ended; what was seen of them before may show them as they were. */
export function touchedBy(applied: readonly Applied[]): ReadonlySet<ServerId> {
  const touched = new Set<ServerId>();
  for (const { facts } of applied) {
    for (const { kind, server } of facts) if (kind === 'step-finished' && server !== null) touched.add(server);
  }
  return touched;
}
