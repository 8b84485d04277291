/**
 * Everything heard about one suspected server since the suspicion began, as a value. Two instants rule it, both on the
 * collecting node's monotonic clock: `beganAtMs`, when the suspicion arose, and `sinceMs`, the last sign of life that anyone
 * had. Each sign of life moves `sinceMs` on and makes all opinions that were formed before it worthless, so no death can
 * be put together from looks on both sides of an answer.
 */
import { type Address, sameAddress } from '../topology/address.js';
import type { ProbeResult } from '../topology/report.js';
import type { Channel, ServerId } from '../topology/server.js';
import type { BinlogPosition, ChannelVitals } from '../topology/vitals.js';
import type { Link } from './links.js';
import type { NodeOpinion } from './vote.js';

/** One replica of the suspect, as seen since the suspicion arose. */
export interface ReplicaWatch {
  /** Its channel as last reported before the suspicion; null when it was never read. */
  readonly before: Channel | null;
  readonly last: ProbeResult | null;
  /** Its channel to the suspect in `last`; null when that report failed, or says that it replicates from elsewhere. */
  readonly channel: Channel | null;
  readonly vitals: ChannelVitals | null;
  /** Bytes came in between the last two reports. */
  readonly advanced: boolean;
  readonly connectingSinceMs: number | null;
}

export interface Canary {
  readonly server: ServerId;
  /** When its IO thread had been restarted; null until then, and for a leader that did not see it. */
  readonly restartedAtMs: number | null;
  /** When it was first seen to have an answer from the suspect after that. Proof of life once, and not for ever after. */
  readonly answeredAtMs: number | null;
}

export interface Inquiry {
  readonly server: ServerId;
  readonly beganAtMs: number;
  readonly sinceMs: number;
  /** The newest look of each node. */
  readonly opinions: ReadonlyMap<string, NodeOpinion>;
  readonly replicas: ReadonlyMap<ServerId, ReplicaWatch>;
  /** A node that reached the suspect at any time since it began: no canary is touched any more. */
  readonly reachedBy: string | null;
  readonly canary: Canary | null;
}

const UNWATCHED: ReplicaWatch = {
  before: null,
  last: null,
  channel: null,
  vitals: null,
  advanced: false,
  connectingSinceMs: null,
};

/** Errors of the client library: the replica could not reach its source, or lost it in the middle. */
const NETWORK_ERRORS: ReadonlySet<number> = new Set([2002, 2003, 2006, 2013, 2055]);

export function isNetworkError(error: number): boolean {
  return NETWORK_ERRORS.has(error);
}

/** 1040 (too many connections), 1045 and the like: a server that says no is there. */
export function isServersAnswer(error: number): boolean {
  return error >= 1000 && error < 2000;
}

export function beginInquiry(server: ServerId, atMs: number, canary: ServerId | null = null): Inquiry {
  return {
    server,
    beganAtMs: atMs,
    sinceMs: atMs,
    opinions: new Map(),
    replicas: new Map(),
    reachedBy: null,
    canary: canary === null ? null : { server: canary, restartedAtMs: null, answeredAtMs: null },
  };
}

/** After a pause of our own process, or by a new leader: what was heard before proves nothing, and silence counts from now. */
export function restartClocks(inquiry: Inquiry, atMs: number): Inquiry {
  const replicas = new Map<ServerId, ReplicaWatch>();
  for (const [id, watch] of inquiry.replicas) replicas.set(id, { ...UNWATCHED, before: watch.before });
  const canary = inquiry.canary === null ? null : { ...inquiry.canary, restartedAtMs: null, answeredAtMs: null };
  return { ...inquiry, beganAtMs: atMs, sinceMs: atMs, opinions: new Map(), replicas, canary };
}

export function hearOpinion(inquiry: Inquiry, opinion: NodeOpinion): Inquiry {
  const known = inquiry.opinions.get(opinion.node);
  if (opinion.atMs < inquiry.beganAtMs || (known !== undefined && known.atMs > opinion.atMs)) return inquiry;
  const opinions = new Map(inquiry.opinions).set(opinion.node, opinion);
  if (opinion.vote !== 'alive') return { ...inquiry, opinions };
  return { ...inquiry, opinions, reachedBy: opinion.node, sinceMs: Math.max(inquiry.sinceMs, opinion.atMs) };
}

/** How the replica's channel stood before the suspicion: an error that is older than it says nothing about the suspect. */
export function rememberBefore(inquiry: Inquiry, replica: ServerId, before: Channel): Inquiry {
  const watch = inquiry.replicas.get(replica) ?? UNWATCHED;
  return { ...inquiry, replicas: new Map(inquiry.replicas).set(replica, { ...watch, before }) };
}

