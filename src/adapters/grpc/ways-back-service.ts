/** The WaysBack service of proto/orchestrator.proto: a server that is set apart, and the three ways in which it comes back. */
import { fileURLToPath } from 'node:url';
import {
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { assert } from '../../core/base/assert.js';
import type { Recovery } from '../../core/recovery/recovery.js';
import { isWayBackName, WAYS_BY_NAME } from '../../core/recovery/way-names.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Answer, WayBackPlan, WayBackRequest } from '../../runtime/ports/service.js';
import { statusOf } from './api-status.js';

export interface WireShowWaysBack {
  readonly server: string;
  readonly donor: string;
}

export interface WireTakeWayBack extends WireShowWaysBack {
  readonly way: string;
}

export type WaysBackService = ServiceDefinition & {
  readonly Show: MethodDefinition<WireShowWaysBack, object>;
  readonly Take: MethodDefinition<WireTakeWayBack, object>;
};

export interface WaysBackDoor {
  /** `host:port`; null: no server is known there. */
  serverAt(text: string): ServerId | null;
  plans(server: ServerId, donor: ServerId | null): readonly WayBackPlan[];
  /** Rejects with NotLeader on a follower. */
  take(request: WayBackRequest): Promise<Answer<Recovery>>;
  /** Of whoever sent this `authorization`. */
  rights(authorization: string | undefined): { readonly look: boolean; readonly change: boolean };
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/orchestrator.proto', import.meta.url));

export function loadWaysBackService(): WaysBackService {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
  const service = loaded['orchestrator.v1.WaysBack'];
  assert(isWaysBackService(service), `${PROTO_FILE} does not define orchestrator.v1.WaysBack`);
  return service;
}

function isWaysBackService(value: unknown): value is WaysBackService {
  return typeof value === 'object' && value !== null && 'Show' in value && 'Take' in value;
}

type Reply = sendUnaryData<object>;

export function waysBackHandlers(door: WaysBackDoor): UntypedServiceImplementation {
  return {
    Show: (call: ServerUnaryCall<WireShowWaysBack, object>, answer: Reply): void => {
      const named = namedIn(call, door, 'look', answer);
      if (named === null) return;
      const ways = door.plans(named.server, named.donor);
      answer(null, { ways: ways.map(({ way, ...plan }) => ({ way: WAYS_BY_NAME.nameOf(way), ...plan })) });
    },
    Take: (call: ServerUnaryCall<WireTakeWayBack, object>, answer: Reply): void => {
      const named = namedIn(call, door, 'change', answer);
      if (named === null) return;
      const { way } = call.request;
      if (!isWayBackName(way)) {
        const details = `"${way}" is no way back: ${WAYS_BY_NAME.names.join(', ')}`;
        answer({ code: status.INVALID_ARGUMENT, details });
        return;
      }
      door.take({ ...named, way: WAYS_BY_NAME.wayOf(way), requestedBy: 'gRPC' }).then(
        (taken) => {
          if (taken.ok) answer(null, recordOf(taken.value));
          else answer({ code: status.FAILED_PRECONDITION, details: taken.refusal.message });
        },
        (error: unknown) => {
          answer(statusOf(error));
        },
      );
    },
  };
}

function namedIn(
  call: ServerUnaryCall<WireShowWaysBack, object>,
  door: WaysBackDoor,
  right: 'look' | 'change',
  answer: Reply,
): { readonly server: ServerId; readonly donor: ServerId | null } | null {
  const [authorization] = call.metadata.get('authorization');
  if (!door.rights(authorization === undefined ? undefined : String(authorization))[right]) {
    answer({ code: status.PERMISSION_DENIED, details: `this node lets you not ${right}: see AuthenticationMethod` });
    return null;
  }
  const { server, donor } = call.request;
  const found = door.serverAt(server);
  const from = donor === '' ? null : door.serverAt(donor);
  if (found !== null && (from !== null || donor === '')) return { server: found, donor: from };
  answer({ code: status.NOT_FOUND, details: `no server is known at "${found === null ? server : donor}"` });
  return null;
}

/** It may still be under way. */
function recordOf({ id, verdict }: Recovery): object {
  const reason = verdict === null || verdict.kind === 'succeeded' ? '' : verdict.reason;
  return { recovery: id, verdict: verdict?.kind ?? '', reason };
}
