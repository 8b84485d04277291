/**
 * Is it one server that fell silent, or all of its data centre? A few others of the same place are asked while a suspect is
 * silent, side by side with everything else, so that the answer is there when the limit of silence is over. Who was not
 * well shortly before has nothing to say: a data centre of which only ruins were known cannot fall silent.
 */
import type { Inquiry } from '../../core/analysis/inquiry.js';
import { type SiteTally, type SiteWitness, tallySite } from '../../core/analysis/ground.js';
import type { Links } from '../../core/analysis/links.js';
import { addressText } from '../../core/topology/address.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Sightings } from '../probing/sightings.js';

/** Enough that one that happened to die as well does not decide, and few enough to be asked in every round. */
const NEIGHBOURS_MAX = 5;
/** Well within this before the suspicion; longer than two polls at the usual pace. */
const WELL_WITHIN_MS = 30_000;

export interface SiteWatchParts {
  readonly self: string;
  readonly sightings: Pick<Sightings, 'own' | 'newest'>;
  servers(): ReadonlyMap<ServerId, Server>;
  links(): Links;
  /** Of all configured voters. */
  voters(): readonly string[];
  /** The data centre of a node that was heard lately; null when it is not known. */
  siteOfNode(node: string): string | null;
}

export class SiteWatch {
  readonly #parts: SiteWatchParts;
  /** Chosen once for each inquest: who was well when it began. */
  readonly #chosen = new Map<ServerId, readonly ServerId[]>();

  constructor(parts: SiteWatchParts) {
    this.#parts = parts;
  }

  /** Null when nobody knows where the suspect stands. */
  tally(suspect: Server, inquiry: Inquiry): SiteTally | null {
    const site = suspect.facts.dataCenter;
    if (site === '') return null;
    return tallySite(site, [
      ...this.#neighboursOf(suspect, inquiry).map((server) => this.#heard(server, inquiry)),
      ...this.#nodesIn(site, inquiry),
    ]);
  }

  /** Those of the data centre who have not said anything since the suspect fell silent; replicas are read anyway. */
  toAsk(suspect: Server, inquiry: Inquiry): readonly Server[] {
    if (suspect.facts.dataCenter === '') return [];
    const isSilent = [...inquiry.opinions.values()].some(({ vote }) => vote === 'silent');
    if (!isSilent) return [];
    return this.#neighboursOf(suspect, inquiry).filter((server) => this.#heard(server, inquiry).said !== 'something');
  }

  forget(suspect: ServerId): void {
    this.#chosen.delete(suspect);
  }

  forgetAll(): void {
    this.#chosen.clear();
  }

  #neighboursOf(suspect: Server, inquiry: Inquiry): readonly Server[] {
    const servers = this.#parts.servers();
    let chosen = this.#chosen.get(suspect.id);
    if (chosen === undefined) {
      chosen = this.#choose(suspect, inquiry);
      this.#chosen.set(suspect.id, chosen);
    }
    return chosen.map((id) => servers.get(id)).filter((server) => server !== undefined);
  }

  #choose(suspect: Server, inquiry: Inquiry): readonly ServerId[] {
    const site = suspect.facts.dataCenter;
    const replicas = (this.#parts.links().replicasOf.get(suspect.id) ?? []).map(({ replica }) => replica);
    const chosen = new Set<ServerId>();
    const take = (server: Server): void => {
      const isNear = server.id !== suspect.id && server.facts.dataCenter === site;
      if (isNear && this.#wasWell(server, inquiry.beganAtMs)) chosen.add(server.id);
    };
    for (const replica of replicas) take(replica);
    const max = chosen.size + NEIGHBOURS_MAX;
    for (const server of this.#parts.servers().values()) {
      if (chosen.size >= max) break;
      take(server);
    }
    return [...chosen];
  }

  #wasWell({ address }: Server, atMs: number): boolean {
    const lastGood = this.#parts.sightings.newest(address)?.lastGood;
    return lastGood !== undefined && lastGood !== null && atMs - lastGood.finishedAtMs <= WELL_WITHIN_MS;
  }

  #heard({ address }: Server, { sinceMs }: Inquiry): SiteWitness {
    const name = addressText(address);
    const own = this.#parts.sightings.own(address)?.last;
    const looks = [own, this.#parts.sightings.newest(address)?.last].filter(
      (look) => look !== undefined && look.startedAtMs >= sinceMs,
    );
    if (looks.some((look) => look?.ok === true || look?.failure.kind === 'alive' || look?.failure.kind === 'refused')) {
      return { name, said: 'something' };
    }
    // That a peer got no answer is not this node's silence.
    const isSilent = own?.ok === false && own.failure.kind === 'silent' && own.startedAtMs >= sinceMs;
    return { name, said: isSilent ? 'nothing' : 'unread' };
  }

  /** A node that takes part in the vote is heard, whatever it says; this one hears itself. */
  #nodesIn(site: string, inquiry: Inquiry): readonly SiteWitness[] {
    const { self, voters, siteOfNode } = this.#parts;
    return voters()
      .filter((node) => siteOfNode(node) === site)
      .map((node) => {
        const opinion = inquiry.opinions.get(node);
        const isHeard = node === self || (opinion !== undefined && opinion.atMs >= inquiry.sinceMs);
        return { name: `node ${node}`, said: isHeard ? 'something' : 'nothing' };
      });
  }
}
