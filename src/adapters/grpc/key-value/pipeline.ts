/**
 * One Pipeline stream: requests in, answers out as they are ready. What the caller does not read stops what we read from
 * it, and so does too much at once, so that a caller can take no more of a node than it can be given.
 */
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { KeyValue, WriteOrigin } from '../../../runtime/ports/key-value.js';
import { failureOf } from '../api-status.js';
import { consistencyOf, effectOf, responseOf, toWireEntry, writeOf } from './convert.js';
import { refuseBrokenText } from './text.js';
import type { WirePipelineRequest, WirePipelineResponse } from './wire.js';

/** Requests that wait for their answer; above it nothing more is read. */
const OPEN_MAX = 2048;

export interface PipelineTerms {
  readonly keyValue: KeyValue;
  readonly origin: WriteOrigin;
  /** Deadline of a request that arrives now. */
  deadlineMs(): number;
}

type Call = ServerDuplexStream<WirePipelineRequest, WirePipelineResponse>;

export function servePipeline(call: Call, terms: PipelineTerms): void {
  let open = 0;
  let ended = false;
  let clogged = false;
  const control = (): void => {
    if (open >= OPEN_MAX || clogged) call.pause();
    else call.resume();
  };
  const answer = (response: WirePipelineResponse): void => {
    open -= 1;
    if (call.cancelled) return;
    if (!call.write(response) && !clogged) {
      clogged = true;
      call.once('drain', () => {
        clogged = false;
        control();
      });
    }
    control();
    if (ended && open === 0) call.end();
  };
  call.on('data', (request: WirePipelineRequest) => {
    open += 1;
    if (open >= OPEN_MAX) control();
    void respond(request, terms).then(answer);
  });
  call.on('end', () => {
    ended = true;
    if (open === 0) call.end();
  });
  // A caller that broke off: what it had asked for is done and answered to nobody.
  call.on('error', () => undefined);
}

async function respond(request: WirePipelineRequest, terms: PipelineTerms): Promise<WirePipelineResponse> {
  const { id, get } = request;
  try {
    refuseBrokenText(request);
    if (get) return { id, get: toWireEntry(await terms.keyValue.get(get.key, consistencyOf(get), terms.deadlineMs())) };
    const write = writeOf(request);
    if (write === null) return { id, failure: NOT_UNDERSTOOD };
    return responseOf(id, write, effectOf(await terms.keyValue.write(write, terms.origin, terms.deadlineMs())));
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}

const NOT_UNDERSTOOD = {
  status: status.UNIMPLEMENTED,
  message: 'this node does not know what is asked for: the caller is newer, or asks for nothing',
  code: 'BAD_REQUEST',
  certainlyNotDone: true,
};
