/** Clusters: their names, summaries, members and primaries. */
import type { Result } from '../../../core/base/result.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import { resolveAlias, resolveCluster, resolveServer } from '../hints.js';
import { legacyClusterInfo } from '../legacy/cluster-info.js';
import { legacyJson } from '../legacy/json.js';
import { declined, bare, bareBytes, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, type Route, read, write } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';

export const CLUSTER_ROUTES: readonly Route[] = [
  read('/api/clusters', (_call, door) => bare(nullWhenEmpty(populated(door).map((view) => view.name)))),
  read('/api/clusters-info', (_call, door) =>
    bareBytes(
      door.views.answer('clusters-info', () =>
        Buffer.from(legacyJson(populated(door).map((view) => legacyClusterInfo(view, door.service.settings)))),
      ),
    ),
  ),
  read('/api/cluster/:hint', (call, door) => members(byHint(call, door), door)),
  read('/api/cluster/alias/:alias', (call, door) => members(byAlias(call, door), door)),
  read('/api/cluster/instance/:host/:port', (call, door) => members(byMember(call, door), door)),
  read('/api/cluster-info/:hint', (call, door) => summary(byHint(call, door), door)),
  read('/api/cluster-info/alias/:alias', (call, door) => summary(byAlias(call, door), door)),
  read('/api/masters', (_call, door) => primaries(door)),
  read('/api/master/:hint', primary),
  write('/api/set-cluster-alias/:hint', setAlias),
];

/** The cluster that a path names by `:hint`, for reads. */
export function byHint(call: Call, door: Door): Result<ClusterView, string> {
  const port = door.service.settings.defaultInstancePort;
  return resolveCluster(door.views.index(), call.param('hint'), port, 'reading');
}

export function byAlias(call: Call, door: Door): Result<ClusterView, string> {
  return resolveAlias(door.views.index(), call.param('alias'));
}

/** The cluster of the server that a path names by `:host/:port`, for reads. */
export function byMember(call: Call, door: Door): Result<ClusterView, string> {
  const index = door.views.index();
  const server = resolveServer(index, call.param('host'), call.param('port'), 'reading');
  if (!server.ok) return server;
  const view = index.clusters.get(server.value.clusterId);
  return view === undefined
    ? { ok: false, error: `No cluster is known for ${call.param('host')}:${call.param('port')}` }
    : { ok: true, value: view };
}

/** Clusters that have servers; one whose last server was forgotten is a record, not a topology. */
export function populated(door: Door): readonly ClusterView[] {
  return [...door.views.index().clusters.values()].filter((view) => view.members.length > 0);
}

/** The incumbent gives null, not [], where its list was never begun. */
export function nullWhenEmpty<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function members(found: Result<ClusterView, string>, door: Door): Reply {
  if (!found.ok) return refused(found.error);
  const view = found.value;
  return bareBytes(door.views.answer(`cluster ${view.cluster.id}`, () => door.views.instances(view.members)));
}

function summary(found: Result<ClusterView, string>, door: Door): Reply {
  return found.ok ? bare(legacyClusterInfo(found.value, door.service.settings)) : refused(found.error);
}

/** Of co-primaries that is the one that takes writes. */
function primaryOf(view: ClusterView): Server | undefined {
  const primary = view.members.find((server) => server.id === view.cluster.primary);
  if (primary?.facts.readOnly !== true) return primary;
  const pair: readonly ServerId[] = view.forest.coPrimaries.find((ids) => ids.includes(primary.id)) ?? [];
  return view.members.find(({ id, facts }) => pair.includes(id) && !facts.readOnly) ?? primary;
}

/** Whoever sends writes to what is listed here must not be given a server that refuses them. */
function primaries(door: Door): Reply {
  const servers = populated(door).flatMap((view) => primaryOf(view) ?? []);
  const writable = servers.filter(({ facts }) => !facts.readOnly);
  return writable.length === 0 ? bare(null) : bareBytes(door.views.instances(writable));
}

function primary(call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const server = primaryOf(found.value);
  return server === undefined
    ? refused(`No masters found for ${found.value.name}`)
    : bareBytes(door.views.instance(server));
}

async function setAlias(call: Call, door: Door): Promise<Reply> {
  const alias = call.query('alias');
  if (!call.hasQuery('alias')) return refused('No alias was given; add ?alias=NAME, or ?alias= to take it away');
  const settings = door.service.settings;
  const found = resolveCluster(door.views.index(), call.param('hint'), settings.defaultInstancePort, 'changing');
  if (!found.ok) return refused(found.error);
  const answer = await door.service.setAlias(found.value.cluster.id, alias, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  const text = alias === '' ? 'no longer has an alias of its own' : `now has alias '${alias}'`;
  return done(`Cluster ${found.value.name} ${text}`, null);
}
