/** The Recoveries service of proto/orchestrator.proto: the use cases of the port, with absent for null. */
import {
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Explanation } from '../../../core/recovery/explain/explain.js';
import type { ClusterId } from '../../../core/topology/server.js';
import { statusOf } from '../api-status.js';
import { loadService } from '../proto-service.js';
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

export function loadRecoveriesService(): RecoveriesService {
  return loadService<RecoveriesService>('clients', 'Recoveries', ['Explain', 'Plan', 'Recover']);
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
