/** Errant transactions of each replica, worked out again only when one of the two sets or its place has changed. */
import { errantGtidText } from '../../../core/topology/errant.js';
import { parseGtidSet } from '../../../core/topology/gtid-set.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import { type Service, sightingOfServer } from '../../../runtime/ports/service.js';
import type { Placement } from './topology-index.js';

interface Worked {
  readonly executed: string;
  readonly sourceExecuted: string;
  readonly ancestry: readonly ServerId[];
  readonly errant: string;
}

export class ErrantGtids {
  readonly #worked = new Map<ServerId, Worked>();

  /** '' when there are none, when one of the two was not seen yet, or when the sets are not MySQL's. */
  of(server: Server, placement: Placement, service: Service): string {
    // A former primary that was set apart: what it alone has is known, and is why it follows nobody.
    const demotion = service.state.demotions.get(server.id);
    if (demotion?.state === 'apart') return demotion.extraGtids;
    const executed = executedBy(server.id, service);
    const sourceExecuted = placement.sourceId === null ? '' : executedBy(placement.sourceId, service);
    if (executed === '' || sourceExecuted === '') return '';
    const before = this.#worked.get(server.id);
    if (
      before?.executed === executed &&
      before.sourceExecuted === sourceExecuted &&
      before.ancestry === placement.ancestry
    ) {
      return before.errant;
    }
    const errant = errantText(server, placement, executed, sourceExecuted);
    this.#worked.set(server.id, { executed, sourceExecuted, ancestry: placement.ancestry, errant });
    return errant;
  }

  keepOnly(known: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#worked.keys()) {
      if (!known.has(id)) this.#worked.delete(id);
    }
  }
}

function errantText(server: Server, placement: Placement, executedText: string, sourceText: string): string {
  if (executedText === sourceText) return '';
  const executed = parseGtidSet(executedText);
  const sourceExecuted = parseGtidSet(sourceText);
  // MariaDB's sets are of another kind; the incumbent does not compare them either.
  if (!executed.ok || !sourceExecuted.ok) return '';
  return errantGtidText({
    executed: executed.value,
    sourceExecuted: sourceExecuted.value,
    ancestors: placement.ancestry,
    self: server.id,
    isCoPrimary: placement.isCoPrimary,
  });
}

/** As this node last saw it; '' when it never did. */
function executedBy(id: ServerId, service: Service): string {
  const server = service.state.servers.get(id);
  return server === undefined
    ? ''
    : (sightingOfServer(server, service.sighting(server.address))?.vitals?.executedGtids ?? '');
}
