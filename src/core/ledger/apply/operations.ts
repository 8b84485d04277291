/** What operators and the nodes themselves tell the cluster: downtime, switches, aliases, incidents, members. */
import { addressText } from '../../topology/address.js';
import type { ClusterId, ServerId } from '../../topology/server.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import type { Downtime, Incident, NodeRecord } from '../state.js';
import { nameOf } from './names.js';

export function applyDowntimeBegun(draft: Draft, downtime: Downtime): readonly Fact[] {
  const server = draft.servers.get(downtime.server);
  if (server === undefined) return rejected('downtime for a server that is not known', downtime.server);
  draft.downtimes.set(downtime.server, downtime);
  return [
    fact(
      'downtime-begun',
      `${addressText(server.address)}: ${downtime.reason} (${downtime.owner})`,
      server.id,
      server.clusterId,
    ),
  ];
}

export function applyDowntimeEnded(draft: Draft, id: ServerId): readonly Fact[] {
  const server = draft.servers.get(id);
  if (!draft.downtimes.delete(id) || server === undefined) return [];
  return [fact('downtime-ended', addressText(server.address), id, server.clusterId)];
}

export function applyIncidentOpened(draft: Draft, incident: Incident): readonly Fact[] {
  const server = draft.servers.get(incident.server);
  const open = draft.incidents.get(incident.server);
  if (server === undefined) return rejected('incident with a server that is not known', incident.server);
  // The code may sharpen (unreachable, then dead) within one incident; its beginning and its canary stay.
  const merged = open === undefined ? incident : { ...open, code: incident.code };
  if (open !== undefined && open.code === incident.code) return [];
  draft.incidents.set(incident.server, merged);
  return [fact('incident', `${incident.code} on ${addressText(server.address)}`, server.id, server.clusterId)];
}

export function applyCanaryUsed(draft: Draft, id: ServerId, canary: ServerId): readonly Fact[] {
  const incident = draft.incidents.get(id);
  if (incident === undefined) return rejected('a canary without an incident', id);
  if (incident.canary !== null) return rejected('this incident has had its canary', id, incident.clusterId);
  draft.incidents.set(id, { ...incident, canary });
  return [
    fact(
      'canary-used',
      `the IO thread of ${nameOf(draft, canary)} is restarted to see whether ${nameOf(draft, id)} still feeds it`,
      id,
      incident.clusterId,
    ),
  ];
}

export function applyIncidentClosed(draft: Draft, id: ServerId, reason: string): readonly Fact[] {
  const incident = draft.incidents.get(id);
  if (incident === undefined) return [];
  draft.incidents.delete(id);
  return [
    fact('incident-closed', `${incident.code} on ${nameOf(draft, id)} is over: ${reason}`, id, incident.clusterId),
  ];
}

export function applySwitched(draft: Draft, enabled: boolean, by: string): readonly Fact[] {
  if (draft.recoveriesEnabled === enabled) return [];
  draft.recoveriesEnabled = enabled;
  return [fact('recoveries-switched', `${by} ${enabled ? 'enabled' : 'disabled'} recoveries everywhere`, null, null)];
}

export function applyBraked(draft: Draft, reason: string): readonly Fact[] {
  if (draft.brake !== null) return [];
  draft.brake = { sinceMs: draft.nowMs, reason };
  return [fact('brake-applied', `automatic recovery stops itself: ${reason}`, null, null)];
}

export function applyBrakeReleased(draft: Draft, by: string): readonly Fact[] {
  if (draft.brake === null) return [];
  draft.brake = null;
  draft.brakeReleasedAtMs = draft.nowMs;
  return [fact('brake-released', `${by} lets automatic recovery go on`, null, null)];
}

export function applyAlias(draft: Draft, clusterId: ClusterId, alias: string): readonly Fact[] {
  const cluster = draft.clusters.get(clusterId);
  if (cluster === undefined) return rejected('alias for a cluster that is not known', null, clusterId);
  draft.clusters.set(clusterId, { ...cluster, alias, aliasIsManual: alias !== '' });
  return [fact('alias-set', `${nameOf(draft, cluster.primary)} is called "${alias}"`, null, clusterId)];
}

export function applyAnnounced(draft: Draft, node: NodeRecord): readonly Fact[] {
  draft.nodes.set(node.id, node);
  return [fact('node-announced', `${node.id} runs ${node.version} and answers at ${node.httpAddress}`, null, null)];
}
