/**
 * Planned takeovers. The paths of the incumbent are ambiguous to the eye and not to a router: the number of segments tells
 * whether the cluster is named by a hint or by one of its servers. Nothing is guessed here.
 */
import type { Result } from '../../../core/base/result.js';
import type { ServerId } from '../../../core/topology/server.js';
import { resolveCluster, resolveServer } from '../hints.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, type Route, write } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { recoveryView } from './recoveries.js';

type Find = (call: Call, door: Door) => Result<ClusterView, string>;

export const TAKEOVER_ROUTES: readonly Route[] = ['graceful-master-takeover', 'graceful-master-takeover-auto'].flatMap(
  (command) => [
    write(`/api/${command}/:hint`, takeover(command, byExactHint)),
    write(`/api/${command}/:host/:port`, takeover(command, byExactMember)),
    write(`/api/${command}/:hint/:designatedHost/:designatedPort`, takeover(command, byExactHint)),
    write(`/api/${command}/:host/:port/:designatedHost/:designatedPort`, takeover(command, byExactMember)),
  ],
);

function takeover(command: string, find: Find): Route['answer'] {
  const auto = command.endsWith('-auto');
  return async (call, door) => {
    const found = find(call, door);
    if (!found.ok) return refused(found.error);
    const candidate = designated(found.value, call, door);
    if (!candidate.ok) return refused(candidate.error);
    return run(command, { clusterId: found.value.cluster.id, candidate: candidate.value, auto }, call, door);
  };
}

async function run(
  command: string,
  request: {
    readonly clusterId: ClusterView['cluster']['id'];
    readonly candidate: ServerId | null;
    readonly auto: boolean;
  },
  call: Call,
  door: Door,
): Promise<Reply> {
  const answer = await door.service.gracefulTakeover({ ...request, requestedBy: askedBy(call, door) });
  if (!answer.ok) return declined(answer.refusal);
  const recovery = answer.value;
  const details = recoveryView(recovery, 'live', door);
  const { verdict } = recovery;
  if (verdict !== null && verdict.kind !== 'succeeded') return refused(`${command}: ${verdict.reason}`, details);
  return done(`${command}: successor is ${successorName(recovery.successor, door)}`, details);
}

function byExactHint(call: Call, door: Door): Result<ClusterView, string> {
  const port = door.service.settings.defaultInstancePort;
  return resolveCluster(door.views.index(), call.param('hint'), port, 'changing');
}

function byExactMember(call: Call, door: Door): Result<ClusterView, string> {
  const index = door.views.index();
  const server = resolveServer(index, call.param('host'), call.param('port'), 'changing');
  if (!server.ok) return server;
  const view = index.clusters.get(server.value.clusterId);
  return view === undefined
    ? { ok: false, error: 'The server belongs to no known cluster' }
    : { ok: true, value: view };
}

/** Null when the path designates nobody. */
function designated(cluster: ClusterView, call: Call, door: Door): Result<ServerId | null, string> {
  const host = call.param('designatedHost');
  if (host === '') return { ok: true, value: null };
  const server = resolveServer(door.views.index(), host, call.param('designatedPort'), 'changing');
  if (!server.ok) return server;
  if (server.value.clusterId !== cluster.cluster.id) {
    const named = `${host}:${call.param('designatedPort')}`;
    return { ok: false, error: `Indicated designated instance ${named} is no member of cluster ${cluster.name}` };
  }
  return { ok: true, value: server.value.id };
}

function successorName(successor: ServerId | null, door: Door): string {
  const address = successor === null ? undefined : door.service.state.servers.get(successor)?.address;
  return address === undefined ? 'not known yet' : `${address.host}:${String(address.port)}`;
}
