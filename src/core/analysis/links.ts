/**
 * Who replicates from whom, as the cluster believes it. Every channel counts: a replica of two sources is a replica of
 * each.
 */
import { type Address, addressKey } from '../topology/address.js';
import type { Channel, Server, ServerId } from '../topology/server.js';
import { indexServers, sourceOfChannel } from '../topology/sources.js';

/** The incumbent's: a server that was lost in a recovery is in downtime for a year, so that it is no news. */
export const LOST_REASON = 'lost-in-recovery';

export interface Link {
  readonly source: Server;
  readonly replica: Server;
  readonly channel: Channel;
}

export interface Links {
  readonly replicasOf: ReadonlyMap<ServerId, readonly Link[]>;
  readonly sourcesOf: ReadonlyMap<ServerId, readonly Link[]>;
  readonly byAddress: ReadonlyMap<string, Server>;
  /** By cluster: those of its servers that follow nobody we know, and are not its primary. */
  readonly loose: ReadonlyMap<string, readonly Server[]>;
}

/** What a recovery is and has done, as far as it says who replicates from whom. */
export interface BelievedRecovery {
  readonly kind: string;
  readonly failed: ServerId;
  readonly closedAtMs: number | null;
  /** Whom it left behind. */
  readonly lost?: readonly { readonly server: ServerId }[];
  readonly steps: readonly {
    readonly step: { readonly kind: string; readonly server: ServerId };
    readonly outcome: { readonly ok: boolean } | null;
    readonly finishedAtMs: number | null;
  }[];
}

/** The part of the replicated state that a diagnosis reads; the ledger's state fits it. */
export interface Beliefs {
  readonly servers: ReadonlyMap<ServerId, Server>;
  readonly clusters: ReadonlyMap<string, { readonly primary: ServerId }>;
  /** Former primaries: whoever was promoted in their place does not replicate from them, whatever an old report says. */
  readonly demotions: ReadonlyMap<ServerId, { readonly recoveryId: string; readonly state?: string }>;
  readonly recoveries: ReadonlyMap<string, BelievedRecovery>;
  readonly downtimes: ReadonlyMap<ServerId, { readonly reason?: string }>;
}

export function linkServers(beliefs: Beliefs): Links {
  const index = indexServers(beliefs.servers.values());
  const replicasOf = new Map<ServerId, Link[]>();
  const sourcesOf = new Map<ServerId, Link[]>();
  for (const replica of beliefs.servers.values()) {
    for (const channel of replica.facts.channels) {
      const source = sourceOfChannel(index, channel);
      if (source === null || source.id === replica.id || isReplaced(beliefs, source, replica)) continue;
      const link: Link = { source, replica, channel };
      append(replicasOf, source.id, link);
      append(sourcesOf, replica.id, link);
    }
  }
  return { replicasOf, sourcesOf, byAddress: index.byAddress, loose: looseOf(beliefs, sourcesOf) };
}

function looseOf({ servers, clusters }: Beliefs, sourcesOf: ReadonlyMap<ServerId, unknown>): Links['loose'] {
  const loose = new Map<string, Server[]>();
  for (const server of servers.values()) {
    if (sourcesOf.has(server.id) || clusters.get(server.clusterId)?.primary === server.id) continue;
    append(loose, server.clusterId, server);
  }
  return loose;
}

export function serverAt(links: Links, address: Address): Server | undefined {
  return links.byAddress.get(addressKey(address));
}

/**
 * Of a former primary: whoever was promoted in its place follows it no more, nor does anybody whom that recovery has pointed
 * elsewhere since it was last seen. Else it would be taken for a dead source in the middle of the tree until all had been
 * looked at again.
 */
function isReplaced(beliefs: Beliefs, source: Server, replica: Server): boolean {
  const demotion = beliefs.demotions.get(source.id);
  if (demotion === undefined) return false;
  if (beliefs.clusters.get(replica.clusterId)?.primary === replica.id) return true;
  const recovery = beliefs.recoveries.get(demotion.recoveryId);
  if (demotion.state !== 'rejoined' && isLeftOver(recovery, replica)) return true;
  return (recovery?.steps ?? []).some(
    ({ step, outcome, finishedAtMs }) =>
      step.kind === 'repoint' &&
      step.server === replica.id &&
      outcome?.ok === true &&
      finishedAtMs !== null &&
      finishedAtMs >= replica.changedAtMs,
  );
}

/**
 * It names the former primary because the failover left it behind, or because nobody has seen it since: who is fenced feeds
 * nobody, and has no role in the middle of the tree that could be lost.
 */
function isLeftOver(recovery: BelievedRecovery | undefined, replica: Server): boolean {
  if (recovery?.closedAtMs == null) return false;
  const wasLeft = recovery.lost?.some(({ server }) => server === replica.id) ?? false;
  return wasLeft || replica.changedAtMs <= recovery.closedAtMs;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}
