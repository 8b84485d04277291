/**
 * Whom to promote among the replicas whose IO threads have stopped, by what each has received. Nothing that reached any
 * replica is given up if there is a way to keep it: a candidate that lacks something catches up from one that has it.
 *
 * A replica's transactions under its own server_uuid came from nowhere else: somebody wrote to it. They say nothing of
 * how far it followed the primary, so they are left out of the comparison (and set the replica apart later).
 */
import { assertDefined } from '../../base/assert.js';
import type { ServerId } from '../../topology/server.js';
import { compareSizes, isNone, minus, unionOf, withoutServer } from '../progress/gtids.js';
import type { Participant } from '../recovery.js';

/** A replica as it stood after its IO thread had stopped. */
export interface Gathered {
  readonly participant: Participant;
  /** Received or executed. */
  readonly has: string;
  readonly purged: string;
  /** Why its applier cannot finish; null when it can. */
  readonly applierError: string | null;
  /** It follows by place, not by GTID: nobody knows where in the log of another replica it would go on. */
  readonly byPlace: boolean;
  /** What it had received and not applied at that moment; absent: nobody asks how soon it can serve. */
  readonly unapplied?: string;
}

export interface Chosen {
  readonly kind: 'chosen';
  readonly candidate: Gathered;
  /** Where the candidate fetches what it lacks; null when it lacks nothing, or nobody can give it. */
  readonly catchUpFrom: Gathered | null;
  /** What it has to apply before it may be promoted. */
  readonly target: string;
  /** Another one is as good a choice, has all of it as well, and had less left to apply. */
  readonly hasReadier: boolean;
}

export type Choice = Chosen | { readonly kind: 'none'; readonly reason: string };

export interface ChoiceLimits {
  readonly requested: ServerId | null;
  /** Those that were tried and failed. */
  readonly excluded: ReadonlySet<ServerId>;
  /** What the promoted one must have, whatever else: '' for nothing. */
  readonly mustHave: string;
}

export function choose(gathered: readonly Gathered[], limits: ChoiceLimits): Choice {
  const eligible = gathered.filter((one) => isEligible(one, limits));
  if (eligible.length === 0) return { kind: 'none', reason: whyNone(gathered, limits) };
  const whole = unionOf(...gathered.map(progressOf));
  const ranked = [...eligible].sort((one, other) => compareCandidates(one, other, gathered));
  const best = ranked.find((one) => isNone(minus(whole, one.has)));
  for (const candidate of ranked) {
    if (candidate === best) break;
    // Catching up takes time in which nobody can write: only a better tier is worth it, or a lack that would be lost.
    if (best !== undefined && candidate.participant.tier >= best.participant.tier) continue;
    const source = sourceFor(candidate, gathered, whole);
    if (source !== undefined) return chosen(candidate, source);
  }
  if (best !== undefined) {
    const hasReadier = ranked.some((one) => isNone(minus(whole, one.has)) && isReadier(one, best, gathered));
    return { ...chosen(best, null), hasReadier };
  }
  const fewestLacking = [...ranked].sort((one, other) => compareSizes(minus(whole, one.has), minus(whole, other.has)));
  const nearest = assertDefined(fewestLacking[0], 'there is an eligible candidate');
  const lack = minus(limits.mustHave, nearest.has);
  if (!isNone(lack))
    return { kind: 'none', reason: `no candidate has ${lack}, which a replica has received and not applied in time` };
  return chosen(nearest, null);
}

/** What it has of the primary's. */
export function progressOf(one: Gathered): string {
  return withoutServer(one.has, one.participant.id);
}

/**
 * Why a replica cannot follow the promoted one; null when it can. `promotedHas`: all that the promoted one has; `what` it is;
 * `mayHave`: what the replica may have fetched besides. It is not to have more than the promoted one, and not to lack what
 * that has purged, so what it may have counts against it and not for it.
 */
export function whyNotFollow(
  replica: Gathered,
  promoted: Gathered,
  promotedHas: string,
  what = 'the new primary',
  mayHave = '',
): { readonly reason: string; readonly gtids: string } | null {
  const extra = minus(unionOf(replica.has, mayHave), promotedHas);
  if (!isNone(extra)) return { reason: `it has transactions that ${what} lacks: ${extra}`, gtids: extra };
  const unfit = replica.participant.cannotFollow.find(({ source }) => source === promoted.participant.id);
  if (unfit !== undefined) return { reason: unfit.reason, gtids: '' };
  const gone = minus(promoted.purged, replica.has);
  if (!isNone(gone)) return { reason: `it lacks ${gone}, which ${what} has purged from its binary logs`, gtids: '' };
  return null;
}

function chosen(candidate: Gathered, source: Gathered | null): Chosen {
  const target = source === null ? candidate.has : unionOf(candidate.has, source.has);
  return { kind: 'chosen', candidate, catchUpFrom: source, target, hasReadier: false };
}

function isReadier(one: Gathered, best: Gathered, all: readonly Gathered[]): boolean {
  return compareMerits(one, best, all) <= 0 && compareSizes(one.unapplied ?? '', best.unapplied ?? '') < 0;
}

function isEligible(one: Gathered, { requested, excluded }: ChoiceLimits): boolean {
  const { id, promotable } = one.participant;
  return promotable && one.applierError === null && !excluded.has(id) && (requested === null || requested === id);
}

/** Tier, then whether somebody wrote to it, then how many it would leave behind, then the preference of the opening. */
function compareCandidates(one: Gathered, other: Gathered, all: readonly Gathered[]): number {
  return compareMerits(one, other, all) || one.participant.preference - other.participant.preference;
}

/** All of that but the preference. */
function compareMerits(one: Gathered, other: Gathered, all: readonly Gathered[]): number {
  return (
    one.participant.tier - other.participant.tier ||
    Number(isWrittenTo(one, all)) - Number(isWrittenTo(other, all)) ||
    leftBehind(one, all) - leftBehind(other, all)
  );
}

/** It has transactions of its own that nobody else has: as the primary it would hand them on to all. */
function isWrittenTo(candidate: Gathered, all: readonly Gathered[]): boolean {
  const others = all.filter((one) => one !== candidate).map(({ has }) => has);
  return !isNone(minus(minus(candidate.has, progressOf(candidate)), unionOf(...others)));
}

function leftBehind(candidate: Gathered, all: readonly Gathered[]): number {
  const whole = unionOf(candidate.has, ...all.map(progressOf));
  return all.filter((one) => one !== candidate && whyNotFollow(one, candidate, whole) !== null).length;
}

/** Somebody who has the whole and all that the candidate has, and whom the candidate can follow for a while. */
function sourceFor(candidate: Gathered, gathered: readonly Gathered[], whole: string): Gathered | undefined {
  return gathered.find(
    (source) =>
      source !== candidate &&
      !candidate.byPlace &&
      source.participant.servesOthers &&
      source.applierError === null &&
      isNone(minus(whole, source.has)) &&
      whyNotFollow(candidate, source, source.has) === null,
  );
}

function whyNone(gathered: readonly Gathered[], limits: ChoiceLimits): string {
  const reasons = gathered.map(({ participant, applierError }) => {
    const name = `${participant.host}:${String(participant.port)}`;
    if (limits.requested !== null && limits.requested !== participant.id) return `${name} was not asked for`;
    if (!participant.promotable) return `${name} ${participant.reason}`;
    if (applierError !== null) return `${name} cannot apply its relay log: ${applierError}`;
    return `${name} was tried and failed`;
  });
  return `no replica can be promoted: ${reasons.join('; ')}`;
}
