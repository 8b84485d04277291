/** What a watch tells, on the wire and in the words of the port. */
import type { NodeVote } from '../../../core/analysis/vote.js';
import type { Address } from '../../../core/topology/address.js';
import type { Participant } from '../../../core/topology/assignment.js';
import type { ProbeFailure } from '../../../core/topology/report.js';
import type { SharedLook, WatchFrame } from '../../../runtime/ports/peers.js';
import { fromWireVote, toWireVote } from './votes.js';

export interface WireWatchRequest {
  readonly sentAtMs: number;
}

export interface WireWatchResponse {
  readonly greeting: { readonly dataCenter: string; readonly schema: number } | null;
  readonly pong: { readonly sentAtMs: number; readonly clockMs: number } | null;
  readonly roster: WireRoster | null;
  readonly looks: readonly WireLook[];
}

interface WireRoster {
  readonly term: number;
  readonly number: number;
  readonly nodes: readonly Participant[];
}

interface WireLook {
  readonly server: Address | null;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly failure: {
    readonly kind: string;
    readonly code: string;
    readonly message: string;
    readonly mend: string;
  } | null;
  readonly lasting: string;
  readonly vitals: string;
}

export function toWireFrame({ greeting, pong, roster, looks }: WatchFrame): WireWatchResponse {
  return { greeting, pong, roster, looks: looks.map(toWireLook) };
}

function toWireLook({ address, startedAtMs, finishedAtMs, failure, lasting, vitals }: SharedLook): WireLook {
  return {
    server: address,
    startedAtMs,
    finishedAtMs,
    failure: failure === null ? null : { ...failure, kind: toWireVote(failure.kind), mend: failure.mend ?? '' },
    lasting: lasting ?? '',
    vitals,
  };
}

export function fromWireFrame({ greeting, pong, roster, looks }: WireWatchResponse): WatchFrame {
  return { greeting, pong, roster, looks: looks.flatMap(fromWireLook) };
}

function fromWireFailure(kind: NodeVote, { code, message, mend }: NonNullable<WireLook['failure']>): ProbeFailure {
  return { kind, code, message, ...(mend === '' ? {} : { mend }) };
}

/** Nothing for a look that names no server. */
function fromWireLook(wire: WireLook): readonly SharedLook[] {
  const { server, startedAtMs, finishedAtMs, failure, lasting, vitals } = wire;
  if (server === null || server.host === '') return [];
  const kind: NodeVote | null = failure === null ? null : fromWireVote(failure.kind);
  return [
    {
      address: { host: server.host, port: server.port },
      startedAtMs,
      finishedAtMs,
      failure: failure === null || kind === null ? null : fromWireFailure(kind, failure),
      lasting: lasting === '' ? null : lasting,
      vitals,
    },
  ];
}
