/**
 * Everything a node knows, in one place, owned by one RaftNode. The files beside this one are functions over it, one idea
 * each; they change it and put duties into its outbox, and none of them waits for anything.
 */
import { assert } from '../base/assert.js';
import type { Rng } from '../base/rng.js';
import { DiskProgress } from './disk-progress.js';
import { ForwardedReads } from './forwarded-reads.js';
import type { LeaderReads } from './leader-reads.js';
import { RaftLog } from './log.js';
import { MembershipHistory } from './membership-history.js';
import type { Entry, LogIndex, NodeId, SnapshotMark, Term } from './message.js';
import { assertRaftOptions } from './options.js';
import type { RaftOptions } from './options.js';
import { Outbox } from './outbox.js';
import type { Progress } from './progress.js';
import { VoterPromise } from './promise.js';
import type { HardState } from './ready.js';
import type { Rounds } from './rounds.js';

export interface FollowerRole {
  readonly kind: 'follower';
  readonly leader: NodeId | null;
  leaderHeardMs: number;
}

export interface CandidateRole {
  readonly kind: 'pre-candidate' | 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Transfer {
  readonly to: NodeId;
  readonly giveUpAtMs: number;
  /** Once the order is out, its late arrival could unseat us at any time: this term has no lease any more. */
  ordered: boolean;
}

export interface LeaderRole {
  readonly kind: 'leader';
  readonly peers: Map<NodeId, Progress>;
  readonly rounds: Rounds;
  readonly reads: LeaderReads;
  /** The empty entry this term began with: nothing older is committed by counting, no read is answered before it is. */
  readonly termStartIndex: LogIndex;
  heartbeatAtMs: number;
  heartbeatDue: boolean;
  /** Answers to rounds up to this one do not count for the lease. */
  leaseFloorRound: number;
  transfer: Transfer | null;
}

export type RoleState = FollowerRole | CandidateRole | LeaderRole;

export interface RaftStart {
  readonly hardState: HardState;
  /** {index: 0, term: 0, membership: the first membership} for a fresh cluster. */
  readonly snapshot: SnapshotMark;
  /** Contiguous, from snapshot.index + 1 or from earlier (kept for slow followers). */
  readonly entries: readonly Entry[];
  /** The disk lost part of what this node had promised or acknowledged: no vote until that is made good. */
  readonly learnerOnly?: boolean;
}

export interface RaftState {
  readonly id: NodeId;
  readonly options: RaftOptions;
  readonly rng: Rng;
  /** The latest time anyone told us. */
  now: number;
  term: Term;
  vote: NodeId | null;
  role: RoleState;
  readonly log: RaftLog;
  commit: LogIndex;
  /** Handed to the state machine up to here. */
  delivered: LogIndex;
  snapshot: SnapshotMark;
  readonly memberships: MembershipHistory;
  readonly disk: DiskProgress;
  readonly promise: VoterPromise;
  readonly forwarded: ForwardedReads;
  readonly outbox: Outbox;
  /** When a follower doubts its leader or a candidate tries again. */
  electionAtMs: number;
  /** Campaigns since a leader was last heard. */
  campaigns: number;
  /** Since a leader was last heard, this node has put its own campaign off once for another's. */
  gaveWay: boolean;
  /** What the entry carries with which this node would open a term. */
  opening: Uint8Array;
  /** The leader has something to send that no message asked for yet. */
  flushWanted: boolean;
  fetching: SnapshotMark | null;
  /** The log was replaced by a snapshot's mark and the disk has not confirmed it; number of the Ready that says so. */
  unsyncedReset: { readonly mark: SnapshotMark; number: number | null } | null;
  storageBroken: boolean;
  /** Others have said that the membership committed there is without this node; 0: nobody has. */
  leftOutAt: LogIndex;
  /** See recovering-voter.ts. Null: this node may vote. */
  recovery: Recovery | null;
}

export interface Recovery {
  /** The question that is out to the leader. */
  question: number | null;
  askAgainAtMs: number;
  /** What the log must reach, once the leader has said so. */
  target: LogIndex | null;
  term: Term;
  /** Up to here the log was seen to agree with that of the leader of `agreedTerm`, since the start. */
  agreedIndex: LogIndex;
  agreedTerm: Term;
}

export function createState(options: RaftOptions, start: RaftStart, rng: Rng, now: number): RaftState {
  assertRaftOptions(options);
  const { snapshot } = start;
  const log = new RaftLog(snapshot, start.entries);
  const learnerOnly = start.learnerOnly ?? false;
  const commit = Math.max(start.hardState.commit, snapshot.index);
  assert(learnerOnly || commit <= log.lastIndex, `commit ${commit} is beyond the log, which ends at ${log.lastIndex}`);
  const hardState = hardStateAtStart(start.hardState, log);
  const memberships = new MembershipHistory(snapshot.index, snapshot.membership);
  const unread = log.lastIndex - snapshot.index;
  if (unread > 0) memberships.append(log.slice(snapshot.index + 1, log.lastIndex, Number.POSITIVE_INFINITY));
  const outbox = new Outbox();
  const lastGiven = start.entries.at(-1);
  // A crash between installing a snapshot and deleting the log before it: the disk must not keep that log.
  const stale = lastGiven !== undefined && !log.matches(lastGiven.index, lastGiven.term);
  if (stale) outbox.resetLog(snapshot);
  // A node that never answered anyone has promised nothing.
  const isNew = hardState.term === 0 && log.lastIndex === 0;
  return {
    id: options.id,
    options,
    rng,
    now,
    term: hardState.term,
    vote: hardState.vote,
    role: { kind: 'follower', leader: null, leaderHeardMs: Number.NEGATIVE_INFINITY },
    log,
    commit: Math.min(commit, log.lastIndex),
    delivered: snapshot.index,
    snapshot,
    memberships,
    disk: new DiskProgress(log.lastIndex, start.hardState),
    promise: new VoterPromise(null, hardState.term, isNew ? now : now + options.promiseMs),
    forwarded: new ForwardedReads(rng),
    outbox,
    electionAtMs: Number.POSITIVE_INFINITY,
    campaigns: 0,
    opening: new Uint8Array(0),
    gaveWay: false,
    flushWanted: false,
    fetching: null,
    // Said again when the disk fails on it: what is written after it would stand behind a hole.
    unsyncedReset: stale ? { mark: snapshot, number: null } : null,
    storageBroken: false,
    leftOutAt: 0,
    recovery: learnerOnly ? recoveryFrom(now, options, isNew) : null,
  };
}

/**
 * A voter that lost even its terms may have given a vote that still counts, to a candidate it does not remember. A campaign
 * lasts for two election timeouts at most (election-timer.ts); clocks may differ a little. Only after that does it ask.
 */
const CAMPAIGNS_OVER = 2.5;

function recoveryFrom(now: number, { electionTimeoutMs }: RaftOptions, lostTerms: boolean): Recovery {
  const askAgainAtMs = lostTerms ? now + CAMPAIGNS_OVER * electionTimeoutMs : now;
  return { question: null, askAgainAtMs, target: null, term: 0, agreedIndex: 0, agreedTerm: 0 };
}

/**
 * A snapshot may be ahead of the hard state: committed entries are applied before our own disk has them, and with them the
 * term they came in. Whatever we voted in that term would have been on disk first, so we have not voted in it.
 */
function hardStateAtStart(hardState: HardState, log: RaftLog): Pick<HardState, 'term' | 'vote'> {
  return hardState.term >= log.lastTerm ? hardState : { term: log.lastTerm, vote: null };
}

/** Who leads, as far as this node knows. */
export function leaderOf(state: RaftState): NodeId | null {
  if (state.role.kind === 'leader') return state.id;
  return state.role.kind === 'follower' ? state.role.leader : null;
}
