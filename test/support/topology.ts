/** A small believed topology for tests: `{ p: null, r1: 'p' }` is a primary with one replica, all in one cluster. */
import {
  type BelievedRecovery,
  type Beliefs,
  type Link,
  type Links,
  linkServers,
} from '../../src/core/analysis/links.js';
import type { ClusterId, Server, ServerFacts } from '../../src/core/topology/server.js';
import { addressOf, channelTo, factsOf, serverId } from './facts.js';

export interface Believed extends Beliefs {
  readonly servers: Map<Server['id'], Server>;
  readonly clusters: Map<string, { primary: Server['id'] }>;
  readonly demotions: Map<Server['id'], { readonly recoveryId: string; readonly state?: string }>;
  readonly recoveries: Map<string, BelievedRecovery>;
  readonly downtimes: Map<Server['id'], { readonly reason?: string }>;
}

export function believe(
  sources: Readonly<Record<string, string | null>>,
  changes: Readonly<Record<string, Partial<ServerFacts>>> = {},
): Believed {
  const servers = new Map<Server['id'], Server>();
  for (const [name, source] of Object.entries(sources)) {
    const channels = source === null ? [] : [channelTo(source)];
    const facts = factsOf({ channels, ...changes[name] });
    servers.set(serverId(name), serverOf(name, facts));
  }
  const head = Object.entries(sources).find(([, source]) => source === null)?.[0] ?? Object.keys(sources)[0] ?? '';
  return {
    servers,
    clusters: new Map([['c1', { primary: serverId(head) }]]),
    demotions: new Map(),
    recoveries: new Map(),
    downtimes: new Map(),
  };
}

function serverOf(name: string, facts: ServerFacts): Server {
  return {
    id: serverId(name),
    address: addressOf(name),
    aliases: [],
    clusterId: 'c1' as ClusterId,
    facts,
    changedAtMs: 0,
    firstSeenAtMs: 0,
  };
}

/** The links from one source to its replicas. */
export function linksBelow(beliefs: Beliefs, source: string): readonly Link[] {
  return linksOf(beliefs).replicasOf.get(serverId(source)) ?? [];
}

export function linksOf(beliefs: Beliefs): Links {
  return linkServers(beliefs);
}
