/**
 * The service of proto/peers.proto, loaded at run time, and its messages as they come off the wire. The file lies beside
 * `src` and `dist` alike, so the same way leads to it from both.
 */
import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { NodeVote } from '../../core/analysis/vote.js';
import { assert } from '../../core/base/assert.js';
import type { Address } from '../../core/topology/address.js';

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
}

const PROTO_FILE = fileURLToPath(new URL('../../../proto/peers.proto', import.meta.url));

export function loadPeersService(): PeersService & ServiceDefinition {
  const loaded = loadSync(PROTO_FILE, { keepCase: false, enums: String, defaults: true });
  const service = loaded['orchestrator.peers.v1.Peers'];
  assert(isPeersService(service), `${PROTO_FILE} does not define orchestrator.peers.v1.Peers`);
  return service;
}

function isPeersService(value: unknown): value is PeersService & ServiceDefinition {
  return typeof value === 'object' && value !== null && 'Examine' in value && 'Lost' in value;
}

const WIRE_VOTES: Readonly<Record<NodeVote, string>> = {
  none: 'VOTE_NONE',
  alive: 'VOTE_ALIVE',
  refused: 'VOTE_REFUSED',
  silent: 'VOTE_SILENT',
};

export function toWireVote(vote: NodeVote): string {
  return WIRE_VOTES[vote];
}

/** A vote that a newer node has and this one does not know is no opinion. */
export function fromWireVote(wire: string): NodeVote {
  const votes: readonly NodeVote[] = ['alive', 'refused', 'silent'];
  return votes.find((vote) => WIRE_VOTES[vote] === wire) ?? 'none';
}
