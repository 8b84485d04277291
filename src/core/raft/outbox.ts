/**
 * Collects what the next Ready will carry. The one decision taken here: what a node says may leave at once, in parallel
 * with the disk, unless it rests on something that must be on disk first; with a broken disk such a thing is not said.
 */
import type { LogIndex, Message, NodeId, SnapshotMark } from './message.js';
import type { RaftEvent, Ready } from './ready.js';

export interface AnsweredRead {
  readonly context: number;
  readonly index: LogIndex | null;
}

export class Outbox {
  #messages: Message[] = [];
  #afterSync: Message[] = [];
  #reads: AnsweredRead[] = [];
  #events: RaftEvent[] = [];
  #logReset: SnapshotMark | null = null;
  #fetchSnapshot: Ready['fetchSnapshot'] = null;

  get empty(): boolean {
    return (
      this.#messages.length === 0 &&
      this.#afterSync.length === 0 &&
      this.#reads.length === 0 &&
      this.#events.length === 0 &&
      this.#logReset === null &&
      this.#fetchSnapshot === null
    );
  }

  send(message: Message): void {
    this.#messages.push(message);
  }

  sendAfterSync(message: Message): void {
    this.#afterSync.push(message);
  }

  answerRead(context: number, index: LogIndex | null): void {
    this.#reads.push({ context, index });
  }

  tell(kind: string, text: string): void {
    this.#events.push({ kind, text });
  }

  resetLog(mark: SnapshotMark): void {
    this.#logReset = mark;
  }

  fetchSnapshot(from: NodeId, snapshot: SnapshotMark): void {
    this.#fetchSnapshot = { from, snapshot };
  }

  /** The disk failed: what rests on it is not said, what is for it is not asked. */
  dropWhatNeedsDisk(): void {
    this.#afterSync = [];
    this.#logReset = null;
  }

  take(): Pick<Ready, 'messages' | 'messagesAfterSync' | 'reads' | 'events' | 'logReset' | 'fetchSnapshot'> {
    const taken = {
      messages: this.#messages,
      messagesAfterSync: this.#afterSync,
      reads: this.#reads,
      events: this.#events,
      logReset: this.#logReset,
      fetchSnapshot: this.#fetchSnapshot,
    };
    this.#messages = [];
    this.#afterSync = [];
    this.#reads = [];
    this.#events = [];
    this.#logReset = null;
    this.#fetchSnapshot = null;
    return taken;
  }
}
