/**
 * What the key-value stores say of a cluster: where its primary is. Keys and values are the incumbent's, because consul-template
 * and the like read them. Only a primary that takes writes is published: while a promotion is under way nothing is, and the
 * moment the new one is open it is, whatever the last probe still says of it. One that the configuration leaves for others to
 * open is published as soon as nothing more is done to it: whoever opens it may have waited for that.
 */
import { type Address, addressText } from '../../topology/address.js';
import { type ClusterId, isWritable, type Server, type ServerId } from '../../topology/server.js';
import type { BelievedCluster } from '../belief.js';
import type { Recovery } from '../recovery.js';
import type { StepKind } from '../step.js';

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Both '' where the name does not resolve. */
export interface HostAddresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface Publishable {
  readonly clusterId: ClusterId;
  readonly primary: ServerId;
  readonly epoch: number;
  /** Under which it stands in the stores. */
  readonly name: string;
  readonly address: Address;
}

export interface PublishedState {
  readonly clusters: ReadonlyMap<ClusterId, BelievedCluster>;
  readonly servers: ReadonlyMap<ServerId, Server>;
  readonly recoveries: ReadonlyMap<unknown, Recovery>;
}

/** Clusters whose primary takes writes, as far as is known, or was promoted to be opened by others. */
export function publishableOf(state: PublishedState, only: ReadonlySet<ClusterId>): readonly Publishable[] {
  const promoted = new Map<string, boolean>();
  for (const { clusterId, promotion, steps, inputs } of state.recoveries.values()) {
    if (promotion === null || !only.has(clusterId)) continue;
    const last: readonly StepKind[] = inputs.leavesClosed === true ? ['look', 'detach'] : ['open'];
    const isReady = steps.some(
      ({ step, outcome }) => last.includes(step.kind) && step.server === promotion.server && outcome?.ok === true,
    );
    promoted.set(`${clusterId} ${String(promotion.epoch)}`, isReady);
  }
  return [...only].flatMap((id) => {
    const cluster = state.clusters.get(id);
    const primary = cluster === undefined ? undefined : state.servers.get(cluster.primary);
    if (cluster === undefined || primary === undefined) return [];
    const isOpen = promoted.get(`${id} ${String(cluster.epoch)}`) ?? false;
    if (!isOpen && !isWritable(primary.facts)) return [];
    const { epoch } = cluster;
    return [
      { clusterId: id, primary: primary.id, epoch, name: publishedName(cluster, primary), address: primary.address },
    ];
  });
}

/** A cluster without an alias keeps the name that it had first: clients do not look elsewhere after a failover. */
function publishedName({ alias, formerNames }: BelievedCluster, primary: Server): string {
  return alias || (formerNames[0] ?? addressText(primary.address));
}

/** In the incumbent's order. `prefix` as configured. */
export function pairsOf(prefix: string, { name, address }: Publishable, ips: HostAddresses): readonly Pair[] {
  const key = `${prefix.replace(/^\/+|\/+$/g, '')}/${name}`.replace(/^\/+/, '');
  return [
    { key, value: addressText(address) },
    { key: `${key}/hostname`, value: address.host },
    { key: `${key}/port`, value: String(address.port) },
    { key: `${key}/ipv4`, value: ips.ipv4 },
    { key: `${key}/ipv6`, value: ips.ipv6 },
  ];
}

/** An address that needs no name server; null for a name. */
export function literalAddresses(host: string): HostAddresses | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return { ipv4: host, ipv6: '' };
  return host.includes(':') ? { ipv4: '', ipv6: host } : null;
}
