/**
 * A Raft node without a disk, a network or a clock of its own. The shell tells it what happened (`step`, `tick`, `propose`,
 * ...), always with the monotonic time of now, then asks for its duties (`ready`), carries them out and reports back
 * (`advance`). Nothing waits and nothing throws but broken invariants, so the same code runs in production, in a
 * transcript and in a simulation that plays a million histories.
 *
 * The life of a Ready, in the shell:
 *   1. publish `lease()`;
 *   2. send `messages`; at the same time write `logReset`, `hardState`, `entries` as one synced batch;
 *   3. when that, and every earlier Ready's write, is synced: send `messagesAfterSync`, call `advance(number)`;
 *   4. hand `committed` to the state machine, answer `reads`; neither need wait for 3.
 * If the write fails: `storageFailed`, and everything of 3 is dropped, for this Ready and those after it.
 */
import type { Rng } from '../base/rng.js';
import { campaign, countOwnVote } from './candidate.js';
import { advanceCommit } from './commit.js';
import { dispatch } from './dispatch.js';
import { awaitSilence, mayCampaign } from './election-timer.js';
import { clockJumped, peerDisconnected, storageFailed, storageRecovered } from './evidence.js';
import { leaderDeadlineMs, leaderTick } from './leader.js';
import { leaseOf } from './lease.js';
import { isSoleVoter } from './membership.js';
import type { LogIndex, Membership, Message, NodeId, SnapshotMark } from './message.js';
import type { RaftOptions } from './options.js';
import { propose } from './propose.js';
import type { Proposal } from './propose.js';
import { expireForwarded, readIndex } from './read-index.js';
import { ReadyBuilder } from './ready-builder.js';
import type { Lease, Ready } from './ready.js';
import { proposeMembership } from './reconfigure.js';
import { recoverIfCaughtUp } from './recovering-voter.js';
import { snapshotFailed, snapshotInstalled, snapshotTaken } from './snapshots.js';
import { createState } from './state.js';
import type { RaftStart, RaftState } from './state.js';
import { statusOf } from './status.js';
import type { RaftStatus } from './status.js';
import { becomeFollower } from './step-down.js';
import { transferLeadership } from './transfer.js';

export type { RaftOptions } from './options.js';
export type { Proposal } from './propose.js';
export type { RaftStart } from './state.js';
export type { RaftStatus } from './status.js';

export class RaftNode {
  readonly #state: RaftState;
  readonly #builder = new ReadyBuilder();

  constructor(options: RaftOptions, start: RaftStart, rng: Rng, now: number) {
    this.#state = createState(options, start, rng, now);
    if (mayCampaign(this.#state)) awaitSilence(this.#state);
  }

  /** A message arrived. */
  step(message: Message, now: number): void {
    this.#at(now);
    dispatch(this.#state, message);
  }

  /** Time passed: to be called at or after `nextDeadline()`, earlier does no harm. */
  tick(now: number): void {
    const state = this.#at(now);
    expireForwarded(state);
    if (state.role.kind === 'leader') leaderTick(state, state.role);
    if (state.role.kind !== 'leader' && now >= state.electionAtMs) this.#electionDue();
  }

  /** When `tick` has something to do, on the clock of `now`; Infinity when nothing waits for time. */
  nextDeadline(): number {
    const { role, electionAtMs, forwarded } = this.#state;
    const own = role.kind === 'leader' ? leaderDeadlineMs(role) : electionAtMs;
    return Math.min(own, forwarded.nextDeadlineMs());
  }

  /** `index` and `term` of the answer are those of the entry: if another term's entry is committed there, this one is lost. */
  propose(payload: Uint8Array, now: number): Proposal {
    return propose(this.#at(now), payload);
  }

  /** The payload of the entry with which this node opens a term from now on: first of all that the term can commit. */
  openTermsWith(payload: Uint8Array): void {
    this.#state.opening = payload;
  }

  /** `next.outgoing` must be empty. The answer is about the first of the two entries that a change of voters takes. */
  proposeMembership(next: Membership, now: number): Proposal {
    return proposeMembership(this.#at(now), next);
  }

  /** A linearizable read; the answer comes in `Ready.reads` under the same `context`. */
  readIndex(context: number, now: number): void {
    readIndex(this.#at(now), context);
  }

  transferLeadership(to: NodeId, now: number): Proposal {
    return transferLeadership(this.#at(now), to);
  }

  /** The stream to a peer broke. */
  peerDisconnected(peer: NodeId, now: number): void {
    peerDisconnected(this.#at(now), peer);
  }

  clockJumped(now: number): void {
    clockJumped(this.#at(now));
  }

  /** The snapshot that a Ready asked for is fetched and verified; the next Ready says what becomes of it (`logReset`). */
  snapshotInstalled(mark: SnapshotMark, now: number): void {
    snapshotInstalled(this.#at(now), mark);
  }

  snapshotFailed(now: number): void {
    snapshotFailed(this.#at(now));
  }

  /** A snapshot of our own state machine is on disk; entries below `keepFrom` may go. */
  snapshotTaken(mark: SnapshotMark, keepFrom: LogIndex): void {
    snapshotTaken(this.#state, mark, keepFrom);
  }

  /** The membership to put into a snapshot at `index`. */
  membershipAt(index: LogIndex): Membership {
    return this.#state.memberships.at(index);
  }

  /** The newest membership that this node knows to be committed, and as of which index. */
  committedMembership(): { readonly index: LogIndex; readonly membership: Membership } {
    return this.#state.memberships.stageAt(this.#state.commit);
  }

  /** Another node says that the membership committed at `index` is without this one. */
  leftOut(index: LogIndex, now: number): void {
    const state = this.#at(now);
    state.leftOutAt = Math.max(state.leftOutAt, index);
    if (mayCampaign(state) || state.role.kind === 'leader' || state.role.kind === 'follower') return;
    becomeFollower(state, state.term, null);
  }

  storageFailed(now: number): void {
    storageFailed(this.#at(now));
  }

  storageRecovered(now: number): void {
    storageRecovered(this.#at(now));
  }

  hasReady(): boolean {
    return this.#builder.wanted(this.#state);
  }

  /** May be called again before the one before is advanced. */
  ready(): Ready {
    return this.#builder.build(this.#state);
  }

  /** Ready `number`, and all before it, are synced. */
  advance(number: number, now: number): void {
    const state = this.#at(now);
    state.disk.synced(number);
    const resetNumber = state.unsyncedReset?.number;
    if (typeof resetNumber === 'number' && resetNumber <= number && !state.storageBroken) state.unsyncedReset = null;
    if (state.role.kind === 'leader') advanceCommit(state, state.role);
    countOwnVote(state);
    recoverIfCaughtUp(state);
  }

  lease(): Lease {
    return leaseOf(this.#state);
  }

  status(now: number): RaftStatus {
    return statusOf(this.#state, now);
  }

  #electionDue(): void {
    const state = this.#state;
    const freeAtMs = isSoleVoter(state.memberships.current, state.id) ? state.now : state.promise.freeAtMs(state.id);
    if (!mayCampaign(state)) {
      // It has nobody to follow and may not stand: it waits to be found.
      becomeFollower(state, state.term, null);
      state.electionAtMs = Number.POSITIVE_INFINITY;
    } else if (freeAtMs > state.now) {
      state.electionAtMs = freeAtMs;
    } else {
      campaign(state);
    }
  }

  /** Time as the shell tells it; it never runs backwards here. */
  #at(now: number): RaftState {
    this.#state.now = Math.max(this.#state.now, now);
    return this.#state;
  }
}
