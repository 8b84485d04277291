/**
 * The Moves service of proto/orchestrator.proto: rearrangements, shown by the node that was asked and carried out by the
 * leader, to which every node passes them on.
 */
import {
  type MethodDefinition,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { compileSentPattern } from '../../../core/base/pattern.js';
import { arrivedIn } from '../../../core/recovery/progress/headway.js';
import { MOVE_COMMANDS, type MoveCommand } from '../../../core/recovery/requests/movement.js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import { leaderOf } from '../../../core/recovery/playbooks/regroup.js';
import type { Recovery, RecoveryId } from '../../../core/recovery/recovery.js';
import { withoutName } from '../../../core/recovery/telling/naming.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { Answer, MoveRequest } from '../../../runtime/ports/service.js';
import { accepted, byLeader } from '../by-leader.js';
import { declined, type WayToLeader } from '../pass-on.js';
import { loadService } from '../proto-service.js';
import { keyed } from '../request-key.js';
import { planToWire, type RecoveryRequestDoor, served } from './recovery-requests.js';

export interface WireMoveRequest {
  readonly command: string;
  readonly server: string;
  readonly destination: string;
  readonly pattern: string;
  /** Undefined: not said. */
  readonly channel?: string;
  readonly requestKey: string;
}

export interface WireCancelMove {
  readonly uid: string;
}

export type MovesService = ServiceDefinition & {
  readonly Plan: MethodDefinition<WireMoveRequest, object>;
  readonly Move: MethodDefinition<WireMoveRequest, object>;
  readonly Cancel: MethodDefinition<WireCancelMove, object>;
};

export interface MovesDoor extends WayToLeader, Pick<RecoveryRequestDoor, 'serverAt' | 'nameOf' | 'user'> {
  plan(request: MoveRequest): RecoveryPlan;
  /** Rejects with NotLeader on a follower. */
  move(request: MoveRequest): Promise<Answer<Recovery>>;
  cancel(id: RecoveryId, by: string): Promise<Answer<Recovery>>;
}

/** As long as the leader may be busy with many of them, one after the other. */
const MOVE_MS = 300_000;
const CANCEL_MS = 10_000;

export function loadMovesService(): MovesService {
  return loadService<MovesService>('clients', 'Moves', ['Plan', 'Move', 'Cancel']);
}

export function movesHandlers(door: MovesDoor): UntypedServiceImplementation {
  const { Move, Cancel } = loadMovesService();
  return {
    Plan: served<WireMoveRequest>(door, 'look', async (call, by) => {
      return await Promise.resolve(planToWire(door.plan(requestOf(door, call.request, by))));
    }),
    Move: served<WireMoveRequest>(door, 'change', async (call, by) => {
      const request = requestOf(door, call.request, by);
      return await byLeader(door, Move, call, MOVE_MS, async () => ended(door, accepted(await door.move(request))));
    }),
    Cancel: served<WireCancelMove>(door, 'change', async (call, by) => {
      const uid = call.request.uid as RecoveryId;
      return await byLeader(door, Cancel, call, CANCEL_MS, async () => {
        accepted(await door.cancel(uid, by));
        return {};
      });
    }),
  };
}

function ended(door: MovesDoor, recovery: Recovery): object {
  const { id, verdict, lost, inputs } = recovery;
  const leader = leaderOf(recovery);
  const left = new Set(lost.map(({ server }) => server));
  // Of one that ended badly some may have arrived all the same.
  const arrived =
    verdict?.kind === 'succeeded' ? (inputs.movement?.moves ?? []).map(({ server }) => server) : arrivedIn(recovery);
  const moved = arrived.filter((server) => !left.has(server) && server !== leader);
  return {
    uid: id,
    verdict: verdict?.kind ?? '',
    reason: verdict === null || verdict.kind === 'succeeded' ? '' : verdict.reason,
    moved: moved.map((server) => door.nameOf(server)),
    lost: lost.map(({ server, reason, gtids }) => {
      const name = door.nameOf(server);
      return { server, name, reason: withoutName(name, reason), gtids };
    }),
    leader: leader === null ? '' : door.nameOf(leader),
  };
}

function requestOf(door: MovesDoor, wire: WireMoveRequest, by: string): MoveRequest {
  const { command, server, destination, pattern, channel, requestKey } = wire;
  if (!isCommand(command)) {
    const text = `there is no command "${command}"; there are ${MOVE_COMMANDS.join(', ')}`;
    throw declined(status.INVALID_ARGUMENT, text, 'BAD_REQUEST');
  }
  const moving = serverCalled(door, server);
  const chosen = pattern === '' ? null : compileSentPattern(pattern);
  if (chosen?.ok === false) {
    const text = `"${pattern}" is not a regular expression: ${chosen.error}`;
    throw declined(status.INVALID_ARGUMENT, text, 'BAD_REQUEST');
  }
  return {
    command,
    clusterId: moving.clusterId,
    server: moving.id,
    destination: destination === '' ? null : serverCalled(door, destination).id,
    pattern: chosen?.value ?? null,
    requestedBy: by,
    ...(channel === undefined ? {} : { channel }),
    ...keyed(requestKey),
  };
}

function serverCalled(
  door: MovesDoor,
  text: string,
): { readonly id: ServerId; readonly clusterId: MoveRequest['clusterId'] } {
  const found = door.serverAt(text);
  if (found === null) throw declined(status.NOT_FOUND, `no server is known at "${text}"`, 'NOT_FOUND');
  return found;
}

function isCommand(text: string): text is MoveCommand {
  return (MOVE_COMMANDS as readonly string[]).includes(text);
}
