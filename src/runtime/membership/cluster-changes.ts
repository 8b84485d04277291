/**
 * Changes of the membership, step by step, at the leader. A newcomer is a learner first: a voter that holds nothing would
 * make the majority larger and add nothing to it. It becomes a voter when it answers, gives its vote and holds the log.
 * Every step looks at the state as it is, so the same change asked for again goes on where the last try ended.
 */
import { SCHEMA_VERSION } from '../../core/ledger/codec.js';
import { isJoint } from '../../core/raft/membership.js';
import { promoted, replaced, votersMissing, without, withLearner } from '../../core/raft/membership-plan.js';
import type { Membership, NodeId } from '../../core/raft/message.js';
import { OperationalError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { Consensus, ConsensusStatus } from '../ports/consensus.js';
import { NotLeader } from '../ports/consensus-errors.js';
import type { CatchUp, ChangeOutcome, MembershipChange } from '../ports/membership.js';
import type { Answer, Refusal } from '../ports/service.js';
import { bestSuccessor, isLive } from './live-voters.js';
import { NO } from './refusals.js';

const LOOK_AGAIN_MS = 50;
const MEETING_MS = 2000;
/** Longer than an election; beyond it the transfer has failed. */
const TRANSFER_MS = 3000;

type Of<Verb> = Extract<MembershipChange, { readonly verb: Verb }>;
type Outcome = Answer<ChangeOutcome>;

export interface ChangeParts {
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly clusterId: string;
}

/** One change, until its deadline. */
export class ClusterChange {
  readonly #parts: ChangeParts;
  readonly #deadlineMs: number;

  constructor(parts: ChangeParts, deadlineMs: number) {
    this.#parts = parts;
    this.#deadlineMs = deadlineMs;
  }

  async run(change: MembershipChange): Promise<Outcome> {
    switch (change.verb) {
      case 'add':
        return await this.#add(change);
      case 'promote':
        return await this.#promote(change.id as NodeId, change.despiteDeadVoters);
      case 'remove':
        return await this.#remove(change);
      case 'replace':
        return await this.#replace(change);
      case 'transfer':
        return await this.#transfer(change.to as NodeId | null);
    }
  }

  async #add(change: Of<'add'>): Promise<Outcome> {
    const found = await this.#meet(change.id, change.address);
    if (!found.ok) return found;
    const { id, status } = found.value;
    const known = status.membership.addresses[id];
    if (status.membership.voters.includes(id)) {
      return known === change.address ? done(`${id} is a voter at ${known}`) : refuse(NO.idTaken(id, known ?? ''));
    }
    const learned = await this.#teach(id, change.address);
    if (learned !== null) return learned;
    if (change.learner) return done(`${id} is a learner at ${change.address}`);
    return await this.#promote(id, change.despiteDeadVoters);
  }

  async #promote(id: NodeId, despite: boolean): Promise<Outcome> {
    const status = await this.#settled();
    if (status === null) return late('another change of membership is under way');
    if (status.membership.voters.includes(id)) return done(`${id} is a voter`);
    if (!status.membership.learners.includes(id)) return refuse(NO.notAMember(id, status));
    return await this.#enter(id, (membership) => promoted(membership, id), despite, `${id} is a voter now`);
  }

  async #replace(change: Of<'replace'>): Promise<Outcome> {
    const old = change.old as NodeId;
    const found = await this.#meet(change.id, change.address);
    if (!found.ok) return found;
    const { id, status } = found.value;
    const { voters, learners } = status.membership;
    const isMember = voters.includes(old) || learners.includes(old);
    if (voters.includes(id)) {
      return isMember ? refuse(NO.isVoter(id)) : done(`${id} is a voter, and ${old} is no member`);
    }
    if (!isMember || old === id) return refuse(NO.notAMember(old, status));
    const learned = await this.#teach(id, change.address);
    if (learned !== null) return learned;
    if (old === status.id) return await this.#handOver(id);
    const swap = (membership: Membership): Membership => replaced(membership, old, id);
    return await this.#enter(id, swap, change.despiteDeadVoters, `${id} has taken the place of ${old}`);
  }

  async #remove({ id: name, despiteDeadVoters }: Of<'remove'>): Promise<Outcome> {
    const id = name as NodeId;
    const status = await this.#settled();
    if (status === null) return late('another change of membership is under way');
    const { voters, learners } = status.membership;
    if (learners.includes(id)) {
      await this.#put(without(status.membership, id));
      return done(`${id}, a learner, is removed`);
    }
    if (!voters.includes(id)) return refuse(NO.notAMember(id, status));
    if (voters.length === 1) return refuse(NO.lastVoter(id));
    const next = without(status.membership, id);
    const objection = despiteDeadVoters ? null : objectionTo(next, status);
    if (objection !== null) return refuse(objection);
    if (id === status.id) return await this.#handOver(null);
    await this.#put(next);
    return done(`${id} is removed${marginHint(next.voters)}`);
  }

  async #transfer(wanted: NodeId | null): Promise<Outcome> {
    const status = await this.#settled();
    if (status === null) return late('a change of membership is under way');
    const to = wanted ?? bestSuccessor(status);
    if (to === status.id) return done(`${to} leads`);
    if (to === null) return refuse(NO.noSuccessor('none answers'));
    if (!status.membership.voters.includes(to)) {
      return refuse({ code: 'NOT_A_VOTER', message: `${to} is no voter of this cluster, and only a voter can lead` });
    }
    if (!isLive(status, to)) return refuse(NO.noSuccessor(`${to} does not answer`));
    await this.#parts.consensus.transferLeadership(to, this.#parts.clock.nowMs() + TRANSFER_MS);
    return done(`${to} leads`);
  }

  /** What is left is the next leader's to do: rejects with NotLeader, so that the caller asks there. */
  async #handOver(except: NodeId | null): Promise<Outcome> {
    const outcome = await this.#transfer(null);
    if (!outcome.ok) return outcome;
    const { leader } = this.#parts.consensus.leadership();
    throw new NotLeader(leader === except ? null : leader);
  }

  /** Who is at the address, and whether it may join. */
  async #meet(
    wanted: string | null,
    address: string,
  ): Promise<Answer<{ readonly id: NodeId; readonly status: ConsensusStatus }>> {
    const { consensus, clock, clusterId } = this.#parts;
    const status = await this.#leading();
    const settledId = wanted as NodeId | null;
    // A member that is dead need not answer for the cluster to know that it is there.
    if (settledId !== null && status.membership.voters.includes(settledId)) return accept({ id: settledId, status });
    // What dials would go to port 443, and say that nobody answers there.
    if (!/:\d+$/.test(address)) return refuse(NO.noPort(address));
    let greeting: Awaited<ReturnType<Consensus['meet']>>;
    try {
      greeting = await consensus.meet(address, Math.min(this.#deadlineMs, clock.nowMs() + MEETING_MS));
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code === 'NO_QUORUM') throw error;
      return refuse(NO.nobodyThere(address, error.message));
    }
    const { id, version, schema } = greeting.introduction.info;
    if (wanted !== null && wanted !== id) return refuse(NO.anotherNode(address, id, wanted));
    if (greeting.clusterId !== clusterId) return refuse(NO.anotherCluster(id, greeting.clusterId, clusterId));
    // It would stop at the first new command, which must not be proposed either as long as it is a member.
    if (schema < SCHEMA_VERSION) return refuse(NO.tooOld(id, version));
    const holder = Object.entries(status.membership.addresses).find(([, known]) => known === address)?.[0];
    if (holder !== undefined && holder !== id) return refuse(NO.addressTaken(address, holder));
    return accept({ id, status });
  }

  /** Makes it a learner where it is none, and waits until it holds the log. Null: it does. */
  async #teach(id: NodeId, address: string): Promise<Outcome | null> {
    const status = await this.#settled();
    if (status === null) return late('another change of membership is under way');
    const { learners, addresses } = status.membership;
    if (!learners.includes(id) || addresses[id] !== address)
      await this.#put(withLearner(status.membership, id, address));
    for (;;) {
      const now = await this.#leading();
      const progress = progressOf(now, id);
      if (progress.sending === 'replicate' && progress.matchIndex >= Math.max(1, status.commit)) return null;
      if (!(await this.#wait())) return accept({ done: false, message: catchingUp(progress, now), progress });
    }
  }

  /** Puts a learner among the voters, once it gives its vote and nothing else is under way. */
  async #enter(
    id: NodeId,
    change: (current: Membership) => Membership,
    despite: boolean,
    message: string,
  ): Promise<Outcome> {
    for (;;) {
      const status = await this.#settled();
      if (status === null) return late('another change of membership is under way');
      const next = change(status.membership);
      const objection = despite ? null : objectionTo(next, status);
      if (objection !== null) return refuse(objection);
      if (await this.#votes(status, id)) {
        try {
          await this.#put(next);
          return done(message);
        } catch (error) {
          if (!isWorthAnotherTry(error)) throw error;
        }
      }
      if (!(await this.#wait())) return late(NO.noVote(id).message);
    }
  }

  async #votes(status: ConsensusStatus, id: NodeId): Promise<boolean> {
    const address = status.peers.find((peer) => peer.id === id)?.foundAt;
    if (address === undefined) return false;
    try {
      const { introduction } = await this.#parts.consensus.meet(address, this.#parts.clock.nowMs() + MEETING_MS);
      return introduction.info.id === id && introduction.votes;
    } catch {
      return false;
    }
  }

  async #put(next: Membership): Promise<void> {
    await this.#parts.consensus.changeMembership(next, this.#deadlineMs);
  }

  async #leading(): Promise<ConsensusStatus> {
    const status = await this.#parts.consensus.status();
    if (status.role !== 'leader') throw new NotLeader(status.leader);
    return status;
  }

  /** The status with no change under way; null when there was one until the deadline. */
  async #settled(): Promise<ConsensusStatus | null> {
    for (;;) {
      const status = await this.#leading();
      if (!isJoint(status.membership) && status.membershipIndex <= status.commit) return status;
      if (!(await this.#wait())) return null;
    }
  }

  /** False: the time is over. */
  async #wait(): Promise<boolean> {
    const { clock } = this.#parts;
    if (clock.nowMs() + LOOK_AGAIN_MS >= this.#deadlineMs) return false;
    await new Promise<void>((resolve) => {
      clock.setTimer(LOOK_AGAIN_MS, resolve);
    });
    return true;
  }
}

