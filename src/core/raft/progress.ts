/**
 * What a leader knows about one peer. Invariant: match < next. Three ways to send:
 *
 *     probe ──accepted──► replicate          probe:     one append at a time until we know where the logs agree
 *       ▲  ◄──refused───────┘                replicate: a pipeline; `next` runs ahead of what is acknowledged
 *       │ installed / failed
 *     snapshot ◄── the entries it needs are compacted (from either); only heartbeats are sent meanwhile
 */
import { assert } from '../base/assert.js';
import type { Inflight } from './inflight.js';
import type { LogIndex } from './message.js';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface Progress {
  state: ProgressState;
  /** The peer's log is known, on its disk, to equal ours up to here. */
  match: LogIndex;
  /**
   * What of that counts towards a commit; at most `match`. A voter whose disk lost something may follow a leader that was
   * replaced with its own vote, which it no longer knows: entries on its word could be committed twice over.
   */
  vouched: LogIndex;
  /** As of its last answer, see `vouched`. */
  recovering: boolean;
  next: LogIndex;
  /** probe: the one append is out. A heartbeat's answer allows another, in case it was lost. */
  probeOut: boolean;
  readonly inflight: Inflight;
  snapshotIndex: LogIndex;
  /** The commit index it was last told. */
  toldCommit: LogIndex;
  lastAppendMs: number;
  lastHeardMs: number;
  /** The latest round it has answered, and when the latest answered round that still counts for a lease was sent. */
  answeredRound: number;
  answeredSentMs: number;
  /** The last round that had been opened when `match` was learned; a refusal from a later round is news, not an echo. */
  matchRound: number;
  /** It denied an entry there after it had acknowledged it, this many times in a row; 0: its word holds. */
  lostAt: LogIndex;
  losses: number;
  /** A probe of a peer that goes back on its word waits for this. */
  retryAtMs: number;
  /** Left out by the newest membership; kept until it has heard so. Infinity for members. */
  leavesAtMs: number;
}

export function createProgress(next: LogIndex, inflight: Inflight, now: number): Progress {
  return {
    state: 'probe',
    match: 0,
    vouched: 0,
    recovering: false,
    next,
    probeOut: false,
    inflight,
    snapshotIndex: 0,
    toldCommit: 0,
    lastAppendMs: now,
    lastHeardMs: now,
    answeredRound: 0,
    answeredSentMs: Number.NEGATIVE_INFINITY,
    matchRound: 0,
    lostAt: 0,
    losses: 0,
    retryAtMs: Number.NEGATIVE_INFINITY,
    leavesAtMs: Number.POSITIVE_INFINITY,
  };
}

export function becomeProbe(progress: Progress, next: LogIndex): void {
  assert(next > progress.match, `next ${next} would fall to the match ${progress.match}`);
  progress.state = 'probe';
  progress.next = next;
  progress.probeOut = false;
  progress.inflight.clear();
}

/**
 * It denies an entry that it had acknowledged. A disk that lost something does so once, and is asked where our logs agree.
 * One that does so again and again holds another history below its commit index: no question will ever find agreement, so
 * it is asked seldom. True when it is the first time there.
 */
export function becomeDoubted(progress: Progress, index: LogIndex, next: LogIndex, retryAtMs: number): boolean {
  const isNews = progress.losses === 0 || progress.lostAt !== index;
  progress.losses = isNews ? 1 : progress.losses + 1;
  progress.lostAt = index;
  progress.match = 0;
  progress.vouched = 0;
  becomeProbe(progress, next);
  if (isNews) return true;
  progress.probeOut = true;
  progress.retryAtMs = retryAtMs;
  return false;
}

/** It denied one entry more than once: not a loss that is being made good. */
export function contradictsItself(progress: Progress): boolean {
  return progress.losses > 1;
}

export function becomeSnapshot(progress: Progress, snapshotIndex: LogIndex): void {
  progress.state = 'snapshot';
  progress.snapshotIndex = snapshotIndex;
  progress.inflight.clear();
}

/** The peer's log equals ours up to `index`; `counts` as in `vouched`. True when that is news. */
export function acknowledge(progress: Progress, index: LogIndex, lastRound: number, counts: boolean): boolean {
  progress.inflight.freeTo(index);
  if (index > progress.lostAt) progress.losses = 0;
  progress.probeOut = false;
  const isNews = index > progress.match || (counts && index > progress.vouched);
  if (index > progress.match) {
    progress.match = index;
    progress.matchRound = lastRound;
  }
  if (counts) progress.vouched = Math.max(progress.vouched, index);
  progress.next = Math.max(progress.next, progress.match + 1);
  const caughtUp = progress.state !== 'snapshot' || progress.match >= progress.snapshotIndex;
  if (caughtUp && progress.state !== 'replicate') {
    progress.state = 'replicate';
    progress.next = progress.match + 1;
    progress.inflight.clear();
  }
  return isNews;
}

/** May another append with entries leave now? */
export function mayAppend(progress: Progress): boolean {
  if (progress.state === 'probe') return !progress.probeOut;
  return progress.state === 'replicate' && !progress.inflight.full;
}
