/**
 * What operators change on one server, under the incumbent's paths and in its words. Each may be asked for with
 * `?dryRun=true`, and stands again below /api/v1/plan: then nothing is done, and the answer is the plan. What protects an
 * operator from a slip gives way to `?force=true`; what protects data does not.
 */
import { ok, type Result } from '../../../core/base/result.js';
import { sizeOf } from '../../../core/recovery/progress/gtids.js';
import { endedByKill, injectedBy } from '../../../core/recovery/playbooks/switch.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { SwitchCommand } from '../../../core/recovery/requests/switching.js';
import { named } from '../../../core/recovery/telling/naming.js';
import { addressText } from '../../../core/topology/address.js';
import type { Server } from '../../../core/topology/server.js';
import type { SwitchRequest } from '../../../runtime/ports/service.js';
import { resolveServer } from '../hints.js';
import { bare, declined, done, doneBytes, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, plan as planned, relayed, requestKeyOf, type Route } from '../route.js';

interface Told {
  /** `host:port`. */
  readonly name: string;
  readonly request: SwitchRequest;
  readonly recovery: Recovery;
  /** `host:port` of the primary of its cluster. */
  readonly primary: string;
}

interface Shape {
  readonly command: SwitchCommand;
  readonly names: readonly string[];
  /** What follows host and port in the path. */
  readonly end: '' | '/:seconds' | '/:logFile' | '/:process';
  readonly says: (told: Told) => string;
}

const OTHER_NAMES: { readonly [K in SwitchCommand]?: readonly string[] } = {
  'start-replica': ['start-slave'],
  'stop-replica': ['stop-slave'],
  'stop-replica-nice': ['stop-slave-nice'],
  'restart-replica': ['restart-slave'],
  'reset-replica': ['reset-slave'],
  'enable-semi-sync-master': ['enable-semi-sync-source'],
  'disable-semi-sync-master': ['disable-semi-sync-source'],
};

const SHAPES: readonly Shape[] = [
  onOne('start-replica', ({ name }) => `Replica started: ${name}`),
  onOne('stop-replica', ({ name }) => `Replica stopped: ${name}`),
  onOne('stop-replica-nice', ({ name }) => `Replica stopped nicely: ${name}`),
  onOne('restart-replica', ({ name }) => `Replica restarted: ${name}`),
  onOne('reset-replica', ({ name }) => `Replica reset: ${name}`),
  onOne('skip-query', ({ name }) => `Query skipped on : ${name}`),
  onOne('enable-gtid', ({ name }) => `Successfully enabled GTID on ${name}`),
  onOne('disable-gtid', ({ name }) => `Successfully disabled GTID on ${name}`),
  onOne('change-master-credentials', ({ name }) => `Replication credentials changed on ${name}`),
  onOne('enable-semi-sync-master', ({ name }) => `Semi-sync source enabled on ${name}`),
  onOne('disable-semi-sync-master', ({ name }) => `Semi-sync source disabled on ${name}`),
  onOne('enable-semi-sync-replica', ({ name }) => `Semi-sync replica enabled on ${name}`),
  onOne('disable-semi-sync-replica', ({ name }) => `Semi-sync replica disabled on ${name}`),
  onOne('set-read-only', () => 'Server set as read-only'),
  onOne('set-writeable', () => 'Server set as writeable'),
  onOne('flush-binary-logs', ({ name }) => `Binary logs flushed on: ${name}`),
  onOne('gtid-errant-reset-master', ({ name }) => `Removed errant GTID on ${name} and issued a RESET MASTER`),
  onOne(
    'gtid-errant-inject-empty',
    ({ recovery, primary }) =>
      `Have injected ${String(sizeOf(injectedBy(recovery)))} transactions on cluster master ${primary}`,
  ),
  {
    ...onOne(
      'delay-replication',
      ({ name, request }) => `Replication delayed by ${String(request.seconds)} seconds: ${name}`,
    ),
    end: '/:seconds',
  },
  { ...onOne('purge-binary-logs', ({ name }) => `Binary logs purged on: ${name}`), end: '/:logFile' },
  {
    ...onOne('kill-query', ({ name, recovery }) =>
      endedByKill(recovery) ? `Query killed on : ${name}` : `Nothing to kill any more on : ${name}`,
    ),
    end: '/:process',
  },
];

