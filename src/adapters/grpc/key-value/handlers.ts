/** The KeyValue service of proto/orchestrator.proto at the door: deadlines, words, errors. What it does is the port's. */
import {
  type Deadline,
  type Metadata,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { KeyValueWrite } from '../../../core/ledger/key-value/write.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { KeyValue, WriteOrigin } from '../../../runtime/ports/key-value.js';
import { statusOf } from '../api-status.js';
import { consistencyOf, deletionOf, type Effect, effectOf, putOf, swapOf, toWireEntry } from './convert.js';
import { servePipeline } from './pipeline.js';
import { refuseBrokenText } from './text.js';
import { serveWatch } from './watch.js';
import type {
  WireCompareAndSwapRequest,
  WireCompareAndSwapResponse,
  WireDeleteRequest,
  WireDeleteResponse,
  WireGetRequest,
  WireGetResponse,
  WirePipelineRequest,
  WirePipelineResponse,
  WirePutRequest,
  WirePutResponse,
  WireWatchEvent,
  WireWatchRequest,
} from './wire.js';

/** For a caller that sets none, or a longer one: an election takes far less. */
const DEADLINE_MAX_MS = 10_000;
/** Before the caller's own deadline, so that it hears from us what became of the call. */
const ANSWER_MARGIN_MS = 50;

/** Set by a node that passes a client's call on; the call goes no further. */
export const PASSED_ON = 'orchestrator-passed-on';

export function keyValueHandlers(keyValue: KeyValue, clock: Clock): UntypedServiceImplementation {
  const write = async (call: CallContext, asked: KeyValueWrite): Promise<Effect> =>
    effectOf(await keyValue.write(asked, originOf(call.metadata), deadlineOf(call, clock)));
  return {
    Get: unary(async (call: ServerUnaryCall<WireGetRequest, WireGetResponse>) => {
      const { key } = call.request;
      return toWireEntry(await keyValue.get(key, consistencyOf(call.request), deadlineOf(call, clock)));
    }),
    Put: unary(async (call: ServerUnaryCall<WirePutRequest, WirePutResponse>) => {
      const { revision } = await write(call, putOf(call.request));
      return { revision };
    }),
    CompareAndSwap: unary(async (call: ServerUnaryCall<WireCompareAndSwapRequest, WireCompareAndSwapResponse>) => {
      const { changed, revision } = await write(call, swapOf(call.request));
      return { swapped: changed, revision };
    }),
    Delete: unary(async (call: ServerUnaryCall<WireDeleteRequest, WireDeleteResponse>) => {
      const { changed, revision } = await write(call, deletionOf(call.request));
      return { found: changed, revision };
    }),
    Watch: (call: ServerWritableStream<WireWatchRequest, WireWatchEvent>) => {
      serveWatch(call, keyValue);
    },
    Pipeline: (call: ServerDuplexStream<WirePipelineRequest, WirePipelineResponse>) => {
      const deadlineMs = (): number => clock.nowMs() + DEADLINE_MAX_MS;
      servePipeline(call, { keyValue, origin: originOf(call.metadata), deadlineMs });
    },
  };
}

interface CallContext {
  readonly metadata: Metadata;
  getDeadline(): Deadline;
}

function unary<Request, Response>(serve: (call: ServerUnaryCall<Request, Response>) => Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
    checked(call, serve).then(
      (response) => {
        answer(null, response);
      },
      (error: unknown) => {
        answer(statusOf(error));
      },
    );
  };
}

async function checked<Request, Response>(
  call: ServerUnaryCall<Request, Response>,
  serve: (call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): Promise<Response> {
  refuseBrokenText(call.request);
  return await serve(call);
}

function originOf(metadata: Metadata): WriteOrigin {
  return metadata.get(PASSED_ON).length > 0 ? 'node' : 'client';
}

/** On our own clock; the caller's came as time left and was turned into wall time. */
function deadlineOf(call: CallContext, clock: Clock): number {
  const leftMs = Number(call.getDeadline()) - clock.wallMs();
  return clock.nowMs() + Math.max(0, Math.min(leftMs - ANSWER_MARGIN_MS, DEADLINE_MAX_MS));
}
