/** The service of proto/peers.proto, and its messages as they come off the wire. */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { Address } from '../../../core/topology/address.js';
import type { WireWatchRequest, WireWatchResponse } from './watch-convert.js';
import { loadService } from '../proto-service.js';

export interface WireExamineRequest {
  readonly server: Address | null;
  readonly timeoutMs: number;
}

export interface WireExamineResponse {
  readonly vote: string;
  readonly detail: string;
  readonly ageMs: number;
}

export interface WireLostRequest {
  readonly server: Address | null;
  readonly reason: string;
}

export type WireLostResponse = Readonly<Record<string, never>>;

export interface PeersService {
  readonly Examine: MethodDefinition<WireExamineRequest, WireExamineResponse>;
  readonly Lost: MethodDefinition<WireLostRequest, WireLostResponse>;
  readonly Watch: MethodDefinition<WireWatchRequest, WireWatchResponse>;
}

export function loadPeersService(): PeersService & ServiceDefinition {
  return loadService<PeersService>('peers', 'Peers', ['Examine', 'Lost', 'Watch']);
}
