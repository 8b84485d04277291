/**
 * Our errors as gRPC's, and back. The rule that clients rely on (proto/orchestrator.proto): a failure either carries the
 * word that it was certainly not done, or must be taken as "perhaps". Where we do not know we therefore never say no.
 */
import { Metadata, status } from '@grpc/grpc-js';
import { ERROR_CODES, type ErrorCode, OperationalError } from '../../runtime/errors.js';
import { ConsensusError, FateUnknown, NotLeader, Overloaded } from '../../runtime/ports/consensus-errors.js';
import type { WireFailure } from './key-value/wire.js';

const DONE = 'orchestrator-done';
const CODE = 'orchestrator-code';

export interface CallStatus {
  /** One of gRPC's, from the registry of errors. */
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

export function failureOf(error: unknown): WireFailure {
  if (error instanceof OperationalError) {
    // An error without a fate was raised before anything was proposed.
    const certainlyNotDone = error instanceof ConsensusError ? error.done === 'no' : true;
    return { status: ERROR_CODES[error.code].grpc, message: error.message, code: error.code, certainlyNotDone };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { status: status.INTERNAL, message, code: 'INTERNAL', certainlyNotDone: false };
}

export function statusOf(error: unknown): CallStatus {
  const failure = failureOf(error);
  const metadata = new Metadata();
  metadata.set(DONE, failure.certainlyNotDone ? 'no' : 'unknown');
  metadata.set(CODE, failure.code);
  return { code: failure.status, details: failure.message, metadata };
}

/** What another node answered to a write that was passed on to it. */
export function errorOf({ code, message, certainlyNotDone }: WireFailure): OperationalError {
  if (!certainlyNotDone) return new FateUnknown(message);
  if (code === 'OVERLOADED') return new Overloaded(message);
  if (code === 'NOT_LEADER') return new NotLeader(null);
  if (code === 'BAD_REQUEST') return new OperationalError('BAD_REQUEST', message);
  return new ConsensusError(isErrorCode(code) ? code : 'PROPOSAL_DROPPED', message, 'no');
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
