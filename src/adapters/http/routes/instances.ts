/** Single servers and searches over all of them. */
import { addressText } from '../../../core/topology/address.js';
import type { Server } from '../../../core/topology/server.js';
import { resolveCluster, resolveServer } from '../hints.js';
import { freshness } from '../legacy/freshness.js';
import { instanceProblems } from '../legacy/instance-problems.js';
import { instanceKey } from '../legacy/values.js';
import { bare, bareBytes, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, read } from '../route.js';
import { nullWhenEmpty } from './clusters.js';

export const INSTANCE_ROUTES: readonly Route[] = [
  read('/api/all-instances', (_call, door) =>
    bareBytes(door.views.answer('all-instances', () => door.views.instances(door.views.index().servers))),
  ),
  read('/api/instance/:host/:port', one),
  read('/api/instance-replicas/:host/:port', replicas),
  ...each(['/api/search', '/api/search/:text'], (path) => read(path, search)),
  ...each(['/api/problems', '/api/problems/:hint'], (path) => read(path, problems)),
  ...each(['/api/downtimed', '/api/downtimed/:hint'], (path) => read(path, downtimed)),
  // A read, and yet the incumbent wants the right to write for it.
  { ...read('/api/bulk-instances', allKeys), role: 'operator' },
];

function one(call: Call, door: Door): Reply {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
  return found.ok ? bareBytes(door.views.instance(found.value)) : refused(found.error);
}

function replicas(call: Call, door: Door): Reply {
  const index = door.views.index();
  const found = resolveServer(index, call.param('host'), call.param('port'), 'reading');
  if (!found.ok) return refused(found.error);
  return bareBytes(door.views.instances(index.replicas.get(found.value.id) ?? []));
}

function allKeys(_call: Call, door: Door): Reply {
  return bare(nullWhenEmpty(door.views.index().servers.map((server) => instanceKey(server.address))));
}

function search(call: Call, door: Door): Reply {
  const text = call.param('text') === '' ? call.query('s') : call.param('text');
  const found = door.views.index().servers.filter((server) => fits(server, text.toLowerCase(), door));
  return bareBytes(door.views.instances(byImportance(found, door)));
}

function fits(server: Server, text: string, door: Door): boolean {
  const facts = server.facts;
  const placement = door.views.placement(server);
  const searched = [
    addressText(server.address),
    placement.clusterName,
    placement.clusterAlias,
    facts.version.text,
    facts.versionComment,
    facts.alias,
  ];
  return (
    searched.some((value) => value.toLowerCase().includes(text)) ||
    String(facts.serverNumber) === text ||
    String(server.address.port) === text
  );
}

/** Nearest to the top first, then those with most replicas. */
function byImportance(servers: readonly Server[], door: Door): readonly Server[] {
  const placed = servers.map((server) => ({ server, placement: door.views.placement(server) }));
  placed.sort(
    (one, other) =>
      one.placement.depth - other.placement.depth ||
      other.placement.replicas.length - one.placement.replicas.length ||
      compareText(one.placement.clusterName, other.placement.clusterName),
  );
  return placed.map(({ server }) => server);
}

function problems(call: Call, door: Door): Reply {
  const index = door.views.index();
  const hint = call.param('hint');
  let servers = index.servers;
  if (hint !== '') {
    const found = resolveCluster(index, hint, door.service.settings.defaultInstancePort, 'reading');
    if (!found.ok) return refused(found.error);
    servers = found.value.members;
  }
  const troubled = servers.filter((server) => isTroubled(server, call.nowMs, door));
  return troubled.length === 0 ? bare(null) : bareBytes(door.views.instances(troubled));
}

function isTroubled(server: Server, nowMs: number, door: Door): boolean {
  const settings = door.service.settings;
  if (door.views.downtime(server) !== null || settings.hidesProblemsOf(server.address)) return false;
  const facts = door.views.facts(server);
  return instanceProblems(facts, freshness(facts.sighting, settings, nowMs)).length > 0;
}

function downtimed(call: Call, door: Door): Reply {
  const index = door.views.index();
  const hint = call.param('hint');
  const found = hint === '' ? null : resolveCluster(index, hint, door.service.settings.defaultInstancePort, 'reading');
  if (found !== null && !found.ok) return refused(found.error);
  const servers = found === null ? index.servers : found.value.members;
  return bareBytes(door.views.instances(servers.filter((server) => door.views.downtime(server) !== null)));
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
