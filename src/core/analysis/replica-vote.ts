/**
 * What a replica knows about its source. It is the best witness there is: it holds a connection that was working, from
 * another place. But an IO thread that says "running" only says that nobody told it otherwise: with a frozen source it
 * goes on saying so for as long as the heartbeat interval allows. So "running" is a sign of life only with something that
 * came in, and a broken link only when heartbeats are overdue by the replica's own clock.
 */
import { addressText } from '../topology/address.js';
import type { Channel, ServerId } from '../topology/server.js';
import {
  type Inquiry,
  isNetworkError,
  isServersAnswer,
  isStranger,
  lastReceivedMs,
  type ReplicaWatch,
} from './inquiry.js';
import type { JudgementLimits } from './limits.js';
import type { Link } from './links.js';
import type { ReplicaVote } from './vote.js';
import { seconds } from './words.js';

export interface ReplicaOpinion {
  readonly server: ServerId;
  readonly vote: ReplicaVote;
  /** A sentence that begins with the replica's address. */
  readonly why: string;
  /** Broken, and not by silence alone: its IO thread is no longer connected. */
  readonly disconnected: boolean;
  /** Unknown, but known to have received nothing since the last sign of life: a broken canary speaks for it. */
  readonly unnoticed: boolean;
  /** When heartbeats will be overdue if none comes; null when that will not tell. Same clock as the inquiry. */
  readonly tellsAtMs: number | null;
}

interface Said {
  readonly vote: ReplicaVote;
  readonly why: string;
  readonly disconnected?: boolean;
  readonly unnoticed?: boolean;
  readonly tellsAtMs?: number;
}

export function voteOfReplica(inquiry: Inquiry, link: Link, limits: JudgementLimits): ReplicaOpinion {
  const said = listen(inquiry, link, limits);
  return {
    server: link.replica.id,
    vote: said.vote,
    why: `${addressText(link.replica.address)} ${said.why}`,
    disconnected: said.disconnected ?? false,
    unnoticed: said.unnoticed ?? false,
    tellsAtMs: said.tellsAtMs ?? null,
  };
}

function listen(inquiry: Inquiry, link: Link, limits: JudgementLimits): Said {
  const watch = inquiry.replicas.get(link.replica.id);
  // Invariant 8: that nothing was heard of a replica is evidence of nothing.
  if (watch?.last === undefined || watch.last === null || watch.last.startedAtMs < inquiry.sinceMs) {
    return { vote: 'unknown', why: 'has not been read since the suspicion arose' };
  }
  if (!watch.last.ok) return unread(watch.last.failure.kind, watch.last.failure.code);
  if (isStranger(link, watch.last)) {
    return { vote: 'unreachable', why: `is not there any more (${watch.last.report.id} answers at its address)` };
  }
  const channel = watch.channel;
  if (channel === null) return { vote: 'stopped', why: 'replicates from elsewhere now' };
  switch (channel.ioThread) {
    case 'running':
      return running(inquiry, link.replica.id, watch, channel, limits);
    case 'connecting':
      return connecting(inquiry, link.replica.id, watch, channel, limits);
    case 'stopped':
      return stopped(channel);
  }
}

function unread(kind: string, code: string): Said {
  if (kind === 'alive') return { vote: 'unknown', why: `answers but cannot be read (${code})` };
  return { vote: 'unreachable', why: `cannot be reached (${code})` };
}

function running(
  inquiry: Inquiry,
  replica: ServerId,
  watch: ReplicaWatch,
  channel: Channel,
  limits: JudgementLimits,
): Said {
  if (hasJustBeenAnswered(inquiry, replica, watch, limits)) {
    return { vote: 'receiving', why: 'was let in again after its IO thread was restarted' };
  }
  const quietMs = watch.vitals?.quietMs ?? null;
  const receivedMs = lastReceivedMs(watch);
  if (watch.advanced) return { vote: 'receiving', why: 'received transactions after the suspicion arose' };
  if (quietMs === null || receivedMs === null) {
    return { vote: 'unknown', why: 'has a running IO thread and cannot tell when it last received anything' };
  }
  // What came in moved `sinceMs` on, so its quiet covers all the time since anybody's last sign of life.
  const overdueMs = overdueAfterMs(channel, limits);
  if (overdueMs !== null && quietMs > overdueMs) {
    const every = seconds(channel.heartbeatIntervalMs ?? 0);
    return { vote: 'broken', why: `got no heartbeat for ${seconds(quietMs)}, where one is due every ${every}` };
  }
  // Old news is no fresh sign of life: a source that froze in the middle of an inquiry would be called alive until overdue.
  if (receivedMs > inquiry.beganAtMs && quietMs <= 2 * limits.silenceMs) {
    return { vote: 'receiving', why: `received something ${seconds(quietMs)} ago, after the suspicion arose` };
  }
  const why = `has a running IO thread that has been quiet for ${seconds(quietMs)}`;
  if (overdueMs === null) return { vote: 'unknown', why, unnoticed: true };
  return { vote: 'unknown', why, unnoticed: true, tellsAtMs: receivedMs + overdueMs };
}

/** Null when the source was never asked for heartbeats, or nobody knows: then quiet may just be a quiet source. */
function overdueAfterMs(channel: Channel, limits: JudgementLimits): number | null {
  const intervalMs = channel.heartbeatIntervalMs ?? 0;
  return intervalMs > 0 ? Math.max(limits.heartbeatsMissed * intervalMs, limits.heartbeatFloorMs) : null;
}

function connecting(
  inquiry: Inquiry,
  replica: ServerId,
  watch: ReplicaWatch,
  channel: Channel,
  limits: JudgementLimits,
): Said {
  const error = channel.ioError?.number ?? 0;
  if (isNetworkError(error)) return broken(`lost its source and cannot reconnect (error ${error})`);
  if (isServersAnswer(error)) {
    if (hasJustBeenAnswered(inquiry, replica, watch, limits)) {
      return { vote: 'receiving', why: `was answered error ${error} by its source` };
    }
    // Refused before the suspicion arose, for reasons of its own (a wrong password, say): no witness of what came after.
    if (watch.before?.ioThread !== 'running' && watch.before?.ioError?.number === error) {
      return { vote: 'stopped', why: `was refused with error ${error} before the suspicion arose` };
    }
    return { vote: 'unknown', why: `was last answered error ${error} by its source` };
  }
  const forMs = (watch.last?.startedAtMs ?? 0) - (watch.connectingSinceMs ?? Number.POSITIVE_INFINITY);
  if (forMs >= limits.connectingMs) return broken(`has tried to connect for ${seconds(forMs)}`);
  return { vote: 'unknown', why: `is connecting since ${seconds(forMs)}` };
}

/** A thread that gave up for the network's sake lost its source; one that was stopped, or failed otherwise, says nothing. */
function stopped(channel: Channel): Said {
  const error = channel.ioError?.number ?? 0;
  if (isNetworkError(error)) return broken(`lost its source and gave up (error ${error})`);
  return {
    vote: 'stopped',
    why: error === 0 ? 'has a stopped IO thread' : `has an IO thread that stopped with error ${error}`,
  };
}

function broken(why: string): Said {
  return { vote: 'broken', why, disconnected: true };
}

function hasJustBeenAnswered(
  inquiry: Inquiry,
  replica: ServerId,
  watch: ReplicaWatch,
  limits: JudgementLimits,
): boolean {
  const answeredAtMs = inquiry.canary?.server === replica ? inquiry.canary.answeredAtMs : null;
  if (answeredAtMs === null || watch.last === null) return false;
  return watch.last.startedAtMs - answeredAtMs <= limits.silenceMs;
}
