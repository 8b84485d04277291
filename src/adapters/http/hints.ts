/**
 * From what a user typed to a cluster or a server. Reads may guess (a part of a host name that fits one server only);
 * commands that change something never do: `db1` must not become `xdb10` on its way to a takeover. For the same reason
 * a hint that fits two clusters is refused to commands, however certain its first reading looks: a name that another
 * cluster had before a failover is what an old script would say. But the present name of a cluster is no other's alias.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { type Address, addressText, parseAddress } from '../../core/topology/address.js';
import type { Server } from '../../core/topology/server.js';
import { serverAt } from '../../core/topology/sources.js';
import type { ClusterView, TopologyIndex } from './views/topology-index.js';

/** reading: may guess. changing: exact or refused. */
export type Purpose = 'reading' | 'changing';

export function resolveCluster(
  index: TopologyIndex,
  hint: string,
  defaultPort: number,
  purpose: Purpose,
): Result<ClusterView, string> {
  if (hint === '') return failed('No cluster was named; give its name, its alias or one of its servers');
  const readings = clusterReadings(index, hint, defaultPort);
  const distinct = new Set(readings);
  if (purpose === 'changing' && distinct.size > 1) {
    const names = [...distinct].map((view) => view.name).join(' and ');
    return failed(`"${hint}" could mean ${names}; name the cluster by its present name`);
  }
  const first = readings[0];
  if (first !== undefined) return ok(first);
  if (purpose === 'reading') {
    const address = parseAddress(hint, defaultPort);
    const guessed = address.ok ? guessServer(index, address.value) : null;
    const view = guessed === null ? undefined : index.clusters.get(guessed.clusterId);
    if (view !== undefined) return ok(view);
  }
  return failed(`Unable to determine cluster name. clusterHint=${hint}`);
}

export function resolveAlias(index: TopologyIndex, alias: string): Result<ClusterView, string> {
  const views = [...index.clusters.values()];
  const found = views.filter((view) => view.cluster.alias === alias);
  const byName = found.length === 0 ? views.filter((view) => view.name === alias) : found;
  if (byName.length > 1) return failed(`Alias "${alias}" belongs to ${byName.map((view) => view.name).join(' and ')}`);
  const only = byName[0];
  return only === undefined ? failed(`No cluster found for alias ${alias}`) : ok(only);
}

export function resolveServer(
  index: TopologyIndex,
  host: string,
  port: string,
  purpose: Purpose,
): Result<Server, string> {
  const address = readAddress(host, port);
  if (!address.ok) return address;
  const exact = serverAt(index.known, address.value);
  if (exact !== null) return ok(exact);
  const guessed = purpose === 'reading' ? guessServer(index, address.value) : null;
  return guessed === null ? failed(`Cannot read instance: ${addressText(address.value)}`) : ok(guessed);
}

/** An address that need not be known yet. */
export function readAddress(host: string, port: string): Result<Address, string> {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (host === '') return failed('No host was given');
  if (number < 1 || number > 65_535) return failed(`Invalid port: "${port}"; a port is 1 to 65535`);
  return ok({ host: host.replace(/^\[(.*)\]$/, '$1'), port: number });
}

/** Every reading of an exact hint, the most literal first. */
function clusterReadings(index: TopologyIndex, hint: string, defaultPort: number): ClusterView[] {
  const views = [...index.clusters.values()];
  const readings = views.filter((view) => view.name === hint || view.cluster.id === hint);
  const isName = readings.length > 0;
  readings.push(...views.filter((view) => view.cluster.formerNames.includes(hint)));
  if (!isName) readings.push(...views.filter((view) => view.cluster.alias === hint));
  const address = parseAddress(hint, defaultPort);
  const server = address.ok ? serverAt(index.known, address.value) : null;
  const view = server === null ? undefined : index.clusters.get(server.clusterId);
  if (view !== undefined) readings.push(view);
  return readings;
}

/** The one known server whose host contains the text, on the same port. Parts of IPv4 addresses would fit by accident. */
function guessServer(index: TopologyIndex, address: Address): Server | null {
  if (/^[\d.]+$/.test(address.host)) return null;
  const found = index.servers.filter(
    (server) => server.address.port === address.port && server.address.host.includes(address.host),
  );
  return found.length === 1 ? (found[0] ?? null) : null;
}
