/**
 * Where replicas go whose source is gone. Each goes to the best place that has, or is about to have, all that it has itself:
 * to one beside the lost source; else below one of their own, which takes the lost source's place in the tree, so that a
 * whole branch does not come to hang on one server far away; else to one further off or further up. Who has transactions
 * that no place has is not moved at all (invariant 12).
 *
 * A place that lacks what the replicas have and somebody else has is worth waiting for: it is a replica a moment behind.
 */
import { assertDefined } from '../../base/assert.js';
import type { ServerId } from '../../topology/server.js';
import { type Gathered, whyNotFollow } from './choice.js';
import { inBoth, isNone, minus, unionOf } from '../progress/gtids.js';

/** A server that was read: as an orphan after its IO thread had stopped. */
export interface Read extends Gathered {
  readonly executed: string;
  /** What it may have fetched besides, and may not: from a source that it could not stay with. */
  readonly mayHave: string;
}

/** How an attempt stands: not made or under way, made, or made in vain with this error. */
export type Attempt = 'open' | 'done' | { readonly error: string };

export interface Orphans {
  /** The best to lead the others first. */
  readonly orphans: readonly Read[];
  /** In order of preference: those of tier 0 stand where the lost source stood, the others come after one of the orphans. */
  readonly places: readonly Read[];
  /** Has the place applied this? */
  awaited(place: ServerId, gtids: string): Attempt;
  moved(orphan: ServerId, place: ServerId): Attempt;
}

export type Move =
  | {
      readonly kind: 'move';
      readonly orphan: ServerId;
      readonly place: ServerId;
      /** What the place has to apply before; '' for nothing. */
      readonly waitFor: string;
      /** The place is an orphan itself, which has to find its own place first. */
      readonly after: ServerId | null;
    }
  | { readonly kind: 'nowhere'; readonly orphan: ServerId; readonly reason: string; readonly gtids: string };

interface Offer {
  readonly place: Gathered;
  readonly has: string;
  /** What is still to be applied there and will be. */
  readonly coming: string;
  readonly after: ServerId | null;
}

export function assignPlaces(question: Orphans): readonly Move[] {
  const { orphans, places } = question;
  const wanted = unionOf(...orphans.flatMap(({ has, mayHave }) => [has, mayHave]));
  const reachable = inBoth(wanted, unionOf(...places.map(({ executed }) => executed)));
  const offers = places.map((place) => offerOf(question, place, reachable, null));
  const beside = offers.filter(({ place }) => place.participant.tier === 0);
  const beyond = offers.filter(({ place }) => place.participant.tier > 0);
  const led = orphans.filter((orphan) => beside.every((offer) => obstacle(question, orphan, offer) !== null));
  const leader = led.length < 2 ? null : leaderOf(question, led, beyond, wanted);
  return orphans.map((orphan) => {
    const leads = leader?.place.participant.id === orphan.participant.id;
    return moveOf(question, orphan, leader === null || leads ? offers : [...beside, leader, ...beyond]);
  });
}

function offerOf(question: Orphans, place: Read, wanted: string, after: ServerId | null): Offer {
  const coming = minus(wanted, place.executed);
  const attempt = isNone(coming) ? 'done' : question.awaited(place.participant.id, coming);
  if (attempt === 'done') return { place, has: unionOf(place.executed, coming), coming: '', after };
  return { place, has: place.executed, coming: attempt === 'open' ? coming : '', after };
}

/** The first who can serve others and has a place itself. It will have what it has received and what its own source has. */
function leaderOf(question: Orphans, led: readonly Read[], beyond: readonly Offer[], wanted: string): Offer | null {
  for (const orphan of led) {
    const { participant, applierError } = orphan;
    if (!participant.promotable || !participant.servesOthers || applierError !== null) continue;
    const own = beyond.find((offer) => obstacle(question, orphan, offer) === null);
    if (own === undefined) continue;
    const gets = inBoth(wanted, unionOf(orphan.has, own.has, own.coming));
    return offerOf(question, orphan, gets, participant.id);
  }
  return null;
}

function moveOf(question: Orphans, orphan: Read, offers: readonly Offer[]): Move {
  const { id } = orphan.participant;
  const settled = offers.find(({ place }) => question.moved(id, place.participant.id) === 'done');
  if (settled !== undefined) {
    return { kind: 'move', orphan: id, place: settled.place.participant.id, waitFor: '', after: null };
  }
  const obstacles: { readonly reason: string; readonly gtids: string }[] = [];
  for (const offer of offers) {
    const found = obstacle(question, orphan, offer);
    if (found === null) {
      const { participant } = offer.place;
      const waitFor = isNone(minus(unionOf(orphan.has, orphan.mayHave), offer.has)) ? '' : offer.coming;
      return { kind: 'move', orphan: id, place: participant.id, waitFor, after: offer.after };
    }
    obstacles.push(found);
  }
  if (obstacles.length === 0) {
    return { kind: 'nowhere', orphan: id, reason: 'there is no other server that it could follow', gtids: '' };
  }
  // The last place is the one with the most: what even that one lacks is what keeps it back.
  const { gtids } = assertDefined(obstacles.at(-1), 'there is an obstacle');
  const reasons = [...new Set(obstacles.map(({ reason }) => reason))];
  return { kind: 'nowhere', orphan: id, reason: reasons.join('; '), gtids };
}

/** Null when the orphan can go there, or is there. */
function obstacle(question: Orphans, orphan: Read, { place, has, coming }: Offer) {
  const { id, host, port } = place.participant;
  if (id === orphan.participant.id) return { reason: 'it cannot follow itself', gtids: '' };
  const attempt = question.moved(orphan.participant.id, id);
  if (attempt === 'done') return null;
  if (attempt !== 'open') return { reason: attempt.error, gtids: '' };
  return whyNotFollow(orphan, place, unionOf(has, coming), `${host}:${String(port)}`, orphan.mayHave);
}
