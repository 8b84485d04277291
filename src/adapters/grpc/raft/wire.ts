/**
 * The messages of proto/raft.proto as the loader hands them out and takes them: field names in camel case, uint64 as
 * numbers (terms, indexes and sizes stay far below 2^53), bytes as Buffer, a field of a oneof named by `content`.
 */
export interface WireIntroduction {
  readonly info: WireNodeInfo | null;
  readonly hasLog: boolean;
  readonly instance: string;
  readonly noVote: boolean;
  readonly membershipIndex: number;
  readonly addresses: Readonly<Record<string, string>>;
  readonly founding: string;
}

export type WireMeetRequest = Readonly<Record<string, never>>;

export interface WireGreeting {
  readonly clusterId: string;
  readonly introduction: WireIntroduction | null;
}

export interface WireNodeInfo {
  readonly id: string;
  readonly raftAddress: string;
  readonly httpAddress: string;
  readonly grpcAddress: string;
  readonly version: string;
  readonly schema: number;
}

export interface WireFrame {
  readonly introduction?: WireIntroduction | null;
  readonly batch?: { readonly messages: readonly WireMessage[] } | null;
}

export interface WireEntry {
  readonly term: number;
  readonly kind: number;
  readonly payload: Uint8Array;
}

export interface WireMembership {
  readonly voters: readonly string[];
  readonly outgoing: readonly string[];
  readonly learners: readonly string[];
  readonly addresses: Readonly<Record<string, string>>;
}

export interface WireContents {
  readonly appendRequest: {
    readonly previousIndex: number;
    readonly previousTerm: number;
    readonly entries: readonly WireEntry[];
    readonly commit: number;
    readonly round: number;
  };
  readonly appendResponse: {
    readonly accepted: boolean;
    readonly index: number;
    readonly hintIndex: number;
    readonly hintTerm: number;
    readonly round: number;
    readonly recovering: boolean;
  };
  readonly heartbeatRequest: { readonly commit: number; readonly round: number };
  readonly heartbeatResponse: { readonly round: number; readonly recovering: boolean };
  readonly snapshotRequest: {
    readonly index: number;
    readonly term: number;
    readonly membership: WireMembership | null;
    readonly round: number;
  };
  readonly snapshotResponse: { readonly installed: boolean; readonly index: number; readonly recovering: boolean };
  readonly timeoutNow: object;
  readonly readIndexRequest: { readonly context: number };
  readonly readIndexResponse: {
    readonly context: number;
    readonly index: number;
    readonly confirmed: boolean;
    readonly lastIndex: number;
  };
}

export interface WireEnvelope {
  readonly from: string;
  readonly to: string;
  readonly term: number;
}

/** Exactly one of the contents is there; a newer peer may send one that this version does not know, and then none is. */
export type WireMessage = WireEnvelope & { readonly [Kind in keyof WireContents]?: WireContents[Kind] | null };

export interface WireVoteRequest extends WireEnvelope {
  readonly preVote: boolean;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly transfer: boolean;
}

export interface WireVoteResponse extends WireEnvelope {
  readonly preVote: boolean;
  readonly granted: boolean;
}

export interface WireSnapshotFetch {
  readonly index: number;
  readonly term: number;
  readonly offset: number;
}

export interface WireSnapshotChunk {
  readonly offset: number;
  readonly totalBytes: number;
  readonly content: Uint8Array;
  readonly crc32: number;
}
