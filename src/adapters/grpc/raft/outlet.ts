/**
 * The sending half of a stream. It never makes its caller wait: what the connection does not take is queued up to a limit
 * in bytes, and beyond that dropped, because Raft sends again what was not acknowledged and an old append that sits in a
 * queue is worth nothing. While it waits, messages pile up into one frame, which is cheaper than one each.
 */
import type { WireFrame, WireMessage } from './wire.js';

export interface FrameSink {
  /** False: wait for `drain` before more is written. */
  write(frame: WireFrame): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** Above what the core keeps in flight to one peer, so that only a peer that reads nothing loses messages. */
const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
const FRAME_BYTES_MAX = 1024 * 1024;
/** Of a message beside its entries, near enough. */
const MESSAGE_BYTES = 64;

export class PeerOutlet {
  readonly #sink: FrameSink;
  #queue: WireMessage[] = [];
  #queuedBytes = 0;
  #draining = false;
  dropped = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  send(messages: readonly WireMessage[]): void {
    for (const message of messages) this.#enqueue(message);
    if (!this.#draining) this.#flush();
  }

  #enqueue(message: WireMessage): void {
    const bytes = bytesOf(message);
    if (this.#queuedBytes + bytes > QUEUED_BYTES_MAX && this.#queue.length > 0) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(message);
    this.#queuedBytes += bytes;
  }

  #flush(): void {
    while (this.#queue.length > 0) {
      if (!this.#sink.write({ batch: { messages: this.#takeFrame() } })) {
        this.#draining = true;
        this.#sink.once('drain', () => {
          this.#draining = false;
          this.#flush();
        });
        return;
      }
    }
  }

  #takeFrame(): WireMessage[] {
    let bytes = 0;
    let count = 0;
    for (const message of this.#queue) {
      const size = bytesOf(message);
      if (count > 0 && bytes + size > FRAME_BYTES_MAX) break;
      bytes += size;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }
}

function bytesOf(message: WireMessage): number {
  const entries = message.appendRequest?.entries ?? [];
  return entries.reduce((sum, entry) => sum + entry.payload.length + 16, MESSAGE_BYTES);
}
