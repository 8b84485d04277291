/**
 * The service of proto/peers.proto, loaded at run time, and its messages as they come off the wire. The file lies beside
 * `src` and `dist` alike, so the same way leads to it from both.
 */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { assert } from '../../core/base/assert.js';
import type { Address } from '../../core/topology/address.js';
import type { WireWatchRequest, WireWatchResponse } from './peers-watch-convert.js';

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

const PROTO_FILE = fileURLToPath(new URL('../../../proto/peers.proto', import.meta.url));

export function loadPeersService(): PeersService & ServiceDefinition {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, enums: String, defaults: true });
  const service = loaded['orchestrator.peers.v1.Peers'];
  assert(isPeersService(service), `${PROTO_FILE} does not define orchestrator.peers.v1.Peers`);
  return service;
}

function isPeersService(value: unknown): value is PeersService & ServiceDefinition {
  return typeof value === 'object' && value !== null && 'Examine' in value && 'Lost' in value && 'Watch' in value;
}
