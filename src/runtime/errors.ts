/**
 * The registry of operational errors: code, what a person reads, and what a door answers with. Shells throw them; the
 * core returns refusals instead. A code is never used again for another meaning.
 */
export const ERROR_CODES = {
  NOT_LEADER: { http: 503, grpc: 14, retriable: true },
  NO_QUORUM: { http: 503, grpc: 14, retriable: true },
  LEASE_LAPSED: { http: 503, grpc: 14, retriable: true },
  OVERLOADED: { http: 503, grpc: 8, retriable: true },
  /** Certainly not done. */
  PROPOSAL_DROPPED: { http: 503, grpc: 14, retriable: true },
  /** Perhaps done: the leader was lost between proposing and committing. */
  FATE_UNKNOWN: { http: 504, grpc: 2, retriable: false },
  /** Certainly not done: a member of the cluster runs a program that could not read the command. */
  MEMBER_TOO_OLD: { http: 503, grpc: 9, retriable: true },
  DEADLINE: { http: 504, grpc: 4, retriable: true },
  STORAGE: { http: 503, grpc: 14, retriable: true },
  MYSQL_CONNECT: { http: 502, grpc: 14, retriable: true },
  MYSQL_STATEMENT: { http: 502, grpc: 13, retriable: false },
  /** Another session holds, or took, the barrier lock of the server. */
  MYSQL_BARRIER: { http: 502, grpc: 10, retriable: true },
  /** The server lives and let us not in. */
  MYSQL_NOT_ADMITTED: { http: 502, grpc: 14, retriable: true },
  /** Another server answers at the address: nothing was sent to it. */
  MYSQL_REPLACED: { http: 502, grpc: 9, retriable: false },
  /** Nothing was sent: ObserveOnly. */
  OBSERVE_ONLY: { http: 409, grpc: 9, retriable: false },
  /** A key-value store outside could not be read or written. */
  PAIR_STORE: { http: 502, grpc: 14, retriable: true },
  BAD_REQUEST: { http: 400, grpc: 3, retriable: false },
  /** What is asked for lies before the oldest that is still known. */
  COMPACTED: { http: 410, grpc: 11, retriable: false },
  NOT_FOUND: { http: 404, grpc: 5, retriable: false },
  CONFIGURATION: { http: 500, grpc: 9, retriable: false },
} as const satisfies Record<string, { http: number; grpc: number; retriable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export class OperationalError extends Error {
  override readonly name = 'OperationalError';
  readonly code: ErrorCode;

  /** `message` names the server, the statement and the next step where there are any. */
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  get retriable(): boolean {
    return ERROR_CODES[this.code].retriable;
  }
}