function onOne(command: SwitchCommand, says: Shape['says']): Shape {
  return { command, names: [command, ...(OTHER_NAMES[command] ?? [])], end: '', says };
}

export const SWITCH_ROUTES: readonly Route[] = SHAPES.flatMap((shape) =>
  shape.names.flatMap((name) => [
    planned(`/api/${name}/:host/:port${shape.end}`, (call, door) => change(shape, call, door)),
    relayed(`/api/v1/plan/${name}/:host/:port${shape.end}`, (call, door) => plan(shape, call, door)),
  ]),
);

async function change(shape: Shape, call: Call, door: Door): Promise<Reply> {
  const asked = requestOf(shape, call, door);
  if (!asked.ok) return refused(asked.error);
  const { request, server } = asked.value;
  if (call.query('dryRun') === 'true') return rehearsed(request, door);
  const answer = await door.service.switch(request);
  if (!answer.ok) return declined(answer.refusal);
  const { verdict } = answer.value;
  if (verdict?.kind !== 'succeeded') {
    const reason = verdict?.reason ?? 'it is not over';
    const name = addressText(server.address);
    return refused(reason.startsWith(shape.command) ? reason : `${shape.command} on ${named(name, reason)}`);
  }
  return reply(shape, request, answer.value, door);
}

function reply(shape: Shape, request: SwitchRequest, recovery: Recovery, door: Door): Reply {
  const { state } = door.service;
  const server = state.servers.get(request.server);
  const primary = state.servers.get(state.clusters.get(request.clusterId)?.primary ?? request.server);
  if (server === undefined) return done(`${shape.command}: done`, null);
  const name = addressText(server.address);
  const message = shape.says({
    name,
    request,
    recovery,
    primary: primary === undefined ? '' : addressText(primary.address),
  });
  if (shape.command === 'delay-replication') return done(message, request.seconds);
  return doneBytes(message, door.views.instance(server));
}

function plan(shape: Shape, call: Call, door: Door): Reply {
  const asked = requestOf(shape, call, door);
  return asked.ok ? bare(door.service.planSwitch(asked.value.request)) : refused(asked.error);
}

/** In the envelope of the command itself, so that what runs the command can read its rehearsal. */
function rehearsed(request: SwitchRequest, door: Door): Reply {
  const shown = door.service.planSwitch(request);
  const { command, wouldRun, steps, refusals } = shown;
  if (!wouldRun) {
    return refused(`${command} would be refused: ${refusals.map(({ message }) => message).join('; ')}`, shown);
  }
  return done(`${command}: ${String(steps.length)} steps; nothing was done`, shown);
}

function requestOf(
  { command, end }: Shape,
  call: Call,
  door: Door,
): Result<{ readonly request: SwitchRequest; readonly server: Server }, string> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return found;
  const server = found.value;
  const request: SwitchRequest = {
    command,
    clusterId: server.clusterId,
    server: server.id,
    channel: channelIn(call.query('channel')),
    seconds: end === '/:seconds' ? numberIn(call.param('seconds')) : null,
    binaryLog: end === '/:logFile' ? call.param('logFile') : call.query('to'),
    connection: end === '/:process' ? numberIn(call.param('process')) : null,
    until: call.query('until'),
    force: call.query('force') === 'true',
    requestedBy: askedBy(call, door),
    ...requestKeyOf(call),
  };
  return ok({ request, server });
}

/** `default` stands for the one without a name, which cannot be told from none at all. */
function channelIn(text: string): string | null {
  if (text === '') return null;
  return text === 'default' ? '' : text;
}

/** What is none is refused with the rest. */
function numberIn(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
