/**
 * The answer to a linearizable read: to our own shell, or to the follower that passed it on. Null is "nobody can vouch for it
 * now", and its asker asks again.
 */
import type { PendingRead } from './leader-reads.js';
import type { LogIndex } from './message.js';
import type { RaftState } from './state.js';

export function answerRead(state: RaftState, read: PendingRead, index: LogIndex | null): void {
  if (read.from === null) {
    state.outbox.answerRead(read.context, index);
    return;
  }
  state.outbox.send({
    type: 'read-index-response',
    from: state.id,
    to: read.from,
    term: state.term,
    context: read.context,
    index: index ?? 0,
    lastIndex: state.log.lastIndex,
    confirmed: index !== null,
  });
}
