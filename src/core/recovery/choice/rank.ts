/**
 * Which of two equally advanced candidates is the better primary? One lexicographic comparison, the criteria in this
 * order, so that the ranking is a total order whatever the servers are:
 *
 * 1. tier: what an operator asked for (promotion rules, and where the failed primary stood);
 * 2. promotion rule;
 * 3. same data centre and environment as the failed primary, then same data centre, then same region;
 * 4. its applier runs, rather than stands, rather than has failed: nobody waits for what it has not applied;
 * 5. the older release series, because an older replica cannot follow a newer source;
 * 6. the smaller binary log format, for the same reason;
 * 7. the address, so that nothing is left to chance.
 */
import { addressText } from '../../topology/address.js';
import { mainChannel, type PromotionRule, type Server } from '../../topology/server.js';

const RULES: readonly PromotionRule[] = ['must', 'prefer', 'neutral', 'prefer_not', 'must_not'];
const FORMATS: readonly string[] = ['STATEMENT', 'MIXED', 'ROW'];

interface Criterion {
  /** Completes "it comes first because of ...". */
  readonly name: string;
  readonly compare: (one: Server, other: Server, failed: Server) => number;
}

const CRITERIA: readonly Criterion[] = [
  {
    name: 'its promotion rule together with its place beside the old primary',
    compare: (one, other, failed) => tierOf(one, failed) - tierOf(other, failed),
  },
  { name: 'its promotion rule', compare: compareRules },
  {
    name: 'its place: data centre, environment and region as the old primary has them',
    compare: (one, other, failed) => distance(one, failed) - distance(other, failed),
  },
  { name: 'its applier, which is better off', compare: (one, other) => applierRank(one) - applierRank(other) },
  {
    name: 'its older release series, which the others can follow',
    compare: (one, other) => seriesOf(one) - seriesOf(other),
  },
  {
    name: 'its smaller binary log format, which the others can follow',
    compare: (one, other) => formatRank(one) - formatRank(other),
  },
  {
    name: 'its address alone, as nothing else tells them apart',
    compare: (one, other) => compareText(addressText(one.address), addressText(other.address)),
  },
];

/** Negative when `one` is the better successor of `failed`. */
export function compareSuccessors(one: Server, other: Server, failed: Server): number {
  return CRITERIA.map(({ compare }) => compare(one, other, failed)).find((difference) => difference !== 0) ?? 0;
}

/** What put the better of the two before the other. */
export function decidingCriterion(one: Server, other: Server, failed: Server): string {
  return CRITERIA.find(({ compare }) => compare(one, other, failed) !== 0)?.name ?? '';
}

/**
 * Classes of candidates. One of a better class catches up from a more advanced one of a worse class before it is promoted:
 * 0 wanted (must, prefer) where the primary stood; 1 wanted elsewhere; 2 neither wanted nor unwanted; 3 unwanted.
 */
export function tierOf(server: Server, failed: Server): number {
  switch (server.facts.promotionRule) {
    case 'must':
    case 'prefer':
      return distance(server, failed) === 0 ? 0 : 1;
    case 'neutral':
      return 2;
    case 'prefer_not':
    case 'must_not':
      return 3;
  }
}

/** `8.4` and `9.7` as numbers that compare; patch releases of one series replicate both ways. */
export function seriesOf({ facts }: Server): number {
  return facts.version.major * 1000 + facts.version.minor;
}

export function formatRank({ facts }: Server): number {
  return FORMATS.indexOf(facts.binlogFormat);
}

function applierRank({ facts }: Server): number {
  const channel = mainChannel(facts);
  if (channel?.sqlThread === 'running') return 0;
  return channel === null || channel.sqlError === null ? 1 : 2;
}

/** Negative when `one` is rather to be promoted by its rule alone. */
export function compareRules(one: Server, other: Server): number {
  return ruleRank(one) - ruleRank(other);
}

function ruleRank({ facts }: Server): number {
  return RULES.indexOf(facts.promotionRule);
}

function distance({ facts }: Server, { facts: failed }: Server): number {
  if (facts.dataCenter === failed.dataCenter) return facts.environment === failed.environment ? 0 : 1;
  return facts.region === failed.region ? 2 : 3;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
