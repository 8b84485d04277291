/**
 * What a judgement stands on beside the votes: what operators have decided for the cluster, who judges, and whether the
 * suspect fell silent alone or with everything around it. A whole data centre that is silent among others that are well is
 * more likely cut off than dead, and its primary goes on serving its own side: replaced without a thought, it would be the
 * second writable one.
 */
import type { ClusterId } from '../topology/server.js';
import { joinWords } from './words.js';

/** What operators have decided, cluster by cluster. */
export interface ClusterRules {
  /** A primary that is gone for no longer is being restarted; milliseconds, 0: there is no such time. */
  restartGraceMs(cluster: ClusterId): number;
  /** Its primary is replaced also when its whole data centre fell silent with it. */
  recoversSilentSite(cluster: ClusterId): boolean;
}

export const NO_CLUSTER_RULES: ClusterRules = { restartGraceMs: () => 0, recoversSilentSite: () => false };

/** Somebody else in the suspect's data centre: a server, or one of our own nodes. */
export interface SiteWitness {
  readonly name: string;
  /** Since the last sign of life of the suspect. A refusal is an answer of its host; unread: nobody has looked since. */
  readonly said: 'something' | 'nothing' | 'unread';
}

/** alone: nobody else of the data centre could say anything, so that it cannot be told from a dead host. */
export type SiteVerdict = 'reached' | 'silent' | 'unread' | 'alone';

export interface SiteTally {
  readonly site: string;
  readonly verdict: SiteVerdict;
  readonly silent: readonly string[];
}

export interface Ground {
  /** The node that judges. */
  readonly self: string;
  readonly graceMs: number;
  /** Null: it does not matter here, because the suspect's data centre is not known or the operators allow it. */
  readonly site: SiteTally | null;
}

export const BARE_GROUND: Ground = { self: '', graceMs: 0, site: null };

export function tallySite(site: string, witnesses: readonly SiteWitness[]): SiteTally {
  const silent = witnesses.filter(({ said }) => said === 'nothing').map(({ name }) => name);
  return { site, silent, verdict: verdictOf(witnesses) };
}

function verdictOf(witnesses: readonly SiteWitness[]): SiteVerdict {
  if (witnesses.some(({ said }) => said === 'something')) return 'reached';
  if (witnesses.some(({ said }) => said === 'unread')) return 'unread';
  return witnesses.length === 0 ? 'alone' : 'silent';
}

/** What speaks against a death by silence; null when nothing does. */
export function isolationIn(site: SiteTally | null): string | null {
  if (site?.verdict === 'unread') return `it is not known yet whether the rest of data centre "${site.site}" answers`;
  if (site?.verdict !== 'silent') return null;
  return (
    `the whole of data centre "${site.site}" is silent (${joinWords(site.silent)} too) while others are well, so it is ` +
    'more likely cut off than dead; RecoverSilentDataCenterClusterFilters allows a failover all the same'
  );
}
