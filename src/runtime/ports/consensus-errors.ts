/**
 * How a call to consensus can fail. The question a caller must be able to answer is "was it done?": every error says
 * so in `done`. `no` may be tried again at once; after `unknown` the caller reads the state first, because the command
 * may still be committed by the next leader.
 */
import type { NodeId } from '../../core/raft/message.js';

export type ConsensusErrorCode =
  | 'not-leader'
  | 'overloaded'
  | 'transferring'
  | 'membership-change-in-progress'
  | 'proposal-dropped'
  | 'fate-unknown'
  | 'read-timeout'
  | 'storage-failed'
  | 'stopped';

export class ConsensusError extends Error {
  override readonly name: string = 'ConsensusError';
  readonly code: ConsensusErrorCode;
  readonly done: 'no' | 'unknown';
  readonly retriable: boolean;

  constructor(code: ConsensusErrorCode, message: string, done: 'no' | 'unknown' = 'no') {
    super(message);
    this.code = code;
    this.done = done;
    this.retriable = code !== 'stopped';
  }
}

/** Certainly not done: only the leader proposes. Ask `leader`, or wait for an election when it is null. */
export class NotLeader extends ConsensusError {
  override readonly name = 'NotLeader';
  readonly leader: NodeId | null;

  constructor(leader: NodeId | null) {
    super('not-leader', leader === null ? 'no leader is known at the moment' : `the leader is ${leader}`);
    this.leader = leader;
  }
}

/** Certainly not done: more is waiting to be committed than the limits allow. Try again later, and more slowly. */
export class Overloaded extends ConsensusError {
  override readonly name = 'Overloaded';

  constructor(message = 'too many commands wait to be committed') {
    super('overloaded', message);
  }
}

/** Certainly not done: another entry was committed in its place, or the deadline passed before it was proposed. */
export class ProposalDropped extends ConsensusError {
  override readonly name = 'ProposalDropped';

  constructor(message = 'the command was replaced by another leader before it was committed') {
    super('proposal-dropped', message);
  }
}

/** It was proposed and not seen committed in time: it may be committed later, or never. */
export class FateUnknown extends ConsensusError {
  override readonly name = 'FateUnknown';

  constructor(message = 'the command was proposed but not seen committed in time; it may still be') {
    super('fate-unknown', message, 'unknown');
  }
}
