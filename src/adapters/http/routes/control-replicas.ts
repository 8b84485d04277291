/** Which replicas speak for their cluster, and how far it lags by their word. */
import {
  controlReplicas,
  heuristicLagSeconds,
  rowLoggingReplicas,
  type TreePlace,
} from '../../../core/topology/control-replicas.js';
import type { Server } from '../../../core/topology/server.js';
import { bareBytes, done, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, read } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { byHint } from './clusters.js';

export const CONTROL_REPLICA_ROUTES: readonly Route[] = [
  ...each(['/api/cluster-osc-slaves/:hint', '/api/cluster-osc-replicas/:hint'], (path) =>
    read(path, (call, door) => chosen(controlReplicas, call, door)),
  ),
  read('/api/v1/cluster-gh-ost-replicas/:hint', (call, door) => chosen(rowLoggingReplicas, call, door)),
  read('/api/v1/cluster-heuristic-lag/:hint', lag),
];

function chosen(choose: (places: readonly TreePlace[]) => readonly TreePlace[], call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const { servers } = door.service.state;
  const places = choose(placesOf(found.value, door));
  return bareBytes(door.views.instances(places.flatMap(({ id }) => servers.get(id) ?? [])));
}

function lag(call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const seconds = heuristicLagSeconds(placesOf(found.value, door));
  return seconds === null
    ? refused(`Unable to determine the lag of ${found.value.name}: none of its control replicas tells its own`)
    : done(`Heuristic lag of cluster ${found.value.name}`, seconds);
}

function placesOf(view: ClusterView, door: Door): readonly TreePlace[] {
  return view.members.map((server) => placeOf(server, door));
}

function placeOf(server: Server, door: Door): TreePlace {
  const { facts, address } = server;
  const placement = door.views.placement(server);
  const sighting = door.views.sighting(server);
  const leftOut = facts.isBinlogServer || door.service.settings.isNoControlReplica(address);
  return {
    id: server.id,
    depth: placement.depth,
    source: placement.sourceId,
    dataCenter: facts.dataCenter,
    replicas: placement.replicas.length,
    lagSeconds: sighting?.vitals?.lagSeconds ?? null,
    usable: sighting?.valid === true && !leftOut,
    logsRows: facts.binlogEnabled && facts.logReplicaUpdates && facts.binlogFormat === 'ROW',
  };
}
