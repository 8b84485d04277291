/**
 * Which server answers where. Who decides that a server has moved stands in `core/topology/whereabouts.ts`; here is only
 * what it means for the records: no two servers keep one address, and what operators said about a server stays with it, or
 * goes to the one that took its place.
 */
import { type Address, addressText, sameAddress } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import type { KeepingCommand } from '../command.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import { removeServer, takesPartInRecovery } from './forgetting.js';
import { placeServers } from './placement.js';

type Of<Kind extends KeepingCommand['kind']> = Extract<KeepingCommand, { kind: Kind }>;

/** Names of one server. A server that wanders (a container that gets another address at each start) leaves the oldest behind. */
const ALIASES_KEPT = 16;

export function applyReaddressed(draft: Draft, { moves, replaced }: Of<'servers-readdressed'>): readonly Fact[] {
  const facts: Fact[] = [];
  for (const { server: id, address, why } of moves) {
    const server = draft.servers.get(id);
    if (server === undefined || sameAddress(server.address, address)) continue;
    // The steps of an open recovery know it by its address.
    if (takesPartInRecovery(draft, id)) continue;
    draft.targets.delete(addressText(address));
    draft.servers.set(id, { ...server, address, aliases: withAlias(server.aliases, server.address, address) });
    const text = `${addressText(server.address)} answers at ${addressText(address)} now: ${why}`;
    facts.push(fact('server-readdressed', text, id, server.clusterId));
  }
  if (facts.length > 0) dropOwnedAliases(draft);
  for (const { former, by } of replaced) facts.push(...replace(draft, former, by));
  return facts.length === 0 ? [] : [...facts, ...placeServers(draft)];
}

export function withAlias(aliases: readonly Address[], alias: Address, own: Address): readonly Address[] {
  const others = aliases.filter((known) => !sameAddress(known, alias) && !sameAddress(known, own));
  return [...others, alias].slice(-ALIASES_KEPT);
}

/** An address that is somebody's own is nobody's alias. */
function dropOwnedAliases(draft: Draft): void {
  const owned = new Set([...draft.servers.values()].map((server) => addressText(server.address)));
  for (const server of [...draft.servers.values()]) {
    const aliases = server.aliases.filter((alias) => !owned.has(addressText(alias)));
    if (aliases.length < server.aliases.length) draft.servers.set(server.id, { ...server, aliases });
  }
}

/** The same place with other data: a server that was set up anew. To its operators it is the server it was. */
function replace(draft: Draft, formerId: ServerId, byId: ServerId): readonly Fact[] {
  const [former, by] = [draft.servers.get(formerId), draft.servers.get(byId)];
  if (former === undefined || by === undefined) return [];
  if (takesPartInRecovery(draft, formerId)) {
    const text = `${addressText(former.address)} was replaced by another server while its recovery is not settled`;
    return rejected(text, formerId, former.clusterId);
  }
  for (const map of [draft.downtimes, draft.candidates, draft.maintenances] as const) {
    const record = map.get(formerId);
    if (record !== undefined && !map.has(byId)) (map as Map<ServerId, unknown>).set(byId, { ...record, server: byId });
  }
  const tags = draft.tags.get(formerId);
  if (tags !== undefined && !draft.tags.has(byId)) draft.tags.set(byId, tags);
  const cluster = draft.clusters.get(former.clusterId);
  if (cluster !== undefined && isAlone(draft, by)) {
    draft.servers.set(byId, { ...by, clusterId: cluster.id });
    if (cluster.primary === formerId) draft.clusters.set(cluster.id, { ...cluster, primary: byId });
  }
  // Should the data of a demoted primary turn up elsewhere one day, it must still not take writes.
  const demotion = draft.demotions.get(formerId);
  removeServer(draft, formerId);
  if (demotion !== undefined) draft.demotions.set(formerId, demotion);
  const text = `${addressText(by.address)} is another server now (${byId}; before: ${formerId}) and takes its place`;
  return [fact('server-replaced', text, byId, former.clusterId)];
}

function isAlone(draft: Draft, server: Server): boolean {
  for (const other of draft.servers.values()) {
    if (other.id !== server.id && other.clusterId === server.clusterId) return false;
  }
  return true;
}

export function applyIdentitiesShared(draft: Draft, { shared, settled }: Of<'identities-shared'>): readonly Fact[] {
  const facts: Fact[] = [];
  for (const address of settled) {
    const known = draft.sharedIdentities.get(addressText(address));
    if (known === undefined) continue;
    draft.sharedIdentities.delete(addressText(address));
    facts.push(fact('identity-settled', `${addressText(address)} has an identity of its own, or is gone`, null, null));
  }
  for (const one of shared) {
    const server = draft.servers.get(one.server);
    const key = addressText(one.address);
    if (server === undefined || draft.sharedIdentities.has(key) || sameAddress(server.address, one.address)) continue;
    draft.sharedIdentities.set(key, { ...one, sinceMs: draft.nowMs });
    draft.targets.delete(key);
    const aliases = server.aliases.filter((alias) => !sameAddress(alias, one.address));
    draft.servers.set(server.id, { ...server, aliases });
    const text =
      `${addressText(server.address)} and ${key} are two servers with one server_uuid (${one.detail}): ` +
      `remove auto.cnf of the copy and restart it`;
    facts.push(fact('identity-shared', text, server.id, server.clusterId));
  }
  return facts;
}
