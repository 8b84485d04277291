/**
 * The listening half: streams that peers opened to us, their requests for votes, and snapshots that they fetch. A call is
 * admitted before a word of it is read, and what a stream carries must come from the node that opened it.
 */
import {
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { crc32 } from 'node:zlib';
import type { NodeId, VoteRequest, VoteResponse } from '../../../core/raft/message.js';
import { cannotListen } from '../../../runtime/ports/listening.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { Introduction, SnapshotChunk, TurnedAway } from '../../../runtime/ports/peer-transport.js';
import { admit, instanceOf, objectionToFounding, refusal, type Self } from './admission.js';
import { CHANNEL_OPTIONS } from './channel.js';
import { fromWireIntroduction, fromWireVoteRequest, toWireIntroduction, toWireVoteResponse } from './convert.js';
import type { PeerNamesakes } from './namesakes.js';
import { PeerOutlet } from './outlet.js';
import type { PeerService } from './proto.js';
import { onHandshakeFailed } from './tls.js';
import type {
  WireFrame,
  WireGreeting,
  WireMeetRequest,
  WireMessage,
  WireSnapshotChunk,
  WireSnapshotFetch,
  WireVoteRequest,
  WireVoteResponse,
} from './wire.js';

/** A node that is refused tries again each second; one that has not for this long is gone. */
const REFUSED_SHOWN_MS = 30_000;
const REFUSED_MAX = 100;

/** Of one peer, waiting for the core's word; a candidate asks once an election. */
const OPEN_VOTES_MAX = 8;

export interface ServerEvents {
  introduce(): Introduction;
  onIntroduced(introduction: Introduction): void;
  onMessages(from: NodeId, messages: readonly WireMessage[]): void;
  onVoteRequest(request: VoteRequest): void;
  onDisconnected(peer: NodeId): void;
  onRefused(who: string, reason: string): void;
  readSnapshot(index: number, term: number, offset: number): Promise<AsyncIterable<SnapshotChunk> | null>;
}

interface Inbound {
  readonly stream: ServerDuplexStream<WireFrame, WireFrame>;
  readonly outlet: PeerOutlet;
  /** Which founding the peer said its log goes back to. */
  founding: string;
  release: () => void;
}

interface OpenVote {
  readonly preVote: boolean;
  readonly answer: sendUnaryData<WireVoteResponse>;
}

export class PeerServer {
  readonly #server = new Server({ ...CHANNEL_OPTIONS, 'grpc.so_reuseport': 0 });
  readonly #self: Self;
  readonly #namesakes: PeerNamesakes;
  readonly #events: ServerEvents;
  readonly #inbound = new Map<NodeId, Inbound>();
  readonly #votes = new Map<NodeId, OpenVote[]>();
  readonly #clock: Clock;
  readonly #refused = new Map<string, TurnedAway & { readonly atMs: number }>();
  #address: string | null = null;

  constructor(
    { self, clock }: { readonly self: Self; readonly clock: Clock },
    service: PeerService & ServiceDefinition,
    namesakes: PeerNamesakes,
    events: ServerEvents,
  ) {
    this.#self = self;
    this.#clock = clock;
    this.#namesakes = namesakes;
    this.#events = events;
    const handlers: UntypedServiceImplementation = {
      Exchange: (call: ServerDuplexStream<WireFrame, WireFrame>) => {
        this.#onExchange(call);
      },
      Vote: (call: ServerUnaryCall<WireVoteRequest, WireVoteResponse>, answer: sendUnaryData<WireVoteResponse>) => {
        this.#onVote(call, answer);
      },
      Snapshot: (call: ServerWritableStream<WireSnapshotFetch, WireSnapshotChunk>) => {
        void this.#onSnapshot(call);
      },
      Meet: (_call: ServerUnaryCall<WireMeetRequest, WireGreeting>, answer: sendUnaryData<WireGreeting>) => {
        answer(null, {
          clusterId: this.#self.clusterId,
          introduction: toWireIntroduction(this.#events.introduce()),
        });
      },
    };
    this.#server.addService(service, handlers);
  }

  /** Resolves with the address it is bound to. */
  async listen(address: string, credentials: ServerCredentials): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error, port) => {
        if (error === null) {
          this.#address = `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
          onHandshakeFailed(this.#server, (from, reason) => {
            // It has no name yet, and a new port each time.
            this.#tellRefused(from.slice(0, from.lastIndexOf(':')), reason, from);
          });
          resolve(this.#address);
        } else reject(cannotListen('RaftBind', address, 'Raft peers', error));
      });
    });
  }

  /** False: the peer has no stream to us. */
  send(peer: NodeId, messages: readonly WireMessage[]): boolean {
    const inbound = this.#inbound.get(peer);
    inbound?.outlet.send(messages);
    return inbound !== undefined;
  }

  answerVote(response: VoteResponse): void {
    const open = this.#votes.get(response.to) ?? [];
    const position = open.findIndex(({ preVote }) => preVote === response.preVote);
    const [vote] = position < 0 ? [] : open.splice(position, 1);
    vote?.answer(null, toWireVoteResponse(response));
  }

  /** Our own founding became known, and some who are connected may be of another. */
  reconsider(): void {
    for (const [peer, inbound] of this.#inbound) {
      const objection = objectionToFounding(this.#self, peer, inbound.founding);
      if (objection !== null) this.#turnAway(peer, inbound, objection);
    }
  }

  turnedAway(): readonly TurnedAway[] {
    const sinceMs = this.#clock.nowMs() - REFUSED_SHOWN_MS;
    return [...this.#refused.values()]
      .filter(({ atMs }) => atMs >= sinceMs)
      .map(({ caller, from, reason }) => ({ caller, from, reason }));
  }

  #turnAway(peer: NodeId, { stream }: Inbound, objection: string): void {
    this.#tellRefused(peer, objection, stream.getPeer());
    stream.emit('error', refusal(objection));
  }

  /** Connections are drained by their address: without channelz, grpc-js forgets its sessions and leaves them open. */
  close(): void {
    if (this.#address !== null) this.#server.drain(this.#address, 0);
    this.#server.forceShutdown();
  }

  #onExchange(stream: ServerDuplexStream<WireFrame, WireFrame>): void {
    const admission = admit(this.#self, stream.metadata);
    if (!admission.ok) {
      this.#tellRefused(admission.caller, admission.reason, stream.getPeer());
      stream.emit('error', refusal(admission.reason));
      return;
    }
    const peer = admission.caller;
    const inbound: Inbound = { stream, outlet: new PeerOutlet(stream), founding: '', release: () => undefined };
    const gone = (): void => {
      inbound.release();
      if (this.#inbound.get(peer) !== inbound) return;
      this.#inbound.delete(peer);
      this.#events.onDisconnected(peer);
    };
    stream.on('data', (frame: WireFrame) => {
      if (frame.introduction) this.#onIntroduction(peer, inbound, frame);
      if (frame.batch && this.#inbound.get(peer) === inbound) this.#events.onMessages(peer, frame.batch.messages);
    });
    stream.on('cancelled', gone);
    stream.on('error', gone);
    stream.on('end', () => {
      gone();
      stream.end();
    });
  }

  #onIntroduction(peer: NodeId, inbound: Inbound, frame: WireFrame): void {
    const introduction = frame.introduction ? fromWireIntroduction(frame.introduction) : null;
    if (introduction === null || introduction.info.id !== peer) {
      inbound.stream.emit('error', refusal(`the introduction does not name node ${peer}`));
      return;
    }
    inbound.founding = introduction.founding ?? '';
    const objection =
      objectionToFounding(this.#self, peer, inbound.founding) ?? this.#namesakes.objection(peer, introduction.instance);
    if (objection !== null) {
      this.#turnAway(peer, inbound, objection);
      return;
    }
    inbound.release();
    inbound.release = this.#namesakes.hold(peer, introduction.instance);
    const earlier = this.#inbound.get(peer);
    // The peer connected anew: what it held before is dead, whatever TCP says.
    this.#inbound.set(peer, inbound);
    earlier?.stream.end();
    this.#refused.delete(peer);
    inbound.stream.write({ introduction: toWireIntroduction(this.#events.introduce()) });
    this.#events.onIntroduced(introduction);
  }

  #onVote(call: ServerUnaryCall<WireVoteRequest, WireVoteResponse>, answer: sendUnaryData<WireVoteResponse>): void {
    const admission = admit(this.#self, call.metadata);
    if (!admission.ok) {
      this.#tellRefused(admission.caller, admission.reason, call.getPeer());
      answer(refusal(admission.reason));
      return;
    }
    const { caller } = admission;
    const objection = this.#namesakes.objection(caller, instanceOf(call.metadata));
    if (objection !== null) {
      answer(refusal(objection));
      return;
    }
    const request = fromWireVoteRequest(call.request);
    if (request.from !== caller || request.to !== this.#self.nodeId) {
      answer(refusal(`a vote of ${request.from} at ${request.to} was asked of node ${this.#self.nodeId} by ${caller}`));
      return;
    }
    const open = this.#votes.get(caller) ?? [];
    const vote: OpenVote = { preVote: request.preVote, answer };
    this.#votes.set(caller, [...open, vote].slice(-OPEN_VOTES_MAX));
    call.on('cancelled', () => {
      this.#votes.set(
        caller,
        (this.#votes.get(caller) ?? []).filter((other) => other !== vote),
      );
    });
    this.#events.onVoteRequest(request);
  }

  async #onSnapshot(call: ServerWritableStream<WireSnapshotFetch, WireSnapshotChunk>): Promise<void> {
    const admission = admit(this.#self, call.metadata);
    if (!admission.ok) {
      this.#tellRefused(admission.caller, admission.reason, call.getPeer());
      call.emit('error', refusal(admission.reason));
      return;
    }
    const { index, term, offset } = call.request;
    try {
      const chunks = await this.#events.readSnapshot(index, term, offset);
      if (chunks === null) {
        call.emit('error', {
          code: status.NOT_FOUND,
          details: `node ${this.#self.nodeId} no longer has the snapshot at ${index}`,
        });
        return;
      }
      for await (const chunk of chunks) {
        if (call.cancelled) return;
        const { totalBytes, bytes: content } = chunk;
        const accepted = call.write({ offset: chunk.offset, totalBytes, content, crc32: crc32(content) });
        if (!accepted) await drained(call);
      }
      call.end();
    } catch (error) {
      call.emit('error', { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) });
    }
  }

  #tellRefused(caller: string, reason: string, from: string): void {
    const known = this.#refused.get(caller);
    this.#refused.set(caller, { caller, from, reason, atMs: this.#clock.nowMs() });
    if (known?.reason === reason) return;
    // A stranger could give itself a new name each time.
    if (this.#refused.size > REFUSED_MAX) this.#refused.clear();
    this.#events.onRefused(`a caller at ${from}`, reason);
  }
}

async function drained(call: ServerWritableStream<WireSnapshotFetch, WireSnapshotChunk>): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      call.off('drain', go);
      call.off('cancelled', go);
      resolve();
    };
    call.once('drain', go);
    call.once('cancelled', go);
  });
}
