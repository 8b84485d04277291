/**
 * Deliberate bugs, each one that a real Raft has had or that a hurried change would bring in. None of them is in the
 * production code as a switch: a plant replaces one module of the core, or one duty of the shell, for one test.
 */
import type { advanceCommit } from '../../../src/core/raft/commit.js';
import type { LeaderReads } from '../../../src/core/raft/leader-reads.js';
import type { leaseOf } from '../../../src/core/raft/lease.js';
import type { RaftLog } from '../../../src/core/raft/log.js';
import { encodeMembership } from '../../../src/core/raft/membership-codec.js';
import type { Entry, Membership, NodeId, SnapshotMark } from '../../../src/core/raft/message.js';
import type { VoterPromise } from '../../../src/core/raft/promise.js';
import { RaftNode } from '../../../src/core/raft/node.js';
import type { acknowledge, Progress } from '../../../src/core/raft/progress.js';
import { appendOwn } from '../../../src/core/raft/propose.js';
import type { Ready } from '../../../src/core/raft/ready.js';
import type { quorumValue, voteOutcome } from '../../../src/core/raft/quorum.js';
import type { refreshPeers } from '../../../src/core/raft/reconfigure.js';
import type { Rounds } from '../../../src/core/raft/rounds.js';
import type { LeaderRole, RaftState } from '../../../src/core/raft/state.js';
import type { Season } from './seasons.js';
import type { Shell } from './server.js';

/** A module of the core, to what stands in for some of its exports. */
type Replacement = readonly [module: string, replace: (original: never) => Record<string, unknown>];

export interface Plant {
  readonly bug: string;
  /** What the simulation says when it finds it. */
  readonly caughtBy: RegExp;
  /** Where it shows soonest; ordinary runs come upon it too. */
  readonly season: Season;
  readonly core?: Replacement;
  readonly shell?: Partial<Shell>;
}

const SAFETY =
  /election safety|one vote|log matching|state machine safety|leader completeness|linearizability|fresh reads/;

