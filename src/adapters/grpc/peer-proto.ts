/**
 * The service of proto/raft.proto, loaded at run time: there is no generated code to keep in step. The file lies beside
 * `src` and `dist` alike, so the same way leads to it from both.
 */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { assert } from '../../core/base/assert.js';
import type {
  WireFrame,
  WireGreeting,
  WireMeetRequest,
  WireSnapshotChunk,
  WireSnapshotFetch,
  WireVoteRequest,
  WireVoteResponse,
} from './peer-wire.js';

export interface PeerService {
  readonly Exchange: MethodDefinition<WireFrame, WireFrame>;
  readonly Vote: MethodDefinition<WireVoteRequest, WireVoteResponse>;
  readonly Snapshot: MethodDefinition<WireSnapshotFetch, WireSnapshotChunk>;
  readonly Meet: MethodDefinition<WireMeetRequest, WireGreeting>;
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/raft.proto', import.meta.url));

export function loadPeerService(): PeerService & ServiceDefinition {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, longs: Number, defaults: true, oneofs: true });
  const service = loaded['orchestrator.raft.v1.Peer'];
  assert(isPeerService(service), `${PROTO_FILE} does not define orchestrator.raft.v1.Peer`);
  return service;
}

function isPeerService(value: unknown): value is PeerService & ServiceDefinition {
  const methods = ['Exchange', 'Vote', 'Snapshot', 'Meet'];
  return typeof value === 'object' && value !== null && methods.every((method) => method in value);
}
