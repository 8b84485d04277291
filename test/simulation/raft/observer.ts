/** What the checks are told, of servers of whatever make. Each check is a file of its own in checks/ and throws `Violation` with a sentence. */
import type { Entry, LogIndex, Message, Term } from '../../../src/core/raft/message.js';
import type { Ready } from '../../../src/core/raft/ready.js';

export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface Check<Server> {
  /** A Ready was taken; nothing of it is carried out yet. */
  ready?(server: Server, ready: Ready): void;
  sent?(server: Server, message: Message): void;
  applied?(server: Server, entry: Entry): void;
  leads?(server: Server, term: Term): void;
  readAsked?(server: Server, context: number): void;
  readAnswered?(server: Server, context: number, index: LogIndex | null): void;
  /** After every event that concerned `server`. */
  settled?(server: Server): void;
}
