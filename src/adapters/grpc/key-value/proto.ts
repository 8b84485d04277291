/** The KeyValue service of proto/orchestrator.proto; text that is no UTF-8 is noticed, not replaced. */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { noticingBrokenText } from './text.js';
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
} from './wire.js';
import { loadService } from '../proto-service.js';

export interface KeyValueService {
  readonly Get: MethodDefinition<WireGetRequest, WireGetResponse>;
  readonly Put: MethodDefinition<WirePutRequest, WirePutResponse>;
  readonly CompareAndSwap: MethodDefinition<WireCompareAndSwapRequest, WireCompareAndSwapResponse>;
  readonly Delete: MethodDefinition<WireDeleteRequest, WireDeleteResponse>;
  readonly Watch: MethodDefinition<WireWatchRequest, WireWatchEvent>;
  readonly Pipeline: MethodDefinition<WirePipelineRequest, WirePipelineResponse>;
}

const KEY_VALUE_METHODS = ['Get', 'Put', 'CompareAndSwap', 'Delete', 'Watch', 'Pipeline'] as const;

export function loadKeyValueService(): KeyValueService & ServiceDefinition {
  const service = loadService<KeyValueService>('clients', 'KeyValue', KEY_VALUE_METHODS);
  return {
    ...service,
    Get: noticingBrokenText(service.Get),
    Put: noticingBrokenText(service.Put),
    CompareAndSwap: noticingBrokenText(service.CompareAndSwap),
    Delete: noticingBrokenText(service.Delete),
    Watch: noticingBrokenText(service.Watch),
    Pipeline: noticingBrokenText(service.Pipeline),
  };
}
