/**
 * How a call to consensus can fail. The question a caller must be able to answer is "was it done?": every one of these
 * says so in `done`. After `no` it may be tried again at once; after `unknown` the caller reads the state first, because
 * the command may still be committed by the next leader.
 */
import type { NodeId } from '../../core/raft/message.js';
import { type ErrorCode, OperationalError } from '../errors.js';

export class ConsensusError extends OperationalError {
  readonly done: 'no' | 'unknown';

  constructor(code: ErrorCode, message: string, done: 'no' | 'unknown' = 'no') {
    super(code, message);
    this.done = done;
  }
}

/** Certainly not done: only the leader proposes. Ask `leader`, or wait for an election when it is null. */
export class NotLeader extends ConsensusError {
  readonly leader: NodeId | null;

  constructor(leader: NodeId | null) {
    super('NOT_LEADER', leader === null ? 'no leader is known at the moment' : `the leader is ${leader}`);
    this.leader = leader;
  }
}

/** Certainly not done: more is waiting to be committed than the limits allow. Try again later, and more slowly. */
export class Overloaded extends ConsensusError {
  constructor(message = 'too many commands wait to be committed') {
    super('OVERLOADED', message);
  }
}

/** Certainly not done: another entry was committed in its place, or it was never proposed; the message says which. */
export class ProposalDropped extends ConsensusError {
  constructor(message = 'another leader replaced the command before it was committed') {
    super('PROPOSAL_DROPPED', message);
  }
}

/** It was proposed and not seen committed in time: it may be committed later, or never. */
export class FateUnknown extends ConsensusError {
  constructor(message = 'the command was proposed but not seen committed in time; it may still be') {
    super('FATE_UNKNOWN', message, 'unknown');
  }
}

/** A read found no quorum to confirm it before its deadline. Nothing was changed. */
export class ReadTimedOut extends ConsensusError {
  constructor() {
    super('NO_QUORUM', 'no quorum confirmed the read before its deadline');
  }
}
