/**
 * What this node has seen of a server with its own eyes. Facts in the ledger are what the cluster believes; a sight is
 * newer or older than they are, and belongs to one node.
 */
import { addressText } from '../topology/address.js';
import type { FailureKind, ProbeResult } from '../topology/report.js';
import type { Server, ServerFacts } from '../topology/server.js';
import type { NodeOpinion, NodeVote } from './vote.js';

export type GoodProbe = Extract<ProbeResult, { ok: true }>;

export interface Sight {
  readonly last: ProbeResult;
  readonly lastGood: GoodProbe | null;
}

/**
 * reachable: it was read. answering: MySQL answers and could not be read (too many connections, wrong password).
 * unreachable: refused or silent. unknown: never looked, too long ago, or our own fault; never a reason for anything.
 */
export type Reach = 'reachable' | 'answering' | 'unreachable' | 'unknown';

/** A greeting is not a report: a server that greets and then hangs (a stalled disk) is not called well. */
const REACH_OF: Readonly<Record<NodeVote & FailureKind, Reach>> = {
  alive: 'answering',
  refused: 'unreachable',
  silent: 'unreachable',
  none: 'unknown',
};

/** `knock`: this node's latest vote in an inquiry, if there is one; the newer of the two looks counts. */
export function reachOf(sight: Sight | null, knock: NodeOpinion | null, nowMs: number, staleMs: number): Reach {
  const sightAtMs = sight === null ? Number.NEGATIVE_INFINITY : sight.last.startedAtMs;
  if (knock !== null && knock.atMs > sightAtMs) {
    return nowMs - knock.atMs > staleMs ? 'unknown' : REACH_OF[knock.vote];
  }
  if (sight === null || nowMs - sight.last.finishedAtMs > staleMs) return 'unknown';
  return sight.last.ok ? 'reachable' : REACH_OF[sight.last.failure.kind];
}

/**
 * Looks go to addresses. One that another server answered is no sight of this one, only of its absence: as if the port
 * were closed.
 */
export function sightOfServer({ id, address }: Server, sight: Sight | null): Sight | null {
  if (sight === null) return null;
  const { last } = sight;
  const lastGood = sight.lastGood?.report.id === id ? sight.lastGood : null;
  if (!last.ok || last.report.id === id) return lastGood === sight.lastGood ? sight : { last, lastGood };
  const { startedAtMs, finishedAtMs, report } = last;
  const message = `${addressText(address)} answers as ${report.id}, which is another server`;
  const failure = { kind: 'refused', code: 'ANOTHER_SERVER', message } as const;
  return { last: { ok: false, startedAtMs, finishedAtMs, address, failure }, lastGood };
}

/** The newest facts at hand: this node's own last report if it has one, else what the cluster believes. */
export function latestFacts(server: Server, sight: Sight | null): ServerFacts {
  const report = sight?.lastGood?.report;
  return report?.id === server.id ? report.facts : server.facts;
}
