/** The services of proto/orchestrator.proto, loaded at run time as those of the peers are (peer-proto.ts). */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { assert } from '../../core/base/assert.js';
import { noticingBrokenText } from './key-value-text.js';
import type {
  WireCompareAndSwapRequest,
  WireCompareAndSwapResponse,
  WireDeleteRequest,
  WireDeleteResponse,
  WireGetRequest,
  WireGetResponse,
  WirePipelineRequest,
  WirePipelineResponse,
  WirePutRequest,
  WirePutResponse,
  WireWatchEvent,
  WireWatchRequest,
} from './key-value-wire.js';

export interface KeyValueService {
  readonly Get: MethodDefinition<WireGetRequest, WireGetResponse>;
  readonly Put: MethodDefinition<WirePutRequest, WirePutResponse>;
  readonly CompareAndSwap: MethodDefinition<WireCompareAndSwapRequest, WireCompareAndSwapResponse>;
  readonly Delete: MethodDefinition<WireDeleteRequest, WireDeleteResponse>;
  readonly Watch: MethodDefinition<WireWatchRequest, WireWatchEvent>;
  readonly Pipeline: MethodDefinition<WirePipelineRequest, WirePipelineResponse>;
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/orchestrator.proto', import.meta.url));

const KEY_VALUE_METHODS = ['Get', 'Put', 'CompareAndSwap', 'Delete', 'Watch', 'Pipeline'] as const;

export function loadKeyValueService(): KeyValueService & ServiceDefinition {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
  const service = loaded['orchestrator.v1.KeyValue'];
  assert(isKeyValueService(service), `${PROTO_FILE} does not define orchestrator.v1.KeyValue`);
  return Object.assign(service, {
    Get: noticingBrokenText(service.Get),
    Put: noticingBrokenText(service.Put),
    CompareAndSwap: noticingBrokenText(service.CompareAndSwap),
    Delete: noticingBrokenText(service.Delete),
    Watch: noticingBrokenText(service.Watch),
    Pipeline: noticingBrokenText(service.Pipeline),
  });
}

function isKeyValueService(value: unknown): value is KeyValueService & ServiceDefinition {
  return typeof value === 'object' && value !== null && KEY_VALUE_METHODS.every((method) => method in value);
}
