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

export interface WireExplainRequest {
  readonly cluster: string;
}

export type RecoveriesService = ServiceDefinition & {
  readonly Explain: MethodDefinition<WireExplainRequest, object>;
};

export interface RecoveriesDoor {
  /** From what a caller wrote; null: no cluster is called so. */
  clusterOf(hint: string): ClusterId | null;
  explain(cluster: ClusterId): Explanation | null;
  /** Whether who sent this `authorization` may look. */
  mayLook(authorization: string | undefined): boolean;
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/orchestrator.proto', import.meta.url));

export function loadRecoveriesService(): RecoveriesService {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
  const service = loaded['orchestrator.v1.Recoveries'];
  assert(isRecoveriesService(service), `${PROTO_FILE} does not define orchestrator.v1.Recoveries`);
  return service;
}

function isRecoveriesService(value: unknown): value is RecoveriesService {
  return typeof value === 'object' && value !== null && 'Explain' in value;
}

export function recoveriesHandlers(door: RecoveriesDoor): UntypedServiceImplementation {
  return {
    Explain: (call: ServerUnaryCall<WireExplainRequest, object>, answer: sendUnaryData<object>): void => {
      const [authorization] = call.metadata.get('authorization');
      if (!door.mayLook(authorization === undefined ? undefined : String(authorization))) {
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
