/**
 * Plan and Recover of the Recoveries service: what an operator may ask to be recovered, shown or done. A plan is answered by
 * the node that was asked; a request is done by the leader, to which every node passes it on.
 */
import {
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import type { OperatorCommand, Recovery } from '../../../core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { NotLeader } from '../../../runtime/ports/consensus-errors.js';
import type { Answer, PlanRequest, RecoveryRequest } from '../../../runtime/ports/service.js';
import { statusOf } from '../api-status.js';
import { keyed } from '../request-key.js';
import { AUTHORIZATION, Declined, declined, passOn, wasPassedOn, type WayToLeader } from '../pass-on.js';

export interface WireRecoveryRequest {
  readonly command: string;
  readonly cluster: string;
  readonly server: string;
  readonly candidate: string;
  readonly skipHooks: boolean;
  readonly requestKey: string;
}

export interface RequestMethods {
  readonly Plan: MethodDefinition<WireRecoveryRequest, object>;
  readonly Recover: MethodDefinition<WireRecoveryRequest, object>;
}

export interface RecoveryRequestDoor extends WayToLeader {
  /** From what a caller wrote, exactly; null: no cluster, or more than one, is called so. */
  clusterOf(hint: string): ClusterId | null;
  /** Null: no such server is known. */
  serverAt(address: string): { readonly id: ServerId; readonly clusterId: ClusterId } | null;
  /** `host:port`; its id where no address is known. */
  nameOf(server: ServerId): string;
  plan(request: PlanRequest): RecoveryPlan;
  recover(request: RecoveryRequest): Promise<Answer<Recovery>>;
  /** Null for the user: this node does not let them do it. */
  user(authorization: string | undefined, right: 'look' | 'change'): string | null;
}

type Call = ServerUnaryCall<WireRecoveryRequest, object>;

/** A recovery waits for relay logs, and is answered when its hooks have run. */
const RECOVER_MS = 300_000;

const COMMANDS: Readonly<Record<OperatorCommand, true>> = {
  'graceful-master-takeover': true,
  'graceful-master-takeover-auto': true,
  'force-master-failover': true,
  'force-master-takeover': true,
  recover: true,
  'recover-lite': true,
};

export function recoveryRequestHandlers(
  door: RecoveryRequestDoor,
  methods: RequestMethods,
): UntypedServiceImplementation {
  return {
    Plan: served<WireRecoveryRequest>(door, 'look', (call, by) => Promise.resolve(planned(door, call, by))),
    Recover: served<WireRecoveryRequest>(door, 'change', async (call, by) => await recovered(door, methods, call, by)),
  };
}

/** Asks first who it is that calls, and whether they may. */
export function served<Wire>(
  door: Pick<RecoveryRequestDoor, 'user'>,
  right: 'look' | 'change',
  serve: (call: ServerUnaryCall<Wire, object>, by: string) => Promise<object>,
): (call: ServerUnaryCall<Wire, object>, answer: sendUnaryData<object>) => void {
  return (call, answer) => {
    const [authorization] = call.metadata.get(AUTHORIZATION);
    const by = door.user(authorization === undefined ? undefined : String(authorization), right);
    if (by === null) {
      answer({
        code: status.PERMISSION_DENIED,
        details: 'this node lets you not do that: see AuthenticationMethod, ReadOnly',
      });
      return;
    }
    serve(call, by).then(
      (response) => {
        answer(null, response);
      },
      (error: unknown) => {
        answer(error instanceof Declined ? error.failure : statusOf(error));
      },
    );
  };
}

function planned(door: RecoveryRequestDoor, { request }: Call, by: string): object {
  const { clusterId, server } = aboutWhom(door, request);
  const plan =
    request.command === 'automatic'
      ? door.plan({ command: 'automatic', clusterId, server })
      : door.plan(requestOf(door, request, by));
  return planToWire(plan);
}

export function planToWire({ kind, failed, successor, verdict, ...rest }: RecoveryPlan): object {
  return {
    ...rest,
    kind: kind ?? '',
    failed: failed?.name ?? '',
    ...(successor === null ? {} : { successor }),
    verdict: verdict?.kind ?? '',
  };
}

async function recovered(door: RecoveryRequestDoor, methods: RequestMethods, call: Call, by: string): Promise<object> {
  try {
    const answer = await door.recover(requestOf(door, call.request, by));
    if (!answer.ok) throw declined(status.FAILED_PRECONDITION, answer.refusal.message, answer.refusal.code);
    return ended(door, answer.value);
  } catch (error) {
    const address = door.leaderAddress();
    if (!(error instanceof NotLeader) || wasPassedOn(call) || address === null) throw error;
    return await passOn(door, address, methods.Recover, call, RECOVER_MS);
  }
}

function ended(door: RecoveryRequestDoor, { id, kind, failed, successor, lost, verdict }: Recovery): object {
  return {
    uid: id,
    kind,
    verdict: verdict?.kind ?? '',
    reason: verdict === null || verdict.kind === 'succeeded' ? '' : verdict.reason,
    failed: door.nameOf(failed),
    successor: successor === null ? '' : door.nameOf(successor),
    lost: lost.map(({ server, reason, gtids }) => ({ server, name: door.nameOf(server), reason, gtids })),
  };
}

function requestOf(door: RecoveryRequestDoor, wire: WireRecoveryRequest, by: string): RecoveryRequest {
  const { command, candidate, skipHooks, requestKey } = wire;
  if (!isCommand(command)) {
    const known = Object.keys(COMMANDS).join(', ');
    throw declined(status.INVALID_ARGUMENT, `there is no command "${command}"; there are ${known}`, 'BAD_REQUEST');
  }
  return {
    command,
    ...aboutWhom(door, wire),
    candidate: candidate === '' ? null : serverCalled(door, candidate).id,
    requestedBy: by,
    ...(skipHooks ? { skipHooks } : {}),
    ...keyed(requestKey),
  };
}

/** The server, or the cluster, or both; a command about a server needs no more. */
function aboutWhom(
  door: RecoveryRequestDoor,
  { cluster, server }: WireRecoveryRequest,
): { readonly clusterId: ClusterId; readonly server: ServerId | null } {
  if (server !== '') {
    const { id, clusterId } = serverCalled(door, server);
    return { clusterId, server: id };
  }
  const clusterId = door.clusterOf(cluster);
  if (clusterId === null) throw declined(status.NOT_FOUND, `no cluster is called "${cluster}"`, 'NOT_FOUND');
  return { clusterId, server: null };
}

function serverCalled(
  door: RecoveryRequestDoor,
  text: string,
): { readonly id: ServerId; readonly clusterId: ClusterId } {
  const found = door.serverAt(text);
  if (found === null) throw declined(status.NOT_FOUND, `no server is known at "${text}"`, 'NOT_FOUND');
  return found;
}

function isCommand(text: string): text is OperatorCommand {
  return Object.hasOwn(COMMANDS, text);
}
