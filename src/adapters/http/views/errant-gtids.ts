/** Errant transactions of each replica, worked out again only when one of the two sets or its place has changed. */
import { errantGtidText, type OtherSource } from '../../../core/topology/errant.js';
import { parseGtidSet } from '../../../core/topology/gtid-set.js';
import { mainChannel, type Server, type ServerId } from '../../../core/topology/server.js';
import { sourceOfChannel } from '../../../core/topology/sources.js';
import { type Service, sightingOfServer } from '../../../runtime/ports/service.js';
import { stillAlone } from './still-alone.js';
import type { Placement, TopologyIndex } from './topology-index.js';

/** The source of a channel beside the main one, as text, so that two of them are compared cheaply. */
interface Other {
  readonly executed: string;
  readonly ancestry: readonly ServerId[];
}

interface Worked {
  readonly executed: string;
  readonly sourceExecuted: string;
  readonly ancestry: readonly ServerId[];
  readonly others: string;
  readonly errant: string;
}

export class ErrantGtids {
  readonly #worked = new Map<ServerId, Worked>();

  /** '' when there are none, when one of the two was not seen yet, or when the sets are not MySQL's. */
  of(server: Server, placement: Placement, service: Service, index: TopologyIndex): string {
    // A former primary that was set apart: what it alone has is known, and is why it follows nobody.
    const demotion = service.state.demotions.get(server.id);
    if (demotion?.state === 'apart') return stillAlone(server.id, demotion.extraGtids, service);
    const executed = executedBy(server.id, service);
    const sourceExecuted = placement.sourceId === null ? '' : executedBy(placement.sourceId, service);
    if (executed === '' || sourceExecuted === '') return '';
    const sources = otherSources(server, placement, index, service);
    const others = sources.map((other) => `${other.executed} ${other.ancestry.join()}`).join(';');
    const before = this.#worked.get(server.id);
    if (
      before?.executed === executed &&
      before.sourceExecuted === sourceExecuted &&
      before.ancestry === placement.ancestry &&
      before.others === others
    ) {
      return before.errant;
    }
    const errant = errantText(server, placement, executed, sourceExecuted, sources);
    this.#worked.set(server.id, { executed, sourceExecuted, ancestry: placement.ancestry, others, errant });
    return errant;
  }

  keepOnly(known: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#worked.keys()) {
      if (!known.has(id)) this.#worked.delete(id);
    }
  }
}

function otherSources(server: Server, placement: Placement, index: TopologyIndex, service: Service): readonly Other[] {
  const { channels } = server.facts;
  if (channels.length < 2) return [];
  const main = mainChannel(server.facts);
  return channels.flatMap((channel): readonly Other[] => {
    const source = sourceOfChannel(index.known, channel);
    if (channel === main || (source !== null && source.id === placement.sourceId)) return [];
    if (source !== null) {
      const ancestry = index.placements.get(source.id)?.ancestry ?? [source.id];
      return [{ executed: executedBy(source.id, service), ancestry }];
    }
    return channel.sourceId === null ? [] : [{ executed: '', ancestry: [channel.sourceId] }];
  });
}

function errantText(
  server: Server,
  placement: Placement,
  executedText: string,
  sourceText: string,
  others: readonly Other[],
): string {
  if (executedText === sourceText) return '';
  const executed = parseGtidSet(executedText);
  const sourceExecuted = parseGtidSet(sourceText);
  // MariaDB's sets are of another kind; the incumbent does not compare them either.
  if (!executed.ok || !sourceExecuted.ok) return '';
  return errantGtidText({
    executed: executed.value,
    sourceExecuted: sourceExecuted.value,
    ancestors: placement.ancestry,
    others: others.map(({ executed: text, ancestry }): OtherSource => {
      const other = text === '' ? null : parseGtidSet(text);
      return { executed: other?.ok === true ? other.value : null, ancestors: ancestry };
    }),
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
