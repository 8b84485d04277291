/**
 * One gRPC connection to one peer, opened and never repaired: whatever goes wrong, it is closed and a new one made. That
 * costs little and cures what grpc-js does not: a peer that accepts TCP and then says nothing keeps a client in CONNECTING
 * for ever, without back-off, keepalive or a new look at DNS.
 */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type Metadata,
} from '@grpc/grpc-js';
import { plainWords } from '../grpc-words.js';
import type { PeerService } from './proto.js';
import type {
  WireFrame,
  WireGreeting,
  WireSnapshotChunk,
  WireSnapshotFetch,
  WireVoteRequest,
  WireVoteResponse,
} from './wire.js';

/** Of one message: an append carries at least one entry, however large it is. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** For both ends. A connection over which nothing comes back for this long is closed, which frees what hangs on it. */
export const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 2000,
  'grpc.keepalive_timeout_ms': 2000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.enable_channelz': 0,
} as const;

const CLIENT_OPTIONS = {
  ...CHANNEL_OPTIONS,
  // A connection shared with another client of the same address would outlive this one.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  // A proxy in the environment is for web pages.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
} as const;

export class PeerChannel {
  readonly #client: Client;
  readonly #service: PeerService;

  constructor(address: string, credentials: ChannelCredentials, service: PeerService) {
    this.#service = service;
    this.#client = new Client(address, credentials, CLIENT_OPTIONS);
  }

  exchange(metadata: Metadata): ClientDuplexStream<WireFrame, WireFrame> {
    const { path, requestSerialize, responseDeserialize } = this.#service.Exchange;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  }

  /** Null when no answer came by the deadline: a lost vote is asked for again in the next election. */
  async vote(request: WireVoteRequest, metadata: Metadata, timeoutMs: number): Promise<WireVoteResponse | null> {
    const { path, requestSerialize, responseDeserialize } = this.#service.Vote;
    const deadline = Date.now() + timeoutMs;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        (error, response) => {
          resolve(error === null ? (response ?? null) : null);
        },
      );
    });
  }

  snapshot(request: WireSnapshotFetch, metadata: Metadata, timeoutMs: number): ClientReadableStream<WireSnapshotChunk> {
    const { path, requestSerialize, responseDeserialize } = this.#service.Snapshot;
    const deadline = Date.now() + timeoutMs;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, {
      deadline,
    });
  }

  async meet(timeoutMs: number): Promise<WireGreeting> {
    const { path, requestSerialize, responseDeserialize } = this.#service.Meet;
    const options = { deadline: Date.now() + timeoutMs };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, options, (error, greeting) => {
        if (greeting === undefined) reject(new Error(plainWords(error?.details ?? 'no answer')));
        else resolve(greeting);
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}
