/** The Recoveries service of proto/orchestrator.proto: the use cases of the port, with absent for null. */
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
import type { Explanation } from '../../core/recovery/explain.js';
import type { ClusterId } from '../../core/topology/server.js';
import { statusOf } from './api-status.js';
import { type RecoveryRequestDoor, recoveryRequestHandlers, type RequestMethods } from './recovery-requests.js';

export interface WireExplainRequest {
  readonly cluster: string;
}

export type RecoveriesService = ServiceDefinition & {
  readonly Explain: MethodDefinition<WireExplainRequest, object>;
} & RequestMethods;

export interface RecoveriesDoor extends RecoveryRequestDoor {
  explain(cluster: ClusterId): Explanation | null;
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/orchestrator.proto', import.meta.url));

export function loadRecoveriesService(): RecoveriesService {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
  const service = loaded['orchestrator.v1.Recoveries'];
  assert(isRecoveriesService(service), `${PROTO_FILE} does not define orchestrator.v1.Recoveries`);
  return service;
}

function isRecoveriesService(value: unknown): value is RecoveriesService {
  return typeof value === 'object' && value !== null && ['Explain', 'Plan', 'Recover'].every((name) => name in value);
}

export function recoveriesHandlers(door: RecoveriesDoor): UntypedServiceImplementation {
  return {
    ...recoveryRequestHandlers(door, loadRecoveriesService()),
    Explain: (call: ServerUnaryCall<WireExplainRequest, object>, answer: sendUnaryData<object>): void => {
      const [authorization] = call.metadata.get('authorization');
      if (door.user(authorization === undefined ? undefined : String(authorization), 'look') === null) {
        answer({ code: status.PERMISSION_DENIED, details: 'this node does not know you: see AuthenticationMethod' });
        return;
      }
      try {
        const cluster = door.clusterOf(call.request.cluster);
        const explanation = cluster === null ? null : door.explain(cluster);
        if (explanation !== null) answer(null, toWire(explanation));
        else answer({ code: status.NOT_FOUND, details: `no cluster is called "${call.request.cluster}"` });
      } catch (error) {
        answer(statusOf(error));
      }
    },
  };
}

function toWire({ successor, loss, candidates, ...rest }: Explanation): object {
  return {
    ...rest,
    ...(successor === null ? {} : { successor }),
    loss: { ...loss, unreceived: loss.unreceived ?? undefined },
    candidates: candidates.map(({ lagSeconds, unapplied, rank, ...candidate }) => ({
      ...candidate,
      ...(lagSeconds === null ? {} : { lagSeconds }),
      ...(unapplied === null ? {} : { unapplied }),
      ...(rank === null ? {} : { rank }),
    })),
  };
}
