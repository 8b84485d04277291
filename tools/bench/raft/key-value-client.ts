// A client of the KeyValue service as anyone could write it from proto/orchestrator.proto, for the benches and for the
// tests that kill nodes under it. Its answers keep apart what is certainly not done and what may be.
import { join } from 'node:path';
import { type ChannelCredentials, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PROJECT_ROOT } from '../../lab/project-root.js';

const loaded = loadPackageDefinition(
  loadSync(join(PROJECT_ROOT, 'proto', 'orchestrator.proto'), {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  }),
) as unknown as {
  readonly orchestrator: {
    readonly v1: { readonly KeyValue: new (address: string, credentials: unknown, options: object) => RawClient };
  };
};

type Callback<T> = (error: ServiceError | null, response: T) => void;
type Unary<Request, Response> = (request: Request, options: { deadline: number }, answer: Callback<Response>) => void;

interface RawClient {
  readonly Get: Unary<{ key: string; consistency: Consistency }, Reading>;
  readonly Put: Unary<{ key: string; value: string }, { revision: number }>;
  readonly CompareAndSwap: Unary<
    { key: string; expected?: string; value: string },
    { swapped: boolean; revision: number }
  >;
  readonly Delete: Unary<{ key: string }, { found: boolean; revision: number }>;
  readonly Watch: (request: { prefix: string; fromRevision: number }) => ClientReadableStream<WatchEvent>;
  readonly Pipeline: () => ClientDuplexStream<object, PipelineResponse>;
  close(): void;
}

export type Consistency = 'LINEARIZABLE' | 'STALE';

export interface Reading {
  readonly found: boolean;
  readonly value: string;
  readonly revision: number;
}

export interface WatchEvent {
  readonly key: string;
  readonly value?: string;
  readonly revision: number;
}

export interface PipelineResponse {
  readonly id: number;
  readonly response: 'get' | 'put' | 'compareAndSwap' | 'delete' | 'failure';
  readonly get?: Reading;
  readonly put?: { readonly revision: number };
  readonly compareAndSwap?: { readonly swapped: boolean; readonly revision: number };
  readonly delete?: { readonly found: boolean; readonly revision: number };
  readonly failure?: {
    readonly status: number;
    readonly message: string;
    readonly code: string;
    readonly certainlyNotDone: boolean;
  };
}

export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly status: number;
  readonly code: string;
  /** False: it may have been done, or may still be. */
  readonly certainlyNotDone: boolean;

  constructor(failure: { message: string; status: number; code: string; certainlyNotDone: boolean }) {
    super(failure.message);
    this.status = failure.status;
    this.code = failure.code;
    this.certainlyNotDone = failure.certainlyNotDone;
  }

  static from(error: ServiceError): CallFailed {
    const word = (key: string): string => (error.metadata as Metadata | undefined)?.get(key).join() ?? '';
    // grpc-js says this when the call never left: there was no connection to send it on.
    const neverSent = error.details.startsWith('No connection established');
    const certainlyNotDone = neverSent || word('orchestrator-done') === 'no';
    return new CallFailed({
      message: error.details,
      status: error.code,
      code: word('orchestrator-code'),
      certainlyNotDone,
    });
  }
}

export class KeyValueClient {
  readonly address: string;
  readonly #raw: RawClient;
  readonly #timeoutMs: number;

  constructor(address: string, timeoutMs = 5000, trust: ChannelCredentials = credentials.createInsecure()) {
    this.address = address;
    this.#timeoutMs = timeoutMs;
    this.#raw = new loaded.orchestrator.v1.KeyValue(address, trust, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 20,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  get(key: string, consistency: Consistency = 'LINEARIZABLE'): Promise<Reading> {
    return this.#unary((options, answer) => {
      this.#raw.Get({ key, consistency }, options, answer);
    });
  }

  put(key: string, value: string): Promise<{ revision: number }> {
    return this.#unary((options, answer) => {
      this.#raw.Put({ key, value }, options, answer);
    });
  }

  /** `expected` null: only if there is no such key. */
  compareAndSwap(key: string, expected: string | null, value: string): Promise<{ swapped: boolean; revision: number }> {
    return this.#unary((options, answer) => {
      this.#raw.CompareAndSwap(expected === null ? { key, value } : { key, expected, value }, options, answer);
    });
  }

  delete(key: string): Promise<{ found: boolean; revision: number }> {
    return this.#unary((options, answer) => {
      this.#raw.Delete({ key }, options, answer);
    });
  }

  watch(prefix: string, fromRevision: number): ClientReadableStream<WatchEvent> {
    return this.#raw.Watch({ prefix, fromRevision });
  }

  pipeline(): PipelineClient {
    return new PipelineClient(this.#raw.Pipeline());
  }

  close(): void {
    this.#raw.close();
  }

  #unary<T>(call: (options: { deadline: number }, answer: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      call({ deadline: Date.now() + this.#timeoutMs }, (error, response) => {
        if (error === null) resolve(response);
        else reject(CallFailed.from(error));
      });
    });
  }
}

interface Open {
  readonly resolve: (response: PipelineResponse) => void;
  readonly reject: (error: unknown) => void;
}

/** One stream, many requests. When it breaks, everything without an answer may have been done. */
export class PipelineClient {
  readonly #stream: ClientDuplexStream<object, PipelineResponse>;
  readonly #open = new Map<number, Open>();
  #nextId = 1;
  #lost: CallFailed | null = null;

  constructor(stream: ClientDuplexStream<object, PipelineResponse>) {
    this.#stream = stream;
    stream.on('data', (response: PipelineResponse) => {
      this.#answered(response);
    });
    stream.on('error', (error: ServiceError) => {
      this.#end(CallFailed.from(error));
    });
    stream.on('end', () => {
      this.#end(new CallFailed({ message: 'the stream ended', status: 14, code: '', certainlyNotDone: false }));
    });
  }

  get(key: string, consistency: Consistency = 'LINEARIZABLE'): Promise<PipelineResponse> {
    return this.#send({ get: { key, consistency } });
  }

  put(key: string, value: string): Promise<PipelineResponse> {
    return this.#send({ put: { key, value } });
  }

  compareAndSwap(key: string, expected: string | null, value: string): Promise<PipelineResponse> {
    return this.#send({ compareAndSwap: expected === null ? { key, value } : { key, expected, value } });
  }

  delete(key: string): Promise<PipelineResponse> {
    return this.#send({ delete: { key } });
  }

  close(): void {
    this.#stream.end();
    this.#stream.cancel();
  }

  #send(request: object): Promise<PipelineResponse> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      this.#open.set(id, { resolve, reject });
      this.#stream.write({ id, ...request });
    });
  }

  #answered(response: PipelineResponse): void {
    const open = this.#open.get(response.id);
    this.#open.delete(response.id);
    if (response.failure) open?.reject(new CallFailed(response.failure));
    else open?.resolve(response);
  }

  #end(error: CallFailed): void {
    this.#lost ??= error;
    for (const { reject } of this.#open.values()) reject(this.#lost);
    this.#open.clear();
  }
}
