/**
 * A call that belongs to the leader is passed on to it once, as it came and with the caller's own credentials. What was
 * passed on goes no further, or two nodes that take each other for the leader would play ball with it.
 */
import {
  type ChannelCredentials,
  Client,
  Metadata,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type status,
} from '@grpc/grpc-js';
import { PASSED_ON } from './key-value/handlers.js';

export const AUTHORIZATION = 'authorization';

type Failure = Parameters<sendUnaryData<unknown>>[0];

/** What a call is answered with instead. */
export class Declined extends Error {
  override readonly name = 'Declined';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super('declined');
    this.failure = failure;
  }
}

/** Certainly not done; `name` is told as `orchestrator-code`. */
export function declined(code: status, details: string, name: string): Declined {
  const metadata = new Metadata();
  metadata.set('orchestrator-done', 'no');
  metadata.set('orchestrator-code', name);
  return new Declined({ code, details, metadata });
}

export interface WayToLeader {
  readonly nodeId: string;
  readonly credentials: ChannelCredentials;
  /** Of the node that leads now; null: nobody does, or it has not said where it is. */
  leaderAddress(): string | null;
}

export function wasPassedOn(call: Pick<ServerUnaryCall<unknown, unknown>, 'metadata'>): boolean {
  return call.metadata.get(PASSED_ON).length > 0;
}

/** Rejects with Declined: the leader's own failure, or that of the way to it. */
export function passOn<Request, Response>(
  { nodeId, credentials }: WayToLeader,
  address: string,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
  call: ServerUnaryCall<Request, Response>,
  timeoutMs: number,
): Promise<Response> {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 });
  const metadata = new Metadata();
  metadata.set(PASSED_ON, nodeId);
  for (const value of call.metadata.get(AUTHORIZATION)) metadata.set(AUTHORIZATION, value);
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      call.request,
      metadata,
      options,
      (error, response) => {
        client.close();
        if (response !== undefined) resolve(response);
        else reject(new Declined(error));
      },
    );
  });
}