function marginHint(voters: readonly NodeId[]): string {
  if (voters.length === 1) return `; ${voters.join('')} is the ONLY voter left: if it is lost, so is the cluster`;
  return voters.length === 2 ? '; two voters are left, and BOTH are needed for every decision' : '';
}

function objectionTo(next: Membership, status: ConsensusStatus): Refusal | null {
  const missing = votersMissing(next, (id) => isLive(status, id));
  if (missing === 0) return null;
  const dead = next.voters.filter((id) => !isLive(status, id));
  return NO.noMajority(dead, next.voters.length, missing);
}

/** Not yet up to date, or something else was under way. */
function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof OperationalError && ['BAD_REQUEST', 'PROPOSAL_DROPPED'].includes(error.code);
}

function progressOf({ peers, lastIndex }: ConsensusStatus, id: NodeId): CatchUp {
  const peer = peers.find((other) => other.id === id);
  return { id, matchIndex: peer?.matchIndex ?? 0, lastIndex, sending: peer?.sending ?? null };
}

function catchingUp({ id, matchIndex, lastIndex, sending }: CatchUp, { peers }: ConsensusStatus): string {
  const trouble = peers.find((other) => other.id === id)?.trouble ?? null;
  if (trouble !== null) return `${id} is a learner and cannot be reached: ${trouble}`;
  if (sending === 'snapshot') return `${id} is a learner and fetches a snapshot`;
  return `${id} is a learner and holds ${String(matchIndex)} of ${String(lastIndex)} entries`;
}

function done(message: string): Outcome {
  return accept({ done: true, message, progress: null });
}

function late(message: string): Outcome {
  return accept({ done: false, message, progress: null });
}

function accept<T>(value: T): Answer<T> {
  return { ok: true, value };
}

function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