/** Only a look that began after the suspicion counts, and none that began before the last one. */
export function seeReplica(inquiry: Inquiry, link: Link, result: ProbeResult): Inquiry {
  // A former name of it may lead to another server by now: that says nothing of what answers at its own address.
  if (isStranger(link, result) && !sameAddress(link.replica.address, addressOf(result))) return inquiry;
  const watch = inquiry.replicas.get(link.replica.id) ?? UNWATCHED;
  const previousAtMs = watch.last?.startedAtMs ?? null;
  if (result.startedAtMs < inquiry.beganAtMs || (previousAtMs !== null && result.startedAtMs <= previousAtMs)) {
    return inquiry;
  }
  const next = watchAfter(watch, link, result);
  const replicas = new Map(inquiry.replicas).set(link.replica.id, next);
  const canary = canaryAfter(inquiry.canary, link.replica.id, result.startedAtMs, next.channel);
  const signAtMs = Math.max(
    signOfLife(next, previousAtMs ?? result.startedAtMs),
    canary?.answeredAtMs ?? Number.NEGATIVE_INFINITY,
  );
  return { ...inquiry, replicas, canary, sinceMs: Math.max(inquiry.sinceMs, signAtMs) };
}

/** Somebody else answers where the replica was: whatever that one says, it does not say of the replica. */
export function isStranger({ replica }: Link, result: ProbeResult): boolean {
  return result.ok && result.report.id !== replica.id;
}

function addressOf(result: ProbeResult): Address {
  return result.ok ? result.report.address : result.address;
}

function watchAfter(watch: ReplicaWatch, link: Link, result: ProbeResult): ReplicaWatch {
  const channel = channelIn(result, link);
  const vitals = vitalsIn(result, link);
  const isConnecting = channel?.ioThread === 'connecting';
  return {
    before: watch.before,
    last: result,
    channel,
    vitals,
    advanced: channel?.ioThread === 'running' && hasAdvanced(watch.vitals?.read, vitals?.read),
    connectingSinceMs: isConnecting ? (watch.connectingSinceMs ?? result.startedAtMs) : null,
  };
}

/** What the canary showed before its restart is forgotten: it is asked a new question. */
export function canaryRestarted(inquiry: Inquiry, canary: ServerId, atMs: number): Inquiry {
  const before = inquiry.replicas.get(canary)?.before ?? null;
  const replicas = new Map(inquiry.replicas).set(canary, { ...UNWATCHED, before });
  return { ...inquiry, replicas, canary: { server: canary, restartedAtMs: atMs, answeredAtMs: null } };
}

/** The latest instant, at the earliest, at which the replica can have got something; null when it cannot tell. */
export function lastReceivedMs(watch: ReplicaWatch): number | null {
  const quietMs = watch.vitals?.quietMs ?? null;
  return watch.last === null || quietMs === null ? null : watch.last.startedAtMs - quietMs;
}

/** The thread runs again, or a refusal came back: the suspect takes connections. */
function canaryAfter(
  canary: Canary | null,
  replica: ServerId,
  seenAtMs: number,
  channel: Channel | null,
): Canary | null {
  const asked = canary?.server === replica && canary.restartedAtMs !== null && seenAtMs >= canary.restartedAtMs;
  if (!asked || channel === null || canary.answeredAtMs !== null) return canary;
  const answered = channel.ioThread === 'running' || isServersAnswer(channel.ioError?.number ?? 0);
  return answered ? { ...canary, answeredAtMs: seenAtMs } : canary;
}

function signOfLife(watch: ReplicaWatch, previousAtMs: number): number {
  if (watch.channel?.ioThread !== 'running') return Number.NEGATIVE_INFINITY;
  const receivedMs = lastReceivedMs(watch) ?? Number.NEGATIVE_INFINITY;
  return watch.advanced ? Math.max(receivedMs, previousAtMs) : receivedMs;
}

function channelIn(result: ProbeResult, link: Link): Channel | null {
  if (!result.ok || isStranger(link, result)) return null;
  const channel = result.report.facts.channels.find((one) => one.name === link.channel.name);
  return channel !== undefined && sameAddress(channel.source, link.channel.source) ? channel : null;
}

function vitalsIn(result: ProbeResult, link: Link): ChannelVitals | null {
  if (!result.ok || isStranger(link, result)) return null;
  return result.report.vitals.channels.find((one) => one.name === link.channel.name) ?? null;
}

function hasAdvanced(before: BinlogPosition | null | undefined, after: BinlogPosition | null | undefined): boolean {
  if (before === null || before === undefined || after === null || after === undefined) return false;
  return before.file !== after.file || before.position !== after.position;
}
