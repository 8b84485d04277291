/**
 * How a node that does not lead passes writes on: over one Pipeline stream to the leader, opened when it is first needed.
 * Before the stream stands nothing was sent, and failing means "certainly not done"; once a write was handed to it, losing
 * the stream means "perhaps".
 */
import { ChannelCredentials, Client, type ClientDuplexStream, connectivityState, Metadata } from '@grpc/grpc-js';
import type { KeyValueOutcome, KeyValueWrite } from '../../../core/ledger/key-value/write.js';
import type { NodeId } from '../../../core/raft/message.js';
import type { Clock, Timer } from '../../../runtime/ports/clock.js';
import { FateUnknown, Overloaded } from '../../../runtime/ports/consensus-errors.js';
import { type Leader, type LeaderCalls, LeaderUnreachable } from '../../../runtime/ports/key-value.js';
import { type KeyValueService, loadKeyValueService } from './proto.js';
import { errorOf } from '../api-status.js';
import { outcomeOf, requestOf } from './convert.js';
import { PASSED_ON } from './handlers.js';
import type { WirePipelineRequest, WirePipelineResponse } from './wire.js';
import { CHANNEL_OPTIONS } from '../raft/channel.js';

/** A leader that does not take a connection by then is not there. */
const CONNECT_TIMEOUT_MS = 1000;
/** Writes without an answer; the leader stops reading at about as many. */
const OPEN_MAX = 4096;
/** For a former leader to say what became of what it was given. */
const FAREWELL_MS = 500;

const CLIENT_OPTIONS = {
  ...CHANNEL_OPTIONS,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
} as const;

type Stream = ClientDuplexStream<WirePipelineRequest, WirePipelineResponse>;

export interface LeaderCallsOptions {
  /** Of this node, for the leader's log. */
  readonly nodeId: string;
  readonly clock: Clock;
  /** Absent: without TLS. */
  readonly credentials?: ChannelCredentials;
}

export class GrpcLeaderCalls implements LeaderCalls {
  readonly #options: LeaderCallsOptions;
  readonly #service = loadKeyValueService();
  #line: LeaderLine | null = null;

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
  }

  write(leader: Leader, write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome> {
    if (this.#line === null || !this.#line.leadsTo(leader)) {
      this.#line?.retire();
      this.#line = new LeaderLine(leader, this.#options, this.#service);
    }
    return this.#line.write(write, deadlineMs);
  }

  leaderChanged(leader: NodeId | null): void {
    if (this.#line === null || this.#line.leader.id === leader) return;
    this.#line.retire();
    this.#line = null;
  }

  close(): void {
    this.#line?.close();
    this.#line = null;
  }
}

interface OpenWrite {
  readonly write: KeyValueWrite;
  readonly timer: Timer;
  readonly resolve: (outcome: KeyValueOutcome) => void;
  readonly reject: (error: unknown) => void;
  /** From then on it may have been done. */
  sent: boolean;
}

/** One connection to one leader, never repaired: when it breaks, the next write makes a new one. */
class LeaderLine {
  readonly leader: Leader;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #service: KeyValueService;
  readonly #open = new Map<number, OpenWrite>();
  #stream: Stream | null = null;
  #nextId = 1;
  #broken = false;

  constructor(leader: Leader, { nodeId, clock, credentials }: LeaderCallsOptions, service: KeyValueService) {
    this.leader = leader;
    this.#clock = clock;
    this.#nodeId = nodeId;
    this.#service = service;
    this.#client = new Client(leader.grpcAddress, credentials ?? ChannelCredentials.createInsecure(), CLIENT_OPTIONS);
    this.#whenConnected(Date.now() + CONNECT_TIMEOUT_MS);
  }

  leadsTo({ id, grpcAddress }: Leader): boolean {
    return !this.#broken && this.leader.id === id && this.leader.grpcAddress === grpcAddress;
  }

  write(write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome> {
    if (this.#open.size >= OPEN_MAX) {
      return Promise.reject(new Overloaded(`${OPEN_MAX} writes wait for the leader's answer; slow down`));
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      const timer = this.#clock.setTimer(deadlineMs - this.#clock.nowMs(), () => {
        this.#open.delete(id);
        this.#giveUp(open, 'no answer in time');
      });
      const open: OpenWrite = { write, timer, resolve, reject, sent: false };
      this.#open.set(id, open);
      if (this.#stream !== null) send(this.#stream, id, open);
    });
  }

  /** It leads no more, or is believed not to. */
  retire(): void {
    this.#clock.setTimer(this.#open.size === 0 ? 0 : FAREWELL_MS, () => {
      this.close();
    });
  }

  close(): void {
    this.#break('it no longer leads');
  }

  /** A refused connection is known at once; one that nobody answers, at the deadline. */
  #whenConnected(deadline: number): void {
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    if (this.#broken) return;
    if (state === connectivityState.READY) this.#openStream();
    else if (state === connectivityState.TRANSIENT_FAILURE) this.#break('no connection');
    else {
      channel.watchConnectivityState(state, deadline, (error) => {
        if (error === undefined) this.#whenConnected(deadline);
        else this.#break('no connection in time');
      });
    }
  }

  #openStream(): void {
    const metadata = new Metadata();
    metadata.set(PASSED_ON, this.#nodeId);
    const { path, requestSerialize, responseDeserialize } = this.#service.Pipeline;
    const stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#stream = stream;
    stream.on('data', (response: WirePipelineResponse) => {
      this.#answered(response);
    });
    stream.on('error', (error) => {
      this.#break(error.message);
    });
    stream.on('end', () => {
      this.#break('it ended the stream');
    });
    for (const [id, open] of this.#open) send(stream, id, open);
  }

  #answered(response: WirePipelineResponse): void {
    const open = this.#open.get(response.id);
    if (open === undefined) return;
    this.#open.delete(response.id);
    open.timer.cancel();
    const outcome = outcomeOf(open.write, response);
    if (outcome !== null) open.resolve(outcome);
    else if (response.failure) open.reject(errorOf(response.failure));
    else open.reject(new FateUnknown('the leader answered with something that this node does not understand'));
  }

  #break(detail: string): void {
    if (this.#broken) return;
    this.#broken = true;
    for (const open of this.#open.values()) this.#giveUp(open, detail);
    this.#open.clear();
    this.#stream?.cancel();
    this.#client.close();
  }

  #giveUp({ timer, sent, reject }: OpenWrite, detail: string): void {
    timer.cancel();
    if (!sent) reject(new LeaderUnreachable(this.leader, detail));
    else reject(new FateUnknown(`the leader ${this.leader.id} did not say what became of the write: ${detail}`));
  }
}

function send(stream: Stream, id: number, open: OpenWrite): void {
  open.sent = true;
  stream.write(requestOf(id, open.write));
}
