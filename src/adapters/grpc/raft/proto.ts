/** The service of proto/raft.proto. */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type {
  WireFrame,
  WireGreeting,
  WireMeetRequest,
  WireSnapshotChunk,
  WireSnapshotFetch,
  WireVoteRequest,
  WireVoteResponse,
} from './wire.js';
import { loadService } from '../proto-service.js';

export interface PeerService {
  readonly Exchange: MethodDefinition<WireFrame, WireFrame>;
  readonly Vote: MethodDefinition<WireVoteRequest, WireVoteResponse>;
  readonly Snapshot: MethodDefinition<WireSnapshotFetch, WireSnapshotChunk>;
  readonly Meet: MethodDefinition<WireMeetRequest, WireGreeting>;
}

export function loadPeerService(): PeerService & ServiceDefinition {
  return loadService<PeerService>('raft', 'Peer', ['Exchange', 'Vote', 'Snapshot', 'Meet']);
}
