/**
 * Between the core's words and the wire's. Nothing is decided here; what cannot be understood comes out as null and is
 * dropped, as if the network had lost it. Votes have calls of their own and are not among the stream's messages.
 */
import type {
  Entry,
  EntryKind,
  Membership,
  Message,
  NodeId,
  VoteRequest,
  VoteResponse,
} from '../../../core/raft/message.js';
import type { Introduction } from '../../../runtime/ports/peer-transport.js';
import type {
  WireContents,
  WireEntry,
  WireEnvelope,
  WireIntroduction,
  WireMembership,
  WireMessage,
  WireVoteRequest,
  WireVoteResponse,
} from './wire.js';

/** All but the votes. */
export type StreamMessage = Exclude<Message, VoteRequest | VoteResponse>;

const KIND_NUMBERS = { command: 1, membership: 2, empty: 3 } as const satisfies Record<EntryKind, number>;
const KINDS: readonly (EntryKind | undefined)[] = [undefined, 'command', 'membership', 'empty'];

function toEnvelope({ from, to, term }: Message): WireEnvelope {
  return { from, to, term };
}

export function toWire(message: StreamMessage): WireMessage {
  return { ...toEnvelope(message), ...toContent(message) };
}

function toContent(message: StreamMessage): Partial<WireContents> {
  switch (message.type) {
    case 'append-request': {
      const { previousIndex, previousTerm, entries, commit, round } = message;
      return { appendRequest: { previousIndex, previousTerm, entries: entries.map(toWireEntry), commit, round } };
    }
    case 'append-response': {
      const { accepted, index, hintIndex, hintTerm, round, recovering = false } = message;
      return { appendResponse: { accepted, index, hintIndex, hintTerm, round, recovering } };
    }
    case 'heartbeat-request':
      return { heartbeatRequest: { commit: message.commit, round: message.round } };
    case 'heartbeat-response':
      return { heartbeatResponse: { round: message.round, recovering: message.recovering ?? false } };
    case 'snapshot-request': {
      const { index, term, membership } = message.snapshot;
      return { snapshotRequest: { index, term, membership: toWireMembership(membership), round: message.round } };
    }
    case 'snapshot-response': {
      const { installed, index, recovering = false } = message;
      return { snapshotResponse: { installed, index, recovering } };
    }
    case 'timeout-now':
      return { timeoutNow: {} };
    case 'read-index-request':
      return { readIndexRequest: { context: message.context } };
    case 'read-index-response': {
      const { context, index, confirmed, lastIndex } = message;
      return { readIndexResponse: { context, index, confirmed, lastIndex } };
    }
  }
}

export function fromWire(wire: WireMessage): StreamMessage | null {
  const envelope = { from: wire.from as NodeId, to: wire.to as NodeId, term: wire.term };
  if (wire.appendRequest) return fromAppendRequest(envelope, wire.appendRequest);
  if (wire.appendResponse) return { ...envelope, type: 'append-response', ...answerIn(wire.appendResponse) };
  if (wire.heartbeatRequest) return { ...envelope, type: 'heartbeat-request', ...wire.heartbeatRequest };
  if (wire.heartbeatResponse) return { ...envelope, type: 'heartbeat-response', ...answerIn(wire.heartbeatResponse) };
  if (wire.snapshotRequest) return fromSnapshotRequest(envelope, wire.snapshotRequest);
  if (wire.snapshotResponse) return { ...envelope, type: 'snapshot-response', ...answerIn(wire.snapshotResponse) };
  if (wire.timeoutNow) return { ...envelope, type: 'timeout-now' };
  if (wire.readIndexRequest) return { ...envelope, type: 'read-index-request', ...wire.readIndexRequest };
  if (wire.readIndexResponse) return { ...envelope, type: 'read-index-response', ...wire.readIndexResponse };
  return null;
}

type Envelope = Pick<Message, 'from' | 'to' | 'term'>;

function answerIn<Wire extends { readonly recovering: boolean }>(
  wire: Wire,
): Omit<Wire, 'recovering'> & { readonly recovering?: true } {
  const { recovering, ...rest } = wire;
  return recovering ? { ...rest, recovering } : rest;
}

function fromAppendRequest(envelope: Envelope, wire: WireContents['appendRequest']): StreamMessage | null {
  const { previousIndex, previousTerm, commit, round } = wire;
  const entries: Entry[] = [];
  for (const { term, kind: number, payload } of wire.entries) {
    const kind = KINDS[number];
    // A later version's entry: to leave it out would put the next one in its place.
    if (kind === undefined) return null;
    entries.push({ index: previousIndex + 1 + entries.length, term, kind, payload });
  }
  return { ...envelope, type: 'append-request', previousIndex, previousTerm, entries, commit, round };
}

function fromSnapshotRequest(envelope: Envelope, wire: WireContents['snapshotRequest']): StreamMessage | null {
  if (wire.membership === null) return null;
  const { index, term, round } = wire;
  const snapshot = { index, term, membership: fromWireMembership(wire.membership) };
  return { ...envelope, type: 'snapshot-request', snapshot, round };
}

function toWireEntry({ term, kind, payload }: Entry): WireEntry {
  return { term, kind: KIND_NUMBERS[kind], payload };
}

function toWireMembership({ voters, outgoing, learners, addresses }: Membership): WireMembership {
  return { voters, outgoing, learners, addresses };
}

function fromWireMembership({ voters, outgoing, learners, addresses }: WireMembership): Membership {
  return {
    voters: voters as readonly NodeId[],
    outgoing: outgoing as readonly NodeId[],
    learners: learners as readonly NodeId[],
    addresses,
  };
}

export function toWireVoteRequest(request: VoteRequest): WireVoteRequest {
  const { preVote, lastIndex, lastTerm, transfer } = request;
  return { ...toEnvelope(request), preVote, lastIndex, lastTerm, transfer };
}

export function fromWireVoteRequest(wire: WireVoteRequest): VoteRequest {
  const { from, to, ...rest } = wire;
  return { type: 'vote-request', from: from as NodeId, to: to as NodeId, ...rest };
}

export function toWireVoteResponse(response: VoteResponse): WireVoteResponse {
  return { ...toEnvelope(response), preVote: response.preVote, granted: response.granted };
}

export function fromWireVoteResponse(wire: WireVoteResponse): VoteResponse {
  const { from, to, ...rest } = wire;
  return { type: 'vote-response', from: from as NodeId, to: to as NodeId, ...rest };
}

export function toWireIntroduction(introduction: Introduction): WireIntroduction {
  const { info, hasLog, instance, votes, cluster, founding = '' } = introduction;
  const { index: membershipIndex, addresses } = cluster;
  const known = { membershipIndex, addresses: { ...addresses }, founding };
  return { info: { ...info }, hasLog, instance, noVote: !votes, ...known };
}

/** Null when the peer did not say who it is. */
export function fromWireIntroduction(wire: WireIntroduction): Introduction | null {
  if (wire.info === null || wire.info.id === '') return null;
  const { hasLog, instance, noVote, membershipIndex: index, addresses } = wire;
  // A program from before this was said leaves the field out, and the first version is what it reads.
  const info = { ...wire.info, id: wire.info.id as NodeId, schema: Math.max(1, wire.info.schema) };
  const founding = wire.founding === '' ? {} : { founding: wire.founding };
  return { info, hasLog, instance, votes: !noVote, ...founding, cluster: { index, addresses: { ...addresses } } };
}
