/**
 * The messages of the KeyValue service as the loader hands them out and takes them: field names in camel case, uint64 as
 * numbers, enums by name, an `optional` field left out when it is absent, a oneof named by a field of its own.
 */
export interface WireGetRequest {
  readonly key: string;
  readonly consistency: string;
}

export interface WireGetResponse {
  readonly found: boolean;
  readonly value: string;
  readonly revision: number;
}

export interface WirePutRequest {
  readonly key: string;
  readonly value: string;
}

export interface WirePutResponse {
  readonly revision: number;
}

export interface WireCompareAndSwapRequest {
  readonly key: string;
  readonly expected?: string;
  readonly value: string;
}

export interface WireCompareAndSwapResponse {
  readonly swapped: boolean;
  readonly revision: number;
}

export interface WireDeleteRequest {
  readonly key: string;
}

export interface WireDeleteResponse {
  readonly found: boolean;
  readonly revision: number;
}

export interface WireWatchRequest {
  readonly prefix: string;
  readonly fromRevision: number;
}

export interface WireWatchEvent {
  readonly key: string;
  readonly value?: string;
  readonly revision: number;
}

export interface WirePipelineRequest {
  readonly id: number;
  /** Which of the others is there; none when the caller is newer than this program. */
  readonly request?: string;
  readonly get?: WireGetRequest;
  readonly put?: WirePutRequest;
  readonly compareAndSwap?: WireCompareAndSwapRequest;
  readonly delete?: WireDeleteRequest;
}

export interface WirePipelineResponse {
  readonly id: number;
  readonly response?: string;
  readonly get?: WireGetResponse;
  readonly put?: WirePutResponse;
  readonly compareAndSwap?: WireCompareAndSwapResponse;
  readonly delete?: WireDeleteResponse;
  readonly failure?: WireFailure;
}

export interface WireFailure {
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly certainlyNotDone: boolean;
}
