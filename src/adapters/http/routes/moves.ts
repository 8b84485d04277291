/**
 * What operators rearrange, under the incumbent's paths and in its words. Each may be asked for with `?dryRun=true`, and
 * stands again below /api/v1/plan: then nothing is done, and the answer is the plan. Answers for many servers list those that
 * were moved and say of each of the others why not.
 */
import { compileSentPattern } from '../../../core/base/pattern.js';
import { ok, type Result } from '../../../core/base/result.js';
import { arrivedIn } from '../../../core/recovery/progress/headway.js';
import type { MoveCommand } from '../../../core/recovery/requests/movement.js';
import { leaderOf } from '../../../core/recovery/playbooks/regroup.js';
import type { Recovery, RecoveryId } from '../../../core/recovery/recovery.js';
import { named, withoutName } from '../../../core/recovery/telling/naming.js';
import { addressText } from '../../../core/topology/address.js';
import type { Server, ServerId } from '../../../core/topology/server.js';
import type { MoveRequest } from '../../../runtime/ports/service.js';
import { resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { bare, declined, done, doneBytes, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, plan as planned, relayed, requestKeyOf, type Route, write } from '../route.js';

interface Named {
  /** As text. */
  readonly server: string;
  readonly to: string;
  readonly moved: readonly Server[];
  /** `; 2 errors: ...`, or '' where all were moved. */
  readonly errors: string;
  readonly lost: number;
  readonly leader: string;
}

interface Shape {
  readonly command: MoveCommand;
  readonly names: readonly string[];
  readonly destination: 'needed' | 'none' | 'optional';
  /** one: the server as it is now. many: those that were moved. leader: the key of whom the others follow. */
  readonly answers: 'one' | 'many' | 'leader';
  readonly says: (named: Named) => string;
}

const count = ({ moved }: Named): string => String(moved.length);

const SHAPES: readonly Shape[] = [
  one('relocate', ['relocate', 'relocate-below'], ({ server, to }) => `Instance ${server} relocated below ${to}`),
  one('move-below', ['move-below'], ({ server, to }) => `Instance ${server} moved below ${to}`),
  one(
    'move-gtid',
    ['move-below-gtid', 'move-gtid'],
    ({ server, to }) => `Instance ${server} moved below ${to} via GTID`,
  ),
  one(
    'move-equivalent',
    ['move-equivalent'],
    ({ server, to }) => `Instance ${server} relocated via equivalence coordinates below ${to}`,
  ),
  {
    ...one('repoint', ['repoint'], ({ server, to }) => `Instance ${server} repointed below ${to}`),
    destination: 'optional',
  },
  alone('move-up', ['move-up'], 'one', ({ server }) => `Instance ${server} moved up`),
  alone('take-master', ['take-master', 'enslave-master'], 'one', ({ server }) => `${server} took its master`),
  alone('make-co-master', ['make-co-master'], 'one', ({ server }) => `Instance made co-master: ${server}`),
  alone(
    'take-siblings',
    ['take-siblings', 'enslave-siblings'],
    'one',
    (named) => `Took ${count(named)} siblings of ${named.server}${named.errors}`,
  ),
  {
    ...alone(
      'relocate-replicas',
      ['relocate-replicas', 'relocate-slaves'],
      'many',
      (named) => `Relocated ${count(named)} replicas of ${named.server} below ${named.to}${named.errors}`,
    ),
    destination: 'needed',
  },
  {
    ...alone(
      'move-replicas-gtid',
      ['move-replicas-gtid', 'move-slaves-gtid'],
      'many',
      (named) => `Moved ${count(named)} replicas of ${named.server} below ${named.to} via GTID${named.errors}`,
    ),
    destination: 'needed',
  },
  alone(
    'move-up-replicas',
    ['move-up-replicas', 'move-up-slaves'],
    'many',
    (named) => `Moved up ${count(named)} replicas of ${named.server} below ${named.to}${named.errors}`,
  ),
  alone(
    'repoint-replicas',
    ['repoint-replicas', 'repoint-slaves'],
    'many',
    (named) => `Repointed ${count(named)} replicas of ${named.server}${named.errors}`,
  ),
  alone(
    'detach-replica',
    ['detach-replica', 'detach-slave', 'detach-replica-master-host', 'detach-slave-master-host'],
    'one',
    ({ server }) => `Replica detached: ${server}`,
  ),
  alone(
    'reattach-replica',
    ['reattach-replica', 'reattach-slave', 'reattach-replica-master-host', 'reattach-slave-master-host'],
    'one',
    ({ server }) => `Replica reattached: ${server}`,
  ),
  alone(
    'regroup-replicas',
    ['regroup-replicas', 'regroup-slaves'],
    'leader',
    ({ leader, lost }) => `promoted replica: ${leader}, lost: ${String(lost)}, trivial: 0, pseudo-gtid: 0`,
  ),
  alone(
    'regroup-replicas-gtid',
    ['regroup-replicas-gtid', 'regroup-slaves-gtid'],
    'leader',
    (named) => `promoted replica: ${named.leader}, lost: ${String(named.lost)}, moved: ${count(named)}`,
  ),
];

function one(command: MoveCommand, names: readonly string[], says: Shape['says']): Shape {
  return { command, names, destination: 'needed', answers: 'one', says };
}

function alone(command: MoveCommand, names: readonly string[], answers: Shape['answers'], says: Shape['says']): Shape {
  return { command, names, destination: 'none', answers, says };
}

const DESTINATION = '/:belowHost/:belowPort';

/** `?channel=` without a name cannot be told from no channel at all: this word stands for the one without a name. */
const DEFAULT_CHANNEL = 'default';

export const MOVE_ROUTES: readonly Route[] = [
  ...SHAPES.flatMap((shape) =>
    shape.names.flatMap((name) => {
      const ends = { needed: [DESTINATION], none: [''], optional: ['', DESTINATION] }[shape.destination];
      return ends.flatMap((end) => [
        planned(`/api/${name}/:host/:port${end}`, (call, door) => move(shape, call, door)),
        relayed(`/api/v1/plan/${name}/:host/:port${end}`, (call, door) => plan(shape, call, door)),
      ]);
    }),
  ),
  write('/api/v1/cancel-move/:uid', cancel),
];

async function move(shape: Shape, call: Call, door: Door): Promise<Reply> {
  const request = requestOf(shape, call, door);
  if (!request.ok) return refused(request.error);
  if (call.query('dryRun') === 'true') return rehearsed(request.value, door);
  const answer = await door.service.move(request.value);
  if (!answer.ok) return declined(answer.refusal);
  const { verdict } = answer.value;
  const { server: id } = request.value;
  if (verdict?.kind !== 'succeeded')
    return refused(`${shape.command}: ${verdict?.reason ?? 'it is not over'}`, placesOf(id, answer.value, door));
  return reply(shape, request.value, answer.value, door);
}

function reply(shape: Shape, { server: id }: MoveRequest, recovery: Recovery, door: Door): Reply {
  const { state } = door.service;
  const { movement } = recovery.inputs;
  const name = (server: ServerId | null | undefined): string => (server == null ? '' : nameOf(server, door));
  const lost = new Map(recovery.lost.map((each) => [each.server, each]));
  const leader = leaderOf(recovery);
  const moves = (movement?.moves ?? []).filter(({ server }) => !lost.has(server) && server !== leader);
  const moved = moves.flatMap(({ server }) => state.servers.get(server) ?? []);
  const errors = [...lost.values()].map(({ server, reason }) => named(name(server), reason));
  const message = shape.says({
    server: name(id),
    to: name(movement?.moves[0]?.to),
    moved,
    errors: `; ${String(errors.length)} errors: [${errors.join('; ')}]`,
    lost: lost.size,
    leader: name(leader),
  });
  if (shape.answers === 'leader') return done(message, leader === null ? null : keyOf(leader, door));
  if (shape.answers === 'many') return doneBytes(message, door.views.instances(moved));
  const known = state.servers.get(id);
  return known === undefined ? done(message, null) : doneBytes(message, door.views.instance(known));
}

/** The server, and of a request for many who arrived all the same, and who did not and why. */
function placesOf(id: ServerId, recovery: Recovery, door: Door): object | null {
  const { movement } = recovery.inputs;
  const key = keyOf(id, door);
  if ((movement?.moves.length ?? 0) + (movement?.refused.length ?? 0) < 2) return key;
  const left = new Set(recovery.lost.map(({ server }) => server));
  const moved = arrivedIn(recovery).filter((server) => !left.has(server));
  return {
    ...key,
    Moved: moved.map((server) => keyOf(server, door)),
    Left: recovery.lost.map(({ server, reason }) => ({
      ...keyOf(server, door),
      Reason: withoutName(nameOf(server, door), reason),
    })),
  };
}

function nameOf(id: ServerId, door: Door): string {
  const address = door.service.state.servers.get(id)?.address;
  return address === undefined ? id : addressText(address);
}

function keyOf(id: ServerId, door: Door): ReturnType<typeof instanceKey> | null {
  const address = door.service.state.servers.get(id)?.address;
  return address === undefined ? null : instanceKey(address);
}

function plan(shape: Shape, call: Call, door: Door): Reply {
  const request = requestOf(shape, call, door);
  return request.ok ? bare(door.service.planMove(request.value)) : refused(request.error);
}

/** In the envelope of the command itself, so that what runs the command can read its rehearsal. */
function rehearsed(request: MoveRequest, door: Door): Reply {
  const shown = door.service.planMove(request);
  const { command, wouldRun, steps, refusals, warnings } = shown;
  if (!wouldRun) {
    return refused(`${command} would be refused: ${refusals.map(({ message }) => message).join('; ')}`, shown);
  }
  const known = warnings.map(({ message, mend }) => `; but ${message} (${mend})`).join('');
  return done(`${command}: ${String(steps.length)} steps; nothing was done${known}`, shown);
}

function requestOf({ command, destination }: Shape, call: Call, door: Door): Result<MoveRequest, string> {
  const index = door.views.index();
  const server = resolveServer(index, call.param('host'), call.param('port'), 'changing');
  if (!server.ok) return server;
  const isNamed = destination !== 'none' && call.param('belowHost') !== '';
  const to = isNamed ? resolveServer(index, call.param('belowHost'), call.param('belowPort'), 'changing') : null;
  if (to?.ok === false) return to;
  const channel = call.query('channel');
  const text = call.query('pattern');
  const pattern = text === '' ? null : compileSentPattern(text);
  if (pattern?.ok === false) return { ok: false, error: `"${text}" is not a regular expression: ${pattern.error}` };
  return ok({
    command,
    clusterId: server.value.clusterId,
    server: server.value.id,
    destination: to?.value.id ?? null,
    pattern: pattern?.value ?? null,
    ...(channel === '' ? {} : { channel: channel === DEFAULT_CHANNEL ? '' : channel }),
    requestedBy: askedBy(call, door),
    ...requestKeyOf(call),
  });
}

/** By the UID of the plan, as the audit and the stream of happenings name it. */
async function cancel(call: Call, door: Door): Promise<Reply> {
  const uid = call.param('uid') as RecoveryId;
  const answer = await door.service.cancelMove(uid, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`${uid}: what has begun is finished, and nothing else is begun`, { UID: uid });
}
