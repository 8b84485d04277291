/** One node and a test that plays all the others: messages go in by hand, what comes out is looked at. */
import { createRng } from '../../../src/core/base/rng.js';
import type { Entry, Message, NodeId, Term } from '../../../src/core/raft/message.js';
import { RaftNode } from '../../../src/core/raft/node.js';
import type { RaftOptions, RaftStart } from '../../../src/core/raft/node.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';
import type { Ready } from '../../../src/core/raft/ready.js';
import { membership } from './cluster.js';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function entriesOf(terms: readonly Term[], from = 1): Entry[] {
  return terms.map((term, position) => ({ index: from + position, term, kind: 'command', payload: new Uint8Array(1) }));
}

export class Lone {
  now = 10_000;
  readonly node: RaftNode;
  readonly readies: Ready[] = [];

  /** Node `a` of a, b, c unless told otherwise; its log holds entries of these terms. */
  constructor(terms: readonly Term[] = [], start: Partial<RaftStart> = {}, options: Partial<RaftOptions> = {}) {
    const term = terms.at(-1) ?? 0;
    const disk: RaftStart = {
      hardState: { term, vote: null, commit: 0 },
      snapshot: { index: 0, term: 0, membership: membership('a b c') },
      entries: entriesOf(terms),
      ...start,
    };
    const all = { ...DEFAULT_RAFT_OPTIONS, id: 'a' as NodeId, ...options };
    this.node = new RaftNode(all, disk, createRng(1), this.now);
    // Long enough that a restarted node's wait is over.
    this.now += all.promiseMs + 1;
  }

  get status(): ReturnType<RaftNode['status']> {
    return this.node.status(this.now);
  }

  receive(from: string, message: DistributiveOmit<Message, 'from' | 'to'>): void {
    this.node.step({ ...message, from: from as NodeId, to: 'a' as NodeId }, this.now);
  }

  /** Everything it says, its disk being quick. */
  says(): Message[] {
    const said: Message[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      this.readies.push(ready);
      said.push(...ready.messages, ...ready.messagesAfterSync);
      this.node.advance(ready.number, this.now);
    }
    return said;
  }

  timeout(): void {
    this.now = Math.max(this.now, this.node.nextDeadline());
    this.node.tick(this.now);
  }

  /** Elected with the vote of b; what it said on the way is dropped. */
  lead(): Term {
    this.timeout();
    this.says();
    this.receive('b', { type: 'vote-response', term: this.status.term + 1, preVote: true, granted: true });
    this.says();
    this.receive('b', { type: 'vote-response', term: this.status.term, preVote: false, granted: true });
    return this.status.term;
  }

  accept(from: string, index: number, round = 1): void {
    const { term } = this.status;
    this.receive(from, { type: 'append-response', term, accepted: true, index, hintIndex: 0, hintTerm: 0, round });
  }
}

/** The rest is for a test to say. */
export const append = { type: 'append-request', entries: [], commit: 0, round: 1 } as const;
export const ask = { type: 'vote-request', preVote: false, transfer: false } as const;

export function ofType<T extends Message['type']>(said: readonly Message[], type: T): Extract<Message, { type: T }>[] {
  return said.filter((message): message is Extract<Message, { type: T }> => message.type === type);
}
