/**
 * The WaysBack service of proto/orchestrator.proto: a server that is set apart, and the three ways in which it comes back.
 * Shown by the node that was asked; taken by the leader, to which every node passes it on.
 */
import {
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import { isWayBackName, WAYS_BY_NAME } from '../../../core/recovery/ways-back/way-names.js';
import type { ServerId } from '../../../core/topology/server.js';
import { NotLeader } from '../../../runtime/ports/consensus-errors.js';
import type { Answer, WayBackPlan, WayBackRequest } from '../../../runtime/ports/service.js';
import { statusOf } from '../api-status.js';
import { AUTHORIZATION, Declined, declined, passOn, wasPassedOn, type WayToLeader } from '../pass-on.js';
import { keyed } from '../request-key.js';
import { loadService } from '../proto-service.js';

export interface WireShowWaysBack {
  readonly server: string;
  readonly donor: string;
}

export interface WireTakeWayBack extends WireShowWaysBack {
  readonly way: string;
  readonly requestKey: string;
}

export type WaysBackService = ServiceDefinition & {
  readonly Show: MethodDefinition<WireShowWaysBack, object>;
  readonly Take: MethodDefinition<WireTakeWayBack, object>;
};

export interface WaysBackDoor extends WayToLeader {
  /** `host:port`; null: no server is known there. */
  serverAt(text: string): ServerId | null;
  plans(server: ServerId, donor: ServerId | null): readonly WayBackPlan[];
  /** Rejects with NotLeader on a follower. */
  take(request: WayBackRequest): Promise<Answer<Recovery>>;
  /** Who sent this `authorization`; null: this node does not let them do it. */
  user(authorization: string | undefined, right: 'look' | 'change'): string | null;
}

export function loadWaysBackService(): WaysBackService {
  return loadService<WaysBackService>('clients', 'WaysBack', ['Show', 'Take']);
}

type Reply = sendUnaryData<object>;
type Take = ServerUnaryCall<WireTakeWayBack, object>;

/** Longer than the leader lets anybody wait for a way back. */
const TAKE_MS = 30_000;

export function waysBackHandlers(door: WaysBackDoor): UntypedServiceImplementation {
  const { Take } = loadWaysBackService();
  return {
    Show: served<WireShowWaysBack>((call) => {
      const { server, donor } = namedIn(call, door, 'look');
      const ways = door.plans(server, donor);
      return Promise.resolve({ ways: ways.map(({ way, ...plan }) => ({ way: WAYS_BY_NAME.nameOf(way), ...plan })) });
    }),
    Take: served<WireTakeWayBack>(async (call) => {
      const { by, ...named } = namedIn(call, door, 'change');
      const { way, requestKey } = call.request;
      if (!isWayBackName(way)) {
        const details = `"${way}" is no way back: ${WAYS_BY_NAME.names.join(', ')}`;
        throw declined(status.INVALID_ARGUMENT, details, 'BAD_REQUEST');
      }
      return await taken(door, Take, call, {
        ...named,
        way: WAYS_BY_NAME.wayOf(way),
        requestedBy: by,
        ...keyed(requestKey),
      });
    }),
  };
}

function served<Wire>(
  serve: (call: ServerUnaryCall<Wire, object>) => Promise<object>,
): (call: ServerUnaryCall<Wire, object>, answer: Reply) => void {
  return (call, answer) => {
    Promise.resolve(call)
      .then(serve)
      .then(
        (response) => {
          answer(null, response);
        },
        (error: unknown) => {
          answer(error instanceof Declined ? error.failure : statusOf(error));
        },
      );
  };
}

async function taken(
  door: WaysBackDoor,
  method: WaysBackService['Take'],
  call: Take,
  request: WayBackRequest,
): Promise<object> {
  try {
    const answer = await door.take(request);
    if (answer.ok) return recordOf(answer.value);
    throw declined(status.FAILED_PRECONDITION, answer.refusal.message, answer.refusal.code);
  } catch (error) {
    const address = door.leaderAddress();
    if (!(error instanceof NotLeader) || wasPassedOn(call) || address === null) throw error;
    return await passOn(door, address, method, call, TAKE_MS);
  }
}

interface Named {
  readonly server: ServerId;
  readonly donor: ServerId | null;
  /** Who asks. */
  readonly by: string;
}

function namedIn(call: ServerUnaryCall<WireShowWaysBack, object>, door: WaysBackDoor, right: 'look' | 'change'): Named {
  const [authorization] = call.metadata.get(AUTHORIZATION);
  const by = door.user(authorization === undefined ? undefined : String(authorization), right);
  if (by === null) {
    const details = `this node lets you not ${right}: see AuthenticationMethod, ReadOnly`;
    throw declined(status.PERMISSION_DENIED, details, 'UNAUTHORIZED');
  }
  const { server, donor } = call.request;
  return { server: serverCalled(door, server), donor: donor === '' ? null : serverCalled(door, donor), by };
}

function serverCalled(door: WaysBackDoor, text: string): ServerId {
  const found = door.serverAt(text);
  if (found === null) throw declined(status.NOT_FOUND, `no server is known at "${text}"`, 'NOT_FOUND');
  return found;
}

/** It may still be under way. */
function recordOf({ id, verdict }: Recovery): object {
  const reason = verdict === null || verdict.kind === 'succeeded' ? '' : verdict.reason;
  return { recovery: id, verdict: verdict?.kind ?? '', reason };
}
