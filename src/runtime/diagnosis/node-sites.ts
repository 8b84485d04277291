/**
 * Where our own nodes stand, as they said themselves. A node that fell silent is remembered for a while: that it and all
 * servers around it fell silent together is what tells a data centre that was cut off.
 */
import type { Participant } from '../../core/topology/assignment.js';
import type { Clock } from '../ports/clock.js';

const REMEMBERED_MS = 30_000;

interface Place {
  readonly site: string;
  /** Null while it is heard. */
  readonly leftAtMs: number | null;
}

export class NodeSites {
  readonly #clock: Pick<Clock, 'nowMs'>;
  #places: ReadonlyMap<string, Place> = new Map();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** Everyone who is heard now, this node too. */
  hear(nodes: readonly Participant[]): void {
    const nowMs = this.#clock.nowMs();
    const next = new Map<string, Place>();
    for (const [id, place] of this.#places) {
      const leftAtMs = place.leftAtMs ?? nowMs;
      if (nowMs - leftAtMs <= REMEMBERED_MS) next.set(id, { site: place.site, leftAtMs });
    }
    for (const { id, dataCenter } of nodes) next.set(id, { site: dataCenter, leftAtMs: null });
    this.#places = next;
  }

  /** Null when it is not known, or when the node was gone for so long that its silence is no news. */
  siteOf(node: string): string | null {
    const place = this.#places.get(node);
    if (place === undefined || place.site === '') return null;
    const isRecent = place.leftAtMs === null || this.#clock.nowMs() - place.leftAtMs <= REMEMBERED_MS;
    return isRecent ? place.site : null;
  }
}
