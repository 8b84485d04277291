/**
 * Connections that a server accepted and never greeted. A frozen server has them in its queue; if we closed each at its
 * deadline, it would wake up to a hundred handshakes that were broken off, and block this host (error 1129) in the very
 * moment when this node must fence it. So they are left open, a few, and asked for their word before another is opened.
 */
import type { Socket } from 'node:net';
import { type Address, addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';

/**
 * Far below max_connect_errors, whose default is 100, for several nodes behind one address; and so few that they do not
 * use up the connections of the server that wakes up.
 */
const MAX_WAITING = 4;

/** A new one now and then all the same, in the place of the oldest: the way to those that wait may be dead. */
const REPLACE_AFTER_MS = 30_000;

const MAX_IN_ALL = 2_000;

interface Waiting {
  readonly socket: Socket;
  readonly sinceMs: number;
}

/** spoke: MySQL said a word to one of them. gone: all were closed from the other side, so a new one will tell more. */
export type Word = 'spoke' | 'gone' | 'silent';

export class WaitingRoom {
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #listeners = new Map<string, Set<(word: Word) => void>>();
  readonly #nowMs: () => number;
  #count = 0;

  constructor(nowMs: () => number = monotonicNowMs) {
    this.#nowMs = nowMs;
  }

  /** False while enough connections wait at this address to be asked in place of a new one. */
  mayDial(address: Address): boolean {
    const waiting = this.#waiting.get(addressText(address)) ?? [];
    if (waiting.length < MAX_WAITING) return true;
    return this.#nowMs() - (waiting.at(-1)?.sinceMs ?? 0) >= REPLACE_AFTER_MS;
  }

  /** Whoever hands a socket over has seen to it that a login that still succeeds ends politely. */
  leave(address: Address, socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#count >= MAX_IN_ALL) {
      socket.destroy();
      return;
    }
    const key = addressText(address);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, waiting);
    const entry = { socket, sinceMs: this.#nowMs() };
    waiting.push(entry);
    this.#count += 1;
    socket.once('data', () => {
      this.#remove(key, entry, 'spoke');
    });
    socket.once('close', () => {
      this.#remove(key, entry, 'gone');
    });
    if (waiting.length > MAX_WAITING) waiting[0]?.socket.destroy();
  }

  /** Waits for a word to any of those at this address, so long. */
  word(address: Address, timeoutMs: number): Promise<Word> {
    const key = addressText(address);
    if (!this.#waiting.has(key)) return Promise.resolve('gone');
    return new Promise((resolve) => {
      const listeners = this.#listeners.get(key) ?? new Set();
      this.#listeners.set(key, listeners);
      const settle = (word: Word): void => {
        clearTimeout(timer);
        listeners.delete(settle);
        resolve(word);
      };
      const timer = setTimeout(() => {
        settle('silent');
      }, timeoutMs);
      listeners.add(settle);
    });
  }

  close(): void {
    for (const waiting of [...this.#waiting.values()]) for (const { socket } of [...waiting]) socket.destroy();
  }

  #remove(key: string, entry: Waiting, word: Word): void {
    const waiting = this.#waiting.get(key) ?? [];
    const at = waiting.indexOf(entry);
    if (at < 0) return;
    waiting.splice(at, 1);
    this.#count -= 1;
    if (waiting.length === 0) this.#waiting.delete(key);
    if (word === 'gone' && waiting.length > 0) return;
    for (const settle of [...(this.#listeners.get(key) ?? [])]) settle(word);
    if (waiting.length === 0) this.#listeners.delete(key);
  }
}
