/** Every replica of a primary as a candidate: what speaks against it, where it ranks, and by which criterion. */
import { addressText } from '../../topology/address.js';
import { mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { refusal, type Refusal } from '../belief.js';
import type { Candidacy } from '../choice/candidates.js';
import { isGtidSet, minus, sizeOf } from '../progress/gtids.js';
import { decidingCriterion } from '../choice/rank.js';
import type { LastLook, Sights } from '../sights.js';

export interface CandidateExplained {
  readonly server: ServerId;
  readonly name: string;
  readonly dataCenter: string;
  readonly promotionRule: string;
  readonly answers: boolean;
  /** Null when unknown. */
  readonly lagSeconds: number | null;
  /** How many transactions it has received and not applied; null when unknown. */
  readonly unapplied: number | null;
  /** 1 for the first; null for one that may not be promoted. */
  readonly rank: number | null;
  /** What put the one before it before it; '' for the first, and for those who may not be promoted. */
  readonly behindBecause: string;
  readonly refusals: readonly Refusal[];
}

/** `candidacies`: the best first, those who may not be promoted last. */
export function explainCandidates(
  candidacies: readonly Candidacy[],
  primary: Server,
  sights: Sights,
): readonly CandidateExplained[] {
  return candidacies.map(({ server, refusals }, at) => {
    const before = candidacies[at - 1];
    const isFit = refusals.length === 0;
    const look = sights(server.id);
    return {
      server: server.id,
      name: addressText(server.address),
      dataCenter: server.facts.dataCenter,
      promotionRule: server.facts.promotionRule,
      answers: look.answers,
      lagSeconds: look.vitals?.lagSeconds ?? null,
      unapplied: unappliedOf(look),
      rank: isFit ? at + 1 : null,
      behindBecause: isFit && before !== undefined ? decidingCriterion(before.server, server, primary) : '',
      refusals: [...refusals, ...silence(look), ...brokenApplier(server)],
    };
  });
}

/** Not a refusal of the opening either: it may answer by then, and who does not when its IO thread is to stop is passed over. */
function silence({ answers }: LastLook): readonly Refusal[] {
  return answers ? [] : [refusal('silent', 'does not answer', 'bring it back, or mend the way to it')];
}

/** Not a refusal of the opening: an applier may have been mended by then, and the server says so when it is stopped. */
function brokenApplier({ facts }: Server): readonly Refusal[] {
  const error = mainChannel(facts)?.sqlError ?? null;
  if (error === null) return [];
  const message = `cannot apply what it receives: error ${String(error.number)}: ${error.text}`;
  return [refusal('applier-error', message, 'mend its replication')];
}

function unappliedOf({ vitals }: LastLook): number | null {
  const received = vitals?.channels.find(({ name }) => name === '')?.retrievedGtids;
  if (vitals === null || received === undefined) return null;
  if (!isGtidSet(received) || !isGtidSet(vitals.executedGtids)) return null;
  return sizeOf(minus(received, vitals.executedGtids));
}

/** `ranked`: the best first. The plan may pass over a better ranked one for the sake of what was received. */
export function whyThisOne(chosen: ServerId, ranked: readonly Server[], primary: Server): string {
  const at = ranked.findIndex(({ id }) => id === chosen);
  const own = ranked[at];
  if (own === undefined) return '';
  if (ranked.length === 1) return 'it is the only replica';
  if (at > 0) {
    const passed = ranked.slice(0, at).map(({ address }) => addressText(address));
    return `${passed.join(' and ')} would rank before it, and it has what they lack or leaves fewer replicas behind`;
  }
  const next = ranked[1];
  return next === undefined
    ? ''
    : `it comes before ${addressText(next.address)} by ${decidingCriterion(own, next, primary)}`;
}