export const PLANTS: readonly Plant[] = [
  {
    bug: 'a vote is not written down',
    season: 'ballots',
    caughtBy: /one vote a term|election safety/,
    shell: {
      persist: (disk, { ready, file }) => {
        const hardState = ready.hardState && { ...ready.hardState, vote: null };
        disk.persist({ ready: { ...ready, hardState }, file });
      },
    },
  },
  {
    bug: 'acceptances and votes leave before they are on disk',
    season: 'disks',
    caughtBy: SAFETY,
    shell: { sort: (ready) => ({ now: [...ready.messages, ...ready.messagesAfterSync], afterSync: [] }) },
  },
  {
    bug: 'a disk that lost entries does not say so',
    season: 'disks',
    caughtBy: SAFETY,
    shell: { ownsUpToDamage: false },
  },
  {
    bug: 'an entry of an older term is committed by counting copies',
    season: 'hunt',
    caughtBy: /leader completeness|state machine safety|differs from the leader's/,
    core: [
      'commit',
      (original: { advanceCommit: typeof advanceCommit }) => ({
        advanceCommit: (state: RaftState, leader: LeaderRole) => {
          const everyTermIsOurs = { termAt: () => state.term };
          Object.assign(state.log, everyTermIsOurs);
          original.advanceCommit(state, leader);
          Reflect.deleteProperty(state.log, 'termAt');
        },
      }),
    ],
  },
  {
    bug: 'a leader counts its own disk before the sync',
    season: 'disks',
    caughtBy: SAFETY,
    core: [
      'commit',
      (original: { advanceCommit: typeof advanceCommit }) => ({
        advanceCommit: (state: RaftState, leader: LeaderRole) => {
          const { syncedIndex } = state.disk;
          state.disk.syncedIndex = state.log.lastIndex;
          original.advanceCommit(state, leader);
          state.disk.syncedIndex = syncedIndex;
        },
      }),
    ],
  },
  {
    bug: 'a leader holds a lease without having heard from a quorum',
    season: 'cables',
    caughtBy: /one lease/,
    core: [
      'lease',
      () => ({
        leaseOf: (state: RaftState) => ({
          term: state.term,
          until: state.role.kind === 'leader' ? state.now + state.options.promiseMs : 0,
        }),
      }),
    ],
  },
  {
    bug: 'a lease is counted from the latest sending, not from the one that was answered',
    season: 'cables',
    caughtBy: /one lease/,
    core: [
      'rounds',
      (original: { Rounds: typeof Rounds }) => ({
        Rounds: class extends original.Rounds {
          override sentMs(): number {
            return super.sentMs(this.last);
          }
        },
      }),
    ],
  },
  {
    bug: 'a voter forgets its promise when it is asked for a vote',
    season: 'cables',
    caughtBy: /one lease/,
    core: [
      'promise',
      (original: { VoterPromise: typeof VoterPromise }) => ({
        VoterPromise: class extends original.VoterPromise {
          override forbids(): boolean {
            return false;
          }
          override freeAtMs(): number {
            return Number.NEGATIVE_INFINITY;
          }
        },
      }),
    ],
  },
  {
    bug: 'a restarted voter votes at once',
    season: 'bounce',
    caughtBy: /one lease/,
    core: [
      'promise',
      (original: { VoterPromise: typeof VoterPromise }) => ({
        VoterPromise: class extends original.VoterPromise {
          constructor(to: NodeId | null, term: number) {
            super(to, term, Number.NEGATIVE_INFINITY);
          }
        },
      }),
    ],
  },
  {
    bug: 'a leader keeps its lease while it hands over',
    season: 'transfers',
    caughtBy: /one lease/,
    core: [
      'lease',
      (original: { leaseOf: typeof leaseOf }) => ({
        leaseOf: (state: RaftState) => {
          const { role } = state;
          return original.leaseOf(role.kind === 'leader' ? { ...state, role: { ...role, transfer: null } } : state);
        },
      }),
    ],
  },
  {
    bug: 'a leader takes its lease up again after an order to take over went out',
    season: 'transfers',
    caughtBy: /one lease/,
    core: [
      'transfer',
      () => ({
        giveTransferUp: (state: RaftState, leader: LeaderRole) => {
          if (leader.transfer !== null && state.now >= leader.transfer.giveUpAtMs) leader.transfer = null;
        },
      }),
    ],
  },
  {
    bug: 'a new leader answers reads before it has committed anything',
    season: 'cables',
    caughtBy: /fresh reads|linearizability/,
    core: ['term-start', () => ({ hasOpenedTerm: () => true })],
  },
  {
    bug: 'a read is answered without asking whether somebody else leads',
    season: 'cables',
    caughtBy: /fresh reads|linearizability/,
    core: [
      'leader-reads',
      (original: { LeaderReads: typeof LeaderReads }) => ({
        LeaderReads: class extends original.LeaderReads {
          override confirm(): ReturnType<LeaderReads['confirm']> {
            return super.confirm(Number.POSITIVE_INFINITY);
          }
        },
      }),
    ],
  },
  {
    bug: "a vote is given without looking at the candidate's log",
    season: 'hunt',
    caughtBy: /leader completeness|state machine safety|differs from the leader's/,
    core: [
      'log',
      (original: { RaftLog: typeof RaftLog }) => ({
        RaftLog: class extends original.RaftLog {
          override isCoveredBy(): boolean {
            return true;
          }
        },
      }),
    ],
  },
  {
    bug: "entries that conflict with the leader's stay",
    season: 'cables',
    caughtBy: SAFETY,
    core: [
      'log',
      (original: { RaftLog: typeof RaftLog }) => ({
        RaftLog: class extends original.RaftLog {
          override firstDifference(entries: readonly Entry[]): Entry | undefined {
            return entries.find((entry) => entry.index > this.lastIndex);
          }
        },
      }),
    ],
  },
  {
    bug: 'in a joint membership the new voters decide alone',
    season: 'changes',
    caughtBy: SAFETY,
    core: [
      'quorum',
      (original: { quorumValue: typeof quorumValue; voteOutcome: typeof voteOutcome }) => ({
        quorumValue: (membership: Membership, valueOf: (id: NodeId) => number) =>
          original.quorumValue({ ...membership, outgoing: [] }, valueOf),
        voteOutcome: (membership: Membership, votes: ReadonlyMap<NodeId, boolean>) =>
          original.voteOutcome({ ...membership, outgoing: [] }, votes),
      }),
    ],
  },
  {
    bug: 'a membership is changed in one step, and while another change is under way',
    season: 'changes',
    caughtBy: SAFETY,
    core: [
      'reconfigure',
      (original: { refreshPeers: typeof refreshPeers }) => ({
        proposeMembership: (state: RaftState, next: Membership) => {
          if (state.role.kind !== 'leader') return { ok: false, refusal: 'not-leader' };
          const proposal = appendOwn(state, 'membership', encodeMembership(next));
          original.refreshPeers(state, state.role);
          return proposal;
        },
      }),
    ],
  },
  {
    bug: 'an installed snapshot throws newer entries away',
    season: 'snapshots',
    caughtBy: /applied and forgotten/,
    core: [
      'snapshots',
      () => ({
        snapshotInstalled: (state: RaftState, mark: SnapshotMark) => {
          state.fetching = null;
          state.log.reset(mark.index, mark.term);
          state.memberships.reset(mark.index, mark.membership);
          state.disk.reset(mark.index);
          state.snapshot = mark;
          state.commit = mark.index;
          state.delivered = mark.index;
          state.outbox.resetLog(mark);
        },
      }),
    ],
  },
  {
    bug: 'an append is accepted without looking at what stands before it',
    season: 'cables',
    // Mostly by the log itself, which does not take a term that falls.
    caughtBy: new RegExp(`${SAFETY.source}|of entry \\d+ is below`),
    core: [
      'log',
      (original: { RaftLog: typeof RaftLog }) => ({
        RaftLog: class extends original.RaftLog {
          override matches(index: number, term: number): boolean {
            return super.matches(index, term) || index === this.lastIndex;
          }
        },
      }),
    ],
  },
  {
    bug: 'a heartbeat tells of a commit that the follower may not hold',
    season: 'cables',
    caughtBy: SAFETY,
    shell: {
      createNode: (options, start, rng, now) => new BoldNode(options, start, rng, now),
    },
  },
  {
    bug: 'a machine that was suspended believes in its old lease',
    season: 'cables',
    caughtBy: /one lease/,
    shell: {
      createNode: (options, start, rng, now) => new UnawareNode(options, start, rng, now),
    },
  },
  {
    bug: 'a voter whose disk lost entries votes again as soon as it hears a leader',
    season: 'disks',
    caughtBy: SAFETY,
    core: [
      'recovering-voter',
      () => ({
        askForTarget: (state: RaftState) => {
          state.recovery = null;
        },
      }),
    ],
  },
  {
    bug: 'the word of a voter that lost its disk counts like any other',
    season: 'amnesia',
    caughtBy: SAFETY,
    core: [
      'progress',
      (original: { acknowledge: typeof acknowledge }) => ({
        acknowledge: (progress: Progress, index: number, lastRound: number) =>
          original.acknowledge(progress, index, lastRound, true),
      }),
    ],
  },
  {
    bug: 'a voter that lost its disk believes that it still holds what it once acknowledged',
    season: 'amnesia',
    caughtBy: SAFETY,
    core: ['recovering-voter', () => ({ comparableIndex: ({ log }: RaftState) => log.lastIndex })],
  },
];

/** Tells everybody its own commit index. */
class BoldNode extends RaftNode {
  override ready(): Ready {
    const ready = super.ready();
    const { commit } = this.status(0);
    const messages = ready.messages.map((message) =>
      message.type === 'heartbeat-request' ? { ...message, commit } : message,
    );
    return { ...ready, messages };
  }
}

class UnawareNode extends RaftNode {
  override clockJumped(now: number): void {
    this.tick(now);
  }
}
