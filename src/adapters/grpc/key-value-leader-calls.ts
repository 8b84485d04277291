/**
 * How a node that does not lead passes writes on: over one Pipeline stream to the leader, opened when it is first needed.
 * Before the stream stands nothing was sent, and failing means "certainly not done"; once a write was handed to it, losing
 * the stream means "perhaps".
 */
import { ChannelCredentials, Client, type ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import type { KeyValueOutcome, KeyValueWrite } from '../../core/ledger/key-value/write.js';
import type { NodeId } from '../../core/raft/message.js';
import type { Clock, Timer } from '../../runtime/ports/clock.js';
import { FateUnknown, Overloaded } from '../../runtime/ports/consensus-errors.js';
import { type Leader, type LeaderCalls, LeaderUnreachable } from '../../runtime/ports/key-value.js';
import { loadKeyValueService } from './api-proto.js';
import { errorOf } from './api-status.js';
import { outcomeOf, requestOf } from './key-value-convert.js';
import { PASSED_ON } from './key-value-handlers.js';
import type { WirePipelineRequest, WirePipelineResponse } from './key-value-wire.js';
import { CHANNEL_OPTIONS } from './peer-channel.js';

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
  #line: LeaderLine | null = null;

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
  }

  write(leader: Leader, write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome> {
    if (this.#line === null || !this.#line.leadsTo(leader)) {
      this.#line?.retire();
      this.#line = new LeaderLine(leader, this.#options);
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
}

/** One connection to one leader, never repaired: when it breaks, the next write makes a new one. */
class LeaderLine {
  readonly leader: Leader;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #open = new Map<number, OpenWrite>();
  readonly #ready: Promise<Stream>;
  #stream: Stream | null = null;
  #nextId = 1;
  #broken = false;

  constructor(leader: Leader, options: LeaderCallsOptions) {
    this.leader = leader;
    this.#clock = options.clock;
    const credentials = options.credentials ?? ChannelCredentials.createInsecure();
    this.#client = new Client(leader.grpcAddress, credentials, CLIENT_OPTIONS);
    this.#ready = this.#connect(options.nodeId);
    // Everyone who writes is told; a line that nobody waits for any more must not end the process.
    this.#ready.catch(() => undefined);
  }

  leadsTo({ id, grpcAddress }: Leader): boolean {
    return !this.#broken && this.leader.id === id && this.leader.grpcAddress === grpcAddress;
  }

  async write(write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome> {
    const stream = await this.#ready;
    if (this.#broken) throw new LeaderUnreachable(this.leader, 'the connection broke before anything was sent');
    if (this.#open.size >= OPEN_MAX) throw new Overloaded(`${OPEN_MAX} writes wait for the leader's answer; slow down`);
    return await new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      const timer = this.#clock.setTimer(deadlineMs - this.#clock.nowMs(), () => {
        this.#open.delete(id);
        reject(new FateUnknown('the leader did not say in time what became of the write'));
      });
      this.#open.set(id, { write, timer, resolve, reject });
      stream.write(requestOf(id, write));
    });
  }

  retire(): void {
    this.#clock.setTimer(this.#open.size === 0 ? 0 : FAREWELL_MS, () => {
      this.close();
    });
  }

  close(): void {
    this.#break('another node leads now');
  }

  #connect(nodeId: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => {
        if (error !== undefined || this.#broken) {
          this.#break('not connected');
          reject(new LeaderUnreachable(this.leader, error?.message ?? 'another node leads now'));
        } else resolve(this.#openStream(nodeId));
      });
    });
  }

  #openStream(nodeId: string): Stream {
    const metadata = new Metadata();
    metadata.set(PASSED_ON, nodeId);
    const { path, requestSerialize, responseDeserialize } = loadKeyValueService().Pipeline;
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
    return stream;
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
    const error = new FateUnknown(
      `the connection to the leader ${this.leader.id} was lost after the write was sent to it: ${detail}`,
    );
    for (const { timer, reject } of this.#open.values()) {
      timer.cancel();
      reject(error);
    }
    this.#open.clear();
    this.#stream?.cancel();
    this.#client.close();
  }
}
