/**
 * The Switches service of proto/orchestrator.proto: changes of one server, shown by the node that was asked and carried out by
 * the leader, to which every node passes them on.
 */
import {
  type MethodDefinition,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import { SWITCH_COMMANDS, type SwitchCommand } from '../../../core/recovery/requests/switching.js';
import type { Answer, SwitchRequest } from '../../../runtime/ports/service.js';
import { accepted, byLeader } from '../by-leader.js';
import { declined, type WayToLeader } from '../pass-on.js';
import { loadService } from '../proto-service.js';
import { keyed } from '../request-key.js';
import { planToWire, type RecoveryRequestDoor, served } from './recovery-requests.js';

export interface WireSwitchRequest {
  readonly command: string;
  readonly server: string;
  /** Undefined: not said. */
  readonly channel?: string;
  readonly seconds?: number;
  readonly binaryLog: string;
  readonly connection: number;
  readonly until: string;
  readonly force: boolean;
  readonly requestKey: string;
}

export type SwitchesService = ServiceDefinition & {
  readonly Plan: MethodDefinition<WireSwitchRequest, object>;
  readonly Switch: MethodDefinition<WireSwitchRequest, object>;
};

export interface SwitchesDoor extends WayToLeader, Pick<RecoveryRequestDoor, 'serverAt' | 'user'> {
  plan(request: SwitchRequest): RecoveryPlan;
  /** Rejects with NotLeader on a follower. */
  switch(request: SwitchRequest): Promise<Answer<Recovery>>;
}

/** A nice stop waits for the relay log. */
const SWITCH_MS = 120_000;

export function loadSwitchesService(): SwitchesService {
  return loadService<SwitchesService>('clients', 'Switches', ['Plan', 'Switch']);
}

export function switchesHandlers(door: SwitchesDoor): UntypedServiceImplementation {
  const { Switch } = loadSwitchesService();
  return {
    Plan: served<WireSwitchRequest>(door, 'look', async (call, by) => {
      return await Promise.resolve(planToWire(door.plan(requestOf(door, call.request, by))));
    }),
    Switch: served<WireSwitchRequest>(door, 'change', async (call, by) => {
      const request = requestOf(door, call.request, by);
      return await byLeader(door, Switch, call, SWITCH_MS, async () => ended(accepted(await door.switch(request))));
    }),
  };
}

function ended({ id, verdict }: Recovery): object {
  const reason = verdict === null || verdict.kind === 'succeeded' ? '' : verdict.reason;
  return { uid: id, verdict: verdict?.kind ?? '', reason };
}

function requestOf(door: SwitchesDoor, wire: WireSwitchRequest, by: string): SwitchRequest {
  const { command, server, channel, seconds, binaryLog, connection, until, force, requestKey } = wire;
  if (!isCommand(command)) {
    const text = `there is no command "${command}"; there are ${SWITCH_COMMANDS.join(', ')}`;
    throw declined(status.INVALID_ARGUMENT, text, 'BAD_REQUEST');
  }
  const found = door.serverAt(server);
  if (found === null) throw declined(status.NOT_FOUND, `no server is known at "${server}"`, 'NOT_FOUND');
  return {
    command,
    clusterId: found.clusterId,
    server: found.id,
    channel: channel ?? null,
    seconds: seconds ?? null,
    binaryLog,
    connection: connection === 0 ? null : connection,
    until,
    force,
    requestedBy: by,
    ...keyed(requestKey),
  };
}

function isCommand(text: string): text is SwitchCommand {
  return (SWITCH_COMMANDS as readonly string[]).includes(text);
}
