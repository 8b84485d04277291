/**
 * What an operator may ask to be recovered, under the incumbent's paths: they are ambiguous to the eye and not to a router,
 * because the number of segments tells whether the cluster is named by a hint or by one of its servers. Nothing is guessed
 * here. Each may be asked for with `?dryRun=true`, and stands again below /api/v1/plan: then nothing is done, and the
 * answer is the plan.
 */
import { ok, type Result } from '../../../core/base/result.js';
import type { OperatorCommand, Recovery } from '../../../core/recovery/recovery.js';
import { withoutName } from '../../../core/recovery/telling/naming.js';
import { addressText, parseAddress } from '../../../core/topology/address.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import { serverAt } from '../../../core/topology/sources.js';
import type { RecoveryRequest } from '../../../runtime/ports/service.js';
import { resolveCluster, resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { bare, declined, done, doneBytes, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, plan as planned, relayed, requestKeyOf, type Route } from '../route.js';
import { lostWords } from '../step-words.js';
import type { ClusterView } from '../views/topology-index.js';
import { analysisOf } from './analysis.js';
import { recoveryView } from './recoveries.js';

interface Asked {
  readonly cluster: ClusterView;
  /** Null where the path names a cluster, and the request is about its primary. */
  readonly server: ServerId | null;
}

type Find = (call: Call, door: Door) => Result<Asked, string>;

interface Shape {
  readonly path: string;
  readonly find: Find;
}

const BY_HINT: Shape = { path: ':hint', find: byExactHint };
const BY_MEMBER: Shape = { path: ':host/:port', find: byExactMember };
const CANDIDATE = '/:designatedHost/:designatedPort';

function toCandidate({ path, find }: Shape): Shape {
  return { path: `${path}${CANDIDATE}`, find };
}

const ANY = [BY_HINT, BY_MEMBER, toCandidate(BY_HINT), toCandidate(BY_MEMBER)];

const SHAPES: Readonly<Record<OperatorCommand, readonly Shape[]>> = {
  'graceful-master-takeover': ANY,
  'graceful-master-takeover-auto': ANY,
  'force-master-failover': [BY_HINT, BY_MEMBER],
  'force-master-takeover': ANY,
  recover: [BY_MEMBER, toCandidate(BY_MEMBER)],
  'recover-lite': [BY_MEMBER, toCandidate(BY_MEMBER)],
};

const COMMANDS = Object.keys(SHAPES) as readonly OperatorCommand[];

export const RECOVERY_REQUEST_ROUTES: readonly Route[] = [
  ...COMMANDS.flatMap((command) =>
    SHAPES[command].flatMap((shape) => [
      planned(`/api/${command}/${shape.path}`, (call, door) => recover(command, shape.find, call, door)),
      relayed(`/api/v1/plan/${command}/${shape.path}`, (call, door) => plan(command, shape.find, call, door)),
    ]),
  ),
  planned('/api/make-master/:host/:port', makeMaster),
  relayed('/api/v1/plan/automatic/:hint', (call, door) => foreseen(byNamedServer, call, door)),
  relayed('/api/v1/plan/automatic/:host/:port', (call, door) => foreseen(byExactMember, call, door)),
];

async function recover(command: OperatorCommand, find: Find, call: Call, door: Door): Promise<Reply> {
  const request = requestOf(command, find, call, door);
  if (!request.ok) return refused(request.error);
  if (call.query('dryRun') === 'true') return rehearsed(request.value, door);
  // Afterwards it is another topology: the answer shows what was found.
  const before = analysisOf(failedServer(request.value, door), call.nowMs, door);
  const answer = await door.service.recover(request.value);
  const failed = failedKey(request.value, door);
  const isRecover = command === 'recover' || command === 'recover-lite';
  if (!answer.ok) return declined(answer.refusal, isRecover ? failed : null);
  return isRecover
    ? recovered(answer.value, failed, door)
    : takenOver(command, recoveryView(answer.value, 'live', call.nowMs, door, before), answer.value, door);
}

/** The incumbent's old way to fail over to a server by hand: a forced takeover to it, which meets the primary first. */
async function makeMaster(call: Call, door: Door): Promise<Reply> {
  const request = requestOf('force-master-takeover', byExactMember, call, door);
  if (!request.ok) return refused(request.error);
  const { server, clusterId } = request.value;
  const takeover = { ...request.value, server: null, candidate: server };
  if (call.query('dryRun') === 'true') return rehearsed(takeover, door);
  const answer = await door.service.recover(takeover);
  if (!answer.ok) return declined(answer.refusal);
  const { verdict } = answer.value;
  const known = server === null ? undefined : door.service.state.servers.get(server);
  if (verdict?.kind !== 'succeeded') {
    return refused(`make-master: ${verdict?.reason ?? 'it is not over'}`, failedKey(request.value, door));
  }
  if (known === undefined) return refused('make-master: the server was forgotten meanwhile');
  const name = door.views.index().clusters.get(clusterId)?.name ?? addressText(known.address);
  return doneBytes(`Instance made master: ${name}`, door.views.instance(known));
}

function plan(command: OperatorCommand, find: Find, call: Call, door: Door): Reply {
  const request = requestOf(command, find, call, door);
  return request.ok ? bare(door.service.plan(request.value)) : refused(request.error);
}

function foreseen(find: Find, call: Call, door: Door): Reply {
  const found = find(call, door);
  if (!found.ok) return refused(found.error);
  const { cluster, server } = found.value;
  return bare(door.service.plan({ command: 'automatic', clusterId: cluster.cluster.id, server }));
}

/** In the envelope of the command itself, so that what runs the command can read its rehearsal. */
function rehearsed(request: RecoveryRequest, door: Door): Reply {
  const shown = door.service.plan(request);
  const { command, wouldRun, steps, successor, refusals } = shown;
  if (!wouldRun) {
    return refused(`${command} would be refused: ${refusals.map(({ message }) => message).join('; ')}`, shown);
  }
  const whom = successor === null ? 'nobody would be promoted' : `${successor.name} would be promoted`;
  return done(`${command}: ${whom}, in ${String(steps.length)} steps; nothing was done`, shown);
}

function takenOver(
  command: OperatorCommand,
  details: unknown,
  { verdict, successor, lost }: Recovery,
  door: Door,
): Reply {
  if (verdict?.kind === 'succeeded') {
    const whom = successorName(successor, door);
    return done(`${command}: successor is ${whom}${leftBehind(lost, door)}`, details);
  }
  const speaker = command.startsWith('graceful-') ? 'GracefulMasterTakeover' : command;
  return refused(`${speaker}: ${verdict?.reason ?? 'it is not over'}`, details);
}

/** It came to a good end all the same, so the end of the command is where this is read. */
function leftBehind(lost: Recovery['lost'], { service: { state } }: Door): string {
  return lost
    .map((one) => {
      const address = state.servers.get(one.server)?.address;
      const name = address === undefined ? one.server : addressText(address);
      return `; ${name} does not follow it: ${withoutName(name, lostWords(one))}`;
    })
    .join('');
}

/** The incumbent answers with the key of whom was promoted; what promotes nobody is answered with the server it was about. */
function recovered(recovery: Recovery, failed: ReturnType<typeof failedKey>, door: Door): Reply {
  const { verdict, successor } = recovery;
  const address = successor === null ? undefined : door.service.state.servers.get(successor)?.address;
  const name = failed === null ? recovery.failed : `${failed.Hostname}:${String(failed.Port)}`;
  if (verdict?.kind !== 'succeeded') {
    return refused(`Recovery attempted on ${name} yet no replica promoted: ${verdict?.reason ?? 'not over'}`, failed);
  }
  return done(`Recovery executed on ${name}`, address === undefined ? failed : instanceKey(address));
}

function requestOf(command: OperatorCommand, find: Find, call: Call, door: Door): Result<RecoveryRequest, string> {
  const found = find(call, door);
  if (!found.ok) return found;
  const candidate = designated(found.value.cluster, call, door);
  if (!candidate.ok) return candidate;
  return ok({
    command,
    clusterId: found.value.cluster.cluster.id,
    server: found.value.server,
    candidate: candidate.value,
    requestedBy: askedBy(call, door),
    ...(call.query('skipProcesses') === 'true' ? { skipHooks: true } : {}),
    ...requestKeyOf(call),
  });
}

function failedServer({ server, clusterId }: RecoveryRequest, { service: { state } }: Door): Server | null {
  const failed = server ?? state.clusters.get(clusterId)?.primary;
  return failed === undefined ? null : (state.servers.get(failed) ?? null);
}

function failedKey(request: RecoveryRequest, door: Door): ReturnType<typeof instanceKey> | null {
  const address = failedServer(request, door)?.address;
  return address === undefined ? null : instanceKey(address);
}

function byExactHint(call: Call, door: Door): Result<Asked, string> {
  const port = door.service.settings.defaultInstancePort;
  const cluster = resolveCluster(door.views.index(), call.param('hint'), port, 'changing');
  return cluster.ok ? ok({ cluster: cluster.value, server: null }) : cluster;
}

/** Whoever names a server asks about that one; the name or the alias of a cluster means its primary, whatever else is called so. */
function byNamedServer(call: Call, door: Door): Result<Asked, string> {
  const found = byExactHint(call, door);
  const hint = call.param('hint');
  if (!found.ok || [found.value.cluster.name, found.value.cluster.cluster.alias].includes(hint)) return found;
  const address = parseAddress(hint, door.service.settings.defaultInstancePort);
  const server = address.ok ? serverAt(door.views.index().known, address.value) : null;
  return ok({ ...found.value, server: server?.id ?? null });
}

function byExactMember(call: Call, door: Door): Result<Asked, string> {
  const index = door.views.index();
  const server = resolveServer(index, call.param('host'), call.param('port'), 'changing');
  if (!server.ok) return server;
  const cluster = index.clusters.get(server.value.clusterId);
  return cluster === undefined
    ? { ok: false, error: 'The server belongs to no known cluster' }
    : ok({ cluster, server: server.value.id });
}

/** Null when the path designates nobody. */
function designated(cluster: ClusterView, call: Call, door: Door): Result<ServerId | null, string> {
  const host = call.param('designatedHost');
  if (host === '') return ok(null);
  const server = resolveServer(door.views.index(), host, call.param('designatedPort'), 'changing');
  if (!server.ok) return server;
  if (server.value.clusterId !== cluster.cluster.id) {
    const named = `${host}:${call.param('designatedPort')}`;
    return { ok: false, error: `Indicated designated instance ${named} is no member of cluster ${cluster.name}` };
  }
  return ok(server.value.id);
}

function successorName(successor: ServerId | null, door: Door): string {
  const address = successor === null ? undefined : door.service.state.servers.get(successor)?.address;
  return address === undefined ? 'not known yet' : addressText(address);
}
