/** A linearizable read is answered at an index that is not below what was committed anywhere when it was asked. */
import type { LogIndex } from '../../../../src/core/raft/message.js';
import type { Check } from '../observer.js';
import { Violation } from '../observer.js';
import type { Server } from '../server.js';
import type { CommittedHistory } from './committed.js';

export function freshReads(history: CommittedHistory): Check<Server> {
  const asked = new WeakMap<Server, Map<number, LogIndex>>();
  return {
    readAsked(server, context) {
      const table = asked.get(server) ?? new Map<number, LogIndex>();
      asked.set(server, table.set(context, history.lastIndex));
    },
    readAnswered(server, context, index) {
      const due = asked.get(server)?.get(context) ?? 0;
      if (index !== null && index < due) {
        throw new Violation(`fresh reads: ${server.id} answers at ${index} a read asked when ${due} was committed`);
      }
    },
  };
}
