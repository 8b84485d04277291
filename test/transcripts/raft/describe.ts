/** Messages, entries and states as one line each, for people. */
import type {
  AppendResponse,
  Entry,
  Membership,
  Message,
  VoteRequest,
  VoteResponse,
} from '../../../src/core/raft/message.js';
import { decodeMembership } from '../../../src/core/raft/membership-codec.js';
import type { RaftStatus } from '../../../src/core/raft/status.js';

export function describeMessage(message: Message): string {
  return `${message.from}>${message.to} ${message.type} t${message.term} ${details(message)}`.trimEnd();
}

export function describeEntry(entry: Entry): string {
  const name = `${entry.index}/t${entry.term}`;
  if (entry.kind === 'empty') return `${name} empty`;
  if (entry.kind === 'membership') return `${name} ${describeMembership(decodeMembership(entry.payload))}`;
  return `${name} "${new TextDecoder().decode(entry.payload)}"`;
}

export function describeEntries(entries: readonly Entry[]): string {
  return `[${entries.map(describeEntry).join(', ')}]`;
}

export function describeMembership({ voters, outgoing, learners }: Membership): string {
  const old = outgoing.length > 0 ? ` outgoing(${outgoing.join(' ')})` : '';
  const learning = learners.length > 0 ? ` learners(${learners.join(' ')})` : '';
  return `voters(${voters.join(' ')})${old}${learning}`;
}

export function describeStatus(status: RaftStatus): string {
  const { id, role, term, leader, commit, firstIndex, lastIndex, syncedIndex } = status;
  const marks = [
    status.member ? '' : ' (no member)',
    status.recovering ? ' (recovering)' : '',
    status.storageBroken ? ' (disk broken)' : '',
    status.transferringTo === null ? '' : ` (hands over to ${status.transferringTo})`,
  ].join('');
  const peers = Object.entries(status.peers).map(([peer, { state, matchIndex }]) => ` ${peer}:${state}@${matchIndex}`);
  const log = `log ${firstIndex}..${lastIndex} synced ${syncedIndex} commit ${commit}`;
  return `${id} ${role} t${term} leader ${leader ?? 'none'} ${log}${peers.join('')}${marks}`;
}

function details(message: Message): string {
  switch (message.type) {
    case 'vote-request':
    case 'vote-response':
      return vote(message);
    case 'append-request': {
      const entries = describeEntries(message.entries);
      return `after ${message.previousIndex}/t${message.previousTerm} ${entries} commit ${message.commit} round ${message.round}`;
    }
    case 'append-response':
      return answerToAppend(message);
    case 'heartbeat-request':
      return `commit ${message.commit} round ${message.round}`;
    case 'heartbeat-response':
      return `round ${message.round}`;
    case 'snapshot-request':
      return `${message.snapshot.index}/t${message.snapshot.term} round ${message.round}`;
    case 'snapshot-response':
      return `${message.installed ? 'installed' : 'failed'} ${message.index}`;
    case 'timeout-now':
      return '';
    case 'read-index-request':
      return '';
    case 'read-index-response':
      return message.confirmed ? `index ${message.index}` : 'not confirmed';
  }
}

function vote(message: VoteRequest | VoteResponse): string {
  const kind = message.preVote ? ' pre' : '';
  if (message.type === 'vote-response') return `${message.granted ? 'yes' : 'no'}${kind}`;
  return `last ${message.lastIndex}/t${message.lastTerm}${kind}${message.transfer ? ' transfer' : ''}`;
}

function answerToAppend(message: AppendResponse): string {
  const verdict = message.accepted
    ? `accepted ${message.index}`
    : `refused ${message.index}, look at ${message.hintIndex}/t${message.hintTerm}`;
  return `${verdict} round ${message.round}`;
}
