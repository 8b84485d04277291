import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromWire,
  fromWireIntroduction,
  fromWireVoteRequest,
  fromWireVoteResponse,
  type StreamMessage,
  toWire,
  toWireIntroduction,
  toWireVoteRequest,
  toWireVoteResponse,
} from '../../../../src/adapters/grpc/raft/convert.js';
import { loadPeerService } from '../../../../src/adapters/grpc/raft/proto.js';
import type { WireFrame, WireMessage } from '../../../../src/adapters/grpc/raft/wire.js';
import type { Entry, EntryKind, NodeId, VoteRequest, VoteResponse } from '../../../../src/core/raft/message.js';

const { Exchange, Vote } = loadPeerService();
const id = fc.string({ minLength: 1 }).map((name) => name as NodeId);
const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const envelope = { from: id, to: id, term: number };
const membership = fc.record({
  voters: fc.array(id),
  outgoing: fc.array(id),
  learners: fc.array(id),
  addresses: fc.dictionary(fc.stringMatching(/^[a-z0-9-]{1,8}$/), fc.string(), { noNullPrototype: true }),
});
const bodies = fc.array(
  fc.record({
    term: number,
    kind: fc.constantFrom<EntryKind>('command', 'membership', 'empty'),
    payload: fc.uint8Array({ maxLength: 50 }),
  }),
  { maxLength: 5 },
);

const messages: { readonly [Type in StreamMessage['type']]: fc.Arbitrary<StreamMessage> } = {
  'append-request': fc
    .record({
      ...envelope,
      previousIndex: fc.integer({ min: 0, max: 2 ** 50 }),
      previousTerm: number,
      commit: number,
      round: number,
      bodies,
    })
    .map(({ bodies: given, ...rest }) => {
      const entries: Entry[] = given.map((body, position) => ({ index: rest.previousIndex + 1 + position, ...body }));
      return { type: 'append-request', ...rest, entries };
    }),
  'append-response': fc.record({
    ...envelope,
    type: fc.constant('append-response'),
    accepted: fc.boolean(),
    index: number,
    hintIndex: number,
    hintTerm: number,
    round: number,
    recovering: fc.constant(true),
  }),
  'heartbeat-request': fc.record({
    ...envelope,
    type: fc.constant('heartbeat-request'),
    commit: number,
    round: number,
  }),
  'heartbeat-response': fc.record({ ...envelope, type: fc.constant('heartbeat-response'), round: number }),
  'snapshot-request': fc.record({
    ...envelope,
    type: fc.constant('snapshot-request'),
    snapshot: fc.record({ index: number, term: number, membership }),
    round: number,
  }),
  'snapshot-response': fc.record({
    ...envelope,
    type: fc.constant('snapshot-response'),
    installed: fc.boolean(),
    index: number,
  }),
  'timeout-now': fc.record({ ...envelope, type: fc.constant('timeout-now') }),
  'read-index-request': fc.record({ ...envelope, type: fc.constant('read-index-request'), context: number }),
  'read-index-response': fc.record({
    ...envelope,
    type: fc.constant('read-index-response'),
    context: number,
    index: number,
    confirmed: fc.boolean(),
    lastIndex: number,
  }),
};

function overTheWire(frame: WireFrame): WireFrame {
  return Exchange.responseDeserialize(Exchange.requestSerialize(frame));
}

/** Bytes as one kind of array, so that a Buffer equals a Uint8Array of the same content. */
function plain(message: StreamMessage | null): unknown {
  if (message?.type !== 'append-request') return message;
  return {
    ...message,
    entries: message.entries.map((entry) => ({ ...entry, payload: Uint8Array.from(entry.payload) })),
  };
}

describe('messages on the wire', () => {
  it.each(Object.entries(messages))('%s arrives as it was sent', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        const [wire] = overTheWire({ batch: { messages: [toWire(message)] } }).batch?.messages ?? [];
        expect(wire && plain(fromWire(wire))).toEqual(plain(message));
      }),
    );
  });

  it('votes arrive as they were sent', () => {
    const request = fc.record<VoteRequest>({
      ...envelope,
      type: fc.constant('vote-request'),
      preVote: fc.boolean(),
      lastIndex: number,
      lastTerm: number,
      transfer: fc.boolean(),
    });
    fc.assert(
      fc.property(request, (vote) => {
        const wire = Vote.requestDeserialize(Vote.requestSerialize(toWireVoteRequest(vote)));
        expect(fromWireVoteRequest(wire)).toEqual(vote);
      }),
    );
    const response = fc.record<VoteResponse>({
      ...envelope,
      type: fc.constant('vote-response'),
      preVote: fc.boolean(),
      granted: fc.boolean(),
    });
    fc.assert(
      fc.property(response, (vote) => {
        const wire = Vote.responseDeserialize(Vote.responseSerialize(toWireVoteResponse(vote)));
        expect(fromWireVoteResponse(wire)).toEqual(vote);
      }),
    );
  });

  it('an introduction arrives as it was said', () => {
    const info = {
      id: 'a' as NodeId,
      raftAddress: 'h:1',
      httpAddress: 'http://h:2',
      grpcAddress: 'h:3',
      version: '9',
      schema: 3,
    };
    const cluster = { index: 7, addresses: { a: 'h:1', b: 'h:9' } };
    const introduction = { info, hasLog: true, instance: '12ab', votes: false, cluster };
    const wire = overTheWire({ introduction: toWireIntroduction(introduction) }).introduction;
    expect(wire && fromWireIntroduction(wire)).toEqual(introduction);
  });

  it('a program that does not say what it reads, reads the first version', () => {
    const info = { id: 'a', raftAddress: '', httpAddress: '', grpcAddress: '', version: '1', schema: 0 };
    const said = { hasLog: false, instance: '', noVote: false, membershipIndex: 0, addresses: {}, founding: '' };
    const wire = overTheWire({ introduction: { ...said, info } }).introduction;
    expect(wire && fromWireIntroduction(wire)?.info.schema).toBe(1);
  });

  it('an introduction without a name is none', () => {
    const nobody = { hasLog: false, instance: '', noVote: false, membershipIndex: 0, addresses: {}, founding: '' };
    expect(fromWireIntroduction({ ...nobody, info: null })).toBeNull();
    const info = { id: '', raftAddress: '', httpAddress: '', grpcAddress: '', version: '', schema: 0 };
    expect(fromWireIntroduction({ ...nobody, info })).toBeNull();
  });

  it('what a later version says is dropped, not guessed at', () => {
    const head = { from: 'a', to: 'b', term: 1 };
    expect(fromWire(head)).toBeNull();
    const append: WireMessage = {
      ...head,
      appendRequest: {
        previousIndex: 0,
        previousTerm: 0,
        entries: [{ term: 1, kind: 99, payload: new Uint8Array() }],
        commit: 0,
        round: 1,
      },
    };
    expect(fromWire(append)).toBeNull();
  });
});
