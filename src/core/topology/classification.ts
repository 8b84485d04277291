/**
 * What a server is to its operators: where it stands, what it is called, how gladly it becomes primary. A server's own
 * answer to a Detect...Query wins over a pattern on its name. Patterns look at the address by which the cluster knows the
 * server and not at the one that was asked: a server that is also probed by its IP would otherwise change its data centre
 * with every probe. Without a match there, `@@hostname` and `@@report_host` are tried.
 */
import { type Address, addressText } from './address.js';
import type { ServerReport } from './report.js';
import type { PromotionRule, ServerFacts } from './server.js';

export interface ClassificationRules {
  /** The first group of the match is the value, else the whole match. Null: no pattern. */
  readonly dataCenter: RegExp | null;
  readonly region: RegExp | null;
  readonly environment: RegExp | null;
  /** ClusterNameToAlias, in its order; on `host:port` of the primary. */
  readonly clusterAliases: readonly { readonly pattern: RegExp; readonly alias: string }[];
}

export const NO_RULES: ClassificationRules = { dataCenter: null, region: null, environment: null, clusterAliases: [] };

/** `known`: the address by which the cluster knows the server; null for a new one. */
export function classify(report: ServerReport, known: Address | null, rules: ClassificationRules): ServerFacts {
  const { facts, detected } = report;
  const address = known ?? report.address;
  const hosts = [address.host, facts.hostname, facts.reportHost].filter((host) => host !== '');
  return {
    ...facts,
    dataCenter: detected.dataCenter ?? captured(rules.dataCenter, hosts),
    region: detected.region ?? captured(rules.region, hosts),
    environment: detected.environment ?? captured(rules.environment, hosts),
    alias: detected.instanceAlias ?? '',
    promotionRule: promotionRuleOf(detected.promotionRule ?? '') ?? 'neutral',
    semiSyncPriority: Math.max(0, detected.semiSyncEnforced ?? 0),
    suggestedClusterAlias: detected.clusterAlias ?? aliasOf(rules, address),
    suggestedClusterDomain: detected.clusterDomain ?? '',
  };
}

const RULES: readonly PromotionRule[] = ['must', 'prefer', 'neutral', 'prefer_not', 'must_not'];

/** Null when it is none of the five. */
export function promotionRuleOf(text: string): PromotionRule | null {
  return RULES.find((rule) => rule === text.trim()) ?? null;
}

function captured(pattern: RegExp | null, hosts: readonly string[]): string {
  if (pattern === null) return '';
  for (const host of hosts) {
    const match = pattern.exec(host);
    if (match !== null) return match[1] ?? match[0];
  }
  return '';
}

function aliasOf({ clusterAliases }: ClassificationRules, primary: Address): string {
  const name = addressText(primary);
  return clusterAliases.find(({ pattern }) => pattern.test(name))?.alias ?? '';
}
