/**
 * The answering end: put onto the node's gRPC server beside the service for clients. A caller is admitted before a word
 * of its request is read, and nothing it sends makes a call last longer than it asked for.
 */
import {
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Address } from '../../../core/topology/address.js';
import type { PeerDuties, PeerFeed } from '../../../runtime/ports/peers.js';
import { admit, refusal, type Self } from '../raft/admission.js';
import {
  loadPeersService,
  type WireExamineRequest,
  type WireExamineResponse,
  type WireLostRequest,
  type WireLostResponse,
} from './proto.js';
import { toWireVote } from './votes.js';
import { answerWatch, type WatchCall } from './watch-server.js';

/** Nobody needs to look for longer than this at a server that is silent. */
const LOOK_MS_MAX = 10_000;
const REASON_LENGTH_MAX = 500;

export interface PeersServiceOptions {
  readonly self: Self;
  readonly duties: PeerDuties;
  readonly feed: PeerFeed;
}

/** To be called before the server is bound. */
export function registerPeersService(
  server: Pick<Server, 'addService'>,
  { self, duties, feed }: PeersServiceOptions,
): void {
  const handlers: UntypedServiceImplementation = {
    Examine: (
      call: ServerUnaryCall<WireExamineRequest, WireExamineResponse>,
      answer: sendUnaryData<WireExamineResponse>,
    ) => {
      const admission = admit(self, call.metadata);
      const address = addressIn(call.request.server);
      if (!admission.ok) answer(refusal(admission.reason));
      else if (address === null) answer(INVALID);
      else examine(duties, address, call.request.timeoutMs, answer);
    },
    Lost: (call: ServerUnaryCall<WireLostRequest, WireLostResponse>, answer: sendUnaryData<WireLostResponse>) => {
      const admission = admit(self, call.metadata);
      const address = addressIn(call.request.server);
      if (!admission.ok) answer(refusal(admission.reason));
      else if (address === null) answer(INVALID);
      else {
        duties.lost(admission.caller, address, call.request.reason.slice(0, REASON_LENGTH_MAX));
        answer(null, {});
      }
    },
    Watch: (call: WatchCall) => {
      answerWatch(self, feed, call);
    },
  };
  server.addService(loadPeersService(), handlers);
}

const INVALID = { code: status.INVALID_ARGUMENT, details: 'a server has a host and a port of 1 to 65535' };

function addressIn(server: Address | null): Address | null {
  if (server === null || server.host === '' || server.port < 1 || server.port > 65_535) return null;
  return { host: server.host, port: server.port };
}

function examine(
  duties: PeerDuties,
  address: Address,
  timeoutMs: number,
  answer: sendUnaryData<WireExamineResponse>,
): void {
  duties.examine(address, Math.min(timeoutMs, LOOK_MS_MAX)).then(
    ({ vote, detail, ageMs }) => {
      answer(null, { vote: toWireVote(vote), detail, ageMs });
    },
    (error: unknown) => {
      answer({ code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) });
    },
  );
}
