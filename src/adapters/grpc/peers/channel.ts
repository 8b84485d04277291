/**
 * One connection to the gRPC port of one peer. grpc-js has no time limit for an attempt to connect: a peer that accepts
 * TCP and then says nothing (it is frozen, or a firewall swallows the rest) keeps a client in CONNECTING for ever. So a
 * client that stays there is thrown away and made anew, and no call is without a deadline.
 */
import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  connectivityState,
  type Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { type Address, addressText } from '../../../core/topology/address.js';
import type { PeerOpinion, Watch, WatchListener } from '../../../runtime/ports/peers.js';
import type { PeersService } from './proto.js';
import { fromWireVote } from './votes.js';
import { listenTo, type WatchStream } from './watch-client.js';

const CLIENT_OPTIONS = {
  'grpc.keepalive_time_ms': 2000,
  'grpc.keepalive_timeout_ms': 2000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Of one frame of a watch: the GTID sets of one server can be large.
  'grpc.max_receive_message_length': 32 * 1024 * 1024,
  'grpc.enable_channelz': 0,
} as const;

/** A handshake takes milliseconds; whoever needs this long will not answer. */
const CONNECTING_MS_MAX = 3000;

/** Questions to one peer at a time. More servers than this in trouble at once get their turn in the next round. */
const QUESTIONS_MAX = 256;

/** For the way there and back; the rest of a deadline is the peer's to look at the server. */
const WAY_MS = 150;
const LOOK_MS_MIN = 50;

export interface PeersChannelParts {
  readonly node: string;
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly service: PeersService;
  metadata(): Metadata;
  /** Null: all is well again. Told once for each change. */
  onTrouble(reason: string | null): void;
}

export class PeersChannel {
  readonly address: string;
  readonly #parts: PeersChannelParts;
  readonly #questions = new Map<string, Promise<PeerOpinion | null>>();
  readonly #calls = new Set<ClientUnaryCall>();
  readonly #streams = new Set<WatchStream>();
  #client: Client;
  #connectingSinceMs: number | null = null;
  #told: string | null = null;

  constructor(parts: PeersChannelParts) {
    this.address = parts.address;
    this.#parts = parts;
    this.#client = this.#connect();
  }

  /** Null when no answer came in time. The same question twice at a time is asked once. */
  examine(address: Address, timeoutMs: number): Promise<PeerOpinion | null> {
    const name = addressText(address);
    const asked = this.#questions.get(name);
    if (asked !== undefined) return asked;
    if (this.#questions.size >= QUESTIONS_MAX) return Promise.resolve(null);
    const answer = this.#examine(address, timeoutMs).finally(() => this.#questions.delete(name));
    this.#questions.set(name, answer);
    return answer;
  }

  async lost(address: Address, reason: string, timeoutMs: number): Promise<void> {
    await this.#call(this.#parts.service.Lost, { server: address, reason }, timeoutMs);
  }

  /** Told to `listener` until it is closed or ends. A connection that is thrown away ends its watches. */
  watch(listener: WatchListener): Watch {
    const { path, requestSerialize, responseDeserialize } = this.#parts.service.Watch;
    const stream: WatchStream = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.#parts.metadata(),
    );
    this.#streams.add(stream);
    return listenTo(stream, listener, () => this.#streams.delete(stream));
  }

  /** To be called now and then: keeps the connection open, so that the first question in an emergency finds it so. */
  tend(nowMs: number): void {
    const state = this.#client.getChannel().getConnectivityState(true);
    if (state !== connectivityState.CONNECTING) {
      this.#connectingSinceMs = null;
      return;
    }
    this.#connectingSinceMs ??= nowMs;
    if (nowMs - this.#connectingSinceMs < CONNECTING_MS_MAX) return;
    this.#connectingSinceMs = null;
    this.#tell({ kind: 'unreachable', text: 'does not get as far as a connection' });
    this.close();
    this.#client = this.#connect();
  }

  /** Ends what is under way: grpc-js would leave calls hanging on a connection that nobody looks after any more. */
  close(): void {
    for (const call of this.#calls) call.cancel();
    for (const stream of this.#streams) stream.cancel();
    this.#client.close();
  }

  #connect(): Client {
    const client = new Client(this.address, this.#parts.credentials, CLIENT_OPTIONS);
    client.getChannel().getConnectivityState(true);
    return client;
  }

  async #examine(address: Address, timeoutMs: number): Promise<PeerOpinion | null> {
    const lookMs = Math.max(LOOK_MS_MIN, timeoutMs - WAY_MS);
    const request = { server: address, timeoutMs: Math.round(lookMs) };
    const response = await this.#call(this.#parts.service.Examine, request, timeoutMs);
    if (response === null) return null;
    const { vote, detail, ageMs } = response;
    return { node: this.#parts.node, vote: fromWireVote(vote), detail, ageMs: Math.max(0, ageMs) };
  }

  /** Null when it failed; why is told where it is news. */
  #call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response | null> {
    const { path, requestSerialize, responseDeserialize } = method;
    const options = { deadline: Date.now() + timeoutMs };
    return new Promise((resolve) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#parts.metadata(),
        options,
        (error: ServiceError | null, response?: Response) => {
          this.#calls.delete(call);
          this.#tell(error === null ? null : troubleOf(error));
          resolve(error === null ? (response ?? null) : null);
        },
      );
      this.#calls.add(call);
    });
  }

  /** A peer that is down is now refused, now silent: that is one trouble, and told once. */
  #tell(trouble: Trouble | null): void {
    const kind = trouble?.kind === 'refused' ? trouble.text : (trouble?.kind ?? null);
    if (kind === this.#told) return;
    this.#told = kind;
    this.#parts.onTrouble(trouble === null ? null : `${this.#parts.node} at ${this.address} ${trouble.text}`);
  }
}

interface Trouble {
  readonly kind: 'unreachable' | 'refused';
  readonly text: string;
}

function troubleOf(error: ServiceError): Trouble {
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return { kind: 'unreachable', text: 'does not answer in time' };
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return { kind: 'unreachable', text: 'cannot be reached' };
    default:
      return { kind: 'refused', text: `refuses: ${error.details}` };
  }
}
