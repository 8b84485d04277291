/**
 * Our stream to one peer, kept up: connect, introduce, speak; when it breaks say so at once, wait a little longer each time,
 * and connect anew from the name on. The wait is short (50 ms to 1 s): a node that restarts must find its cluster before
 * the election it would otherwise start.
 */
import { type ChannelCredentials, type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { NodeId, VoteRequest, VoteResponse } from '../../../core/raft/message.js';
import type { Clock, Timer } from '../../../runtime/ports/clock.js';
import type { Introduction, PeerState } from '../../../runtime/ports/peer-transport.js';
import { introduceCaller, objectionToFounding, type Self } from './admission.js';
import { plainWords } from '../grpc-words.js';
import { PeerChannel } from './channel.js';
import { fromWireIntroduction, fromWireVoteResponse, toWireIntroduction, toWireVoteRequest } from './convert.js';
import type { PeerNamesakes } from './namesakes.js';
import { PeerOutlet } from './outlet.js';
import type { PeerService } from './proto.js';
import type { WireFrame, WireMessage } from './wire.js';

const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1000;
/** From the first byte to the peer's introduction. */
const CONNECT_TIMEOUT_MS = 2000;
const VOTE_TIMEOUT_MS = 1000;
/**
 * What grpc-js knows of a peer that ends the connection in the handshake: nothing, or what the system said where our last word
 * came after the end. One that is not there is told apart.
 */
const HUNG_UP = /Last error: (?:Failed to connect|read ECONNRESET|write (?:EPIPE|ECONNRESET)|socket hang up)/;

export interface LinkSettings {
  readonly self: Self;
  readonly namesakes: PeerNamesakes;
  readonly credentials: ChannelCredentials;
  readonly service: PeerService;
  readonly clock: Clock;
}

export interface LinkEvents {
  introduce(): Introduction;
  onIntroduced(introduction: Introduction): void;
  onMessages(messages: readonly WireMessage[]): void;
  onVote(response: VoteResponse): void;
  onDisconnected(): void;
  onRefused(reason: string): void;
}

/** One attempt and what came of it. */
interface Attempt {
  readonly channel: PeerChannel;
  readonly stream: ClientDuplexStream<WireFrame, WireFrame>;
  readonly outlet: PeerOutlet;
  readonly timer: Timer;
  introduced: boolean;
  release: () => void;
}

export class PeerLink {
  readonly address: string;
  readonly #peer: NodeId;
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  #attempt: Attempt | null = null;
  #retry: Timer | null = null;
  #backoffMs = BACKOFF_MIN_MS;
  #trouble: string | null = 'not connected yet';
  #refusal: string | null = null;
  /** Which founding the peer said its log goes back to. */
  #founding = '';
  #closed = false;

  constructor(peer: NodeId, address: string, settings: LinkSettings, events: LinkEvents) {
    this.#peer = peer;
    this.address = address;
    this.#settings = settings;
    this.#events = events;
    this.#connect();
  }

  get state(): PeerState {
    return { connected: this.#attempt?.introduced ?? false, trouble: this.#trouble };
  }

  /** False: there is no stream to send on. */
  send(messages: readonly WireMessage[]): boolean {
    if (this.#attempt?.introduced !== true) return false;
    this.#attempt.outlet.send(messages);
    return true;
  }

  requestVote(request: VoteRequest): void {
    const metadata = introduceCaller(this.#settings.self);
    void this.#attempt?.channel.vote(toWireVoteRequest(request), metadata, VOTE_TIMEOUT_MS).then((response) => {
      if (response !== null && !this.#closed) this.#events.onVote(fromWireVoteResponse(response));
    });
  }

  /** The peer called us, so it is there: do not sit out the rest of a wait. */
  hurry(): void {
    if (this.#retry === null) return;
    this.#backoffMs = BACKOFF_MIN_MS;
    this.#connect();
  }

  /** Our own founding became known, and the peer may be of another. */
  reconsider(): void {
    const attempt = this.#attempt;
    if (attempt?.introduced !== true) return;
    const objection = objectionToFounding(this.#settings.self, this.#peer, this.#founding);
    if (objection !== null) this.#broke(attempt, objection, true);
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#drop();
  }

  #connect(): void {
    this.#retry?.cancel();
    this.#retry = null;
    const { self, credentials, service, clock } = this.#settings;
    const channel = new PeerChannel(this.address, credentials, service);
    const stream = channel.exchange(introduceCaller(self));
    const timer = clock.setTimer(CONNECT_TIMEOUT_MS, () => {
      this.#broke(attempt, `no answer from ${this.address} within ${CONNECT_TIMEOUT_MS} ms`);
    });
    const attempt: Attempt = {
      channel,
      stream,
      outlet: new PeerOutlet(stream),
      timer,
      introduced: false,
      release: () => undefined,
    };
    this.#attempt = attempt;
    stream.on('data', (frame: WireFrame) => {
      if (this.#attempt === attempt) this.#onFrame(attempt, frame);
    });
    stream.on('error', (error: ServiceError) => {
      const hungUp = HUNG_UP.test(error.details);
      const trouble = hungUp ? hangingUpOf(this.address) : plainWords(error.details || error.message);
      this.#broke(attempt, trouble, hungUp || error.code === status.FAILED_PRECONDITION);
    });
    stream.on('end', () => {
      this.#broke(attempt, `${this.address} ended the stream`);
    });
    stream.write({ introduction: toWireIntroduction(this.#events.introduce()) });
  }

  #onFrame(attempt: Attempt, frame: WireFrame): void {
    if (frame.introduction) {
      const introduction = fromWireIntroduction(frame.introduction);
      if (introduction?.info.id !== this.#peer) {
        const found = introduction === null ? 'nobody in particular' : `node ${introduction.info.id}`;
        this.#broke(attempt, `${this.address} is ${found}, expected node ${this.#peer}: check the addresses`, true);
        return;
      }
      const { namesakes, self } = this.#settings;
      this.#founding = introduction.founding ?? '';
      const objection =
        objectionToFounding(self, this.#peer, this.#founding) ?? namesakes.objection(this.#peer, introduction.instance);
      if (objection === null) this.#established(attempt, introduction);
      else this.#broke(attempt, objection, true);
    }
    if (frame.batch && attempt.introduced) this.#events.onMessages(frame.batch.messages);
  }

  #established(attempt: Attempt, introduction: Introduction): void {
    attempt.timer.cancel();
    attempt.release();
    attempt.release = this.#settings.namesakes.hold(this.#peer, introduction.instance);
    attempt.introduced = true;
    this.#backoffMs = BACKOFF_MIN_MS;
    this.#trouble = null;
    this.#refusal = null;
    this.#events.onIntroduced(introduction);
  }

  #broke(attempt: Attempt, trouble: string, refused = false): void {
    if (this.#attempt !== attempt || this.#closed) return;
    const wasUp = attempt.introduced;
    this.#drop();
    this.#trouble = trouble;
    if (refused && this.#refusal !== trouble) {
      this.#refusal = trouble;
      this.#events.onRefused(trouble);
    }
    if (refused) this.#backoffMs = BACKOFF_MAX_MS;
    this.#retry = this.#settings.clock.setTimer(this.#backoffMs, () => {
      this.#connect();
    });
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MAX_MS);
    if (wasUp) this.#events.onDisconnected();
  }

  #drop(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt === null) return;
    attempt.timer.cancel();
    attempt.release();
    attempt.stream.cancel();
    attempt.channel.close();
  }
}

function hangingUpOf(address: string): string {
  return `${address} hung up before a word was said: it may ask for TLS, or for another certificate than ours (RaftTLSCertFile); its log says`;
}
