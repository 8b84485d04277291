/**
 * One connection to one server, and never two queries on it at once. Every call has a deadline of our own; when it
 * passes the socket is destroyed, because the driver cannot use a connection again whose answer is still owed, and
 * would hang even on saying goodbye. The link never reconnects: whoever holds it must know that it is a new session.
 */
import type { Socket } from 'node:net';
import type { Connection, FieldPacket } from 'mysql2';
import { assert } from '../../../core/base/assert.js';
import type { Address } from '../../../core/topology/address.js';
import type { ProbeFailure } from '../../../core/topology/report.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { Dialect } from '../dialect.js';
import { deadlineAt, failureAt, LinkFailed, serverErrorNumber, StatementFailed } from './failure.js';

export type Cell = string | number | Buffer | null;

/** The rows of one statement. A statement that returns none (SET, STOP REPLICA) has no columns either. */
export interface ResultSet {
  readonly fields: readonly Pick<FieldPacket, 'name'>[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A shorter limit for the tail of a query: once so many results have begun to come in, the rest has this long. */
export interface TailLimit {
  readonly afterSets: number;
  readonly ms: number;
}

/** The deadline passed with some of the results in. Those are whole; the one that was coming in is left out. */
export class AnsweredInPart extends LinkFailed {
  readonly sets: readonly ResultSet[];

  constructor(failure: ProbeFailure, sets: readonly ResultSet[]) {
    super(failure);
    this.sets = sets;
  }
}

interface Pending {
  readonly statement: string;
  readonly sets: { fields: readonly FieldPacket[]; rows: Cell[][] }[];
  timer: NodeJS.Timeout;
  /** Monotonic, milliseconds. */
  readonly startedMs: number;
  /** Of the whole. */
  readonly timeoutMs: number;
  /** Null once it is in force. */
  tail: TailLimit | null;
  readonly resolve: (sets: readonly ResultSet[]) => void;
  readonly reject: (error: Error) => void;
}

/** How long a polite goodbye may take. */
const GOODBYE_MS = 500;

export class Link {
  readonly address: Address;
  /** The version that the server greeted with; proxies and binlog servers show themselves in it. */
  readonly greeting: string;
  /** Assigned by the connector once the server has said its version. */
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #lostListeners = new Set<(reason: string) => void>();
  #dialect: Dialect | null = null;
  #pending: Pending | null = null;
  #ended: Error | null = null;
  #cutByUs = false;
  /** Ends the stream that is under way, if any. */
  #abandon: (error: Error) => void = () => undefined;

  constructor(address: Address, connection: Connection, socket: Socket, greeting = '') {
    this.address = address;
    this.greeting = greeting;
    this.#connection = connection;
    this.#socket = socket;
    connection.on('error', (error: unknown) => {
      this.#lose(error);
    });
    socket.on('error', (error) => {
      this.#lose(error);
    });
    socket.on('end', () => {
      this.#lose(endOfStream());
    });
    socket.on('close', () => {
      this.#lose(endOfStream());
    });
  }

  get alive(): boolean {
    return this.#ended === null;
  }

  get busy(): boolean {
    return this.#pending !== null;
  }

  /** MySQL's CONNECTION_ID() of this session. */
  get threadId(): number {
    return this.#connection.threadId;
  }

  get dialect(): Dialect {
    assert(this.#dialect !== null, 'a link is handed out only after the server has said its version');
    return this.#dialect;
  }

  /** For the connector alone. */
  introduce(dialect: Dialect): void {
    this.#dialect = dialect;
  }

  /** Called once when the connection ends without our doing; the reason is for people. */
  onLost(listener: (reason: string) => void): void {
    this.#lostListeners.add(listener);
  }

  /**
   * Sends the text, which may hold several statements, in this very turn of the event loop: a check of the lease made
   * right before holds for the write. Rejects with StatementFailed (the link goes on) or LinkFailed (it is gone).
   */
  run(statement: string, timeoutMs: number, tail: TailLimit | null = null): Promise<readonly ResultSet[]> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    assert(this.#pending === null, 'one query at a time on a link');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#giveUp(pending, timeoutMs);
      }, timeoutMs);
      const startedMs = monotonicNowMs();
      const pending: Pending = { statement, sets: [], timer, startedMs, tail, timeoutMs, resolve, reject };
      this.#pending = pending;
      this.#send(pending);
    });
  }

  /**
   * For a command that the driver does not know: `start` speaks it and calls back once at its end. No query may follow on
   * this link. Rejects with what `start` ended with, or LinkFailed.
   */
  stream(
    start: (connection: Connection, end: (error: Error | null) => void) => void,
    timeoutMs: number,
  ): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    assert(this.#pending === null, 'one query at a time on a link');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(new LinkFailed(deadlineAt(this.address, 'query', timeoutMs)));
      }, timeoutMs);
      const finish = (error: Error | null): void => {
        clearTimeout(timer);
        if (error === null) resolve();
        else reject(error);
      };
      this.#abandon = finish;
      start(this.#connection, finish);
    });
  }

  #giveUp(pending: Pending, afterMs: number): void {
    this.#end(new AnsweredInPart(deadlineAt(this.address, 'query', afterMs), pending.sets.slice(0, -1)));
  }

  #limitTail(pending: Pending): void {
    const { tail, timer, startedMs, timeoutMs } = pending;
    if (tail === null || pending.sets.length < tail.afterSets) return;
    pending.tail = null;
    clearTimeout(timer);
    const leftMs = Math.max(1, Math.min(tail.ms, timeoutMs - (monotonicNowMs() - startedMs)));
    pending.timer = setTimeout(() => {
      this.#giveUp(pending, leftMs);
    }, leftMs);
  }

  #send(pending: Pending): void {
    let rowsFollow = false;
    const query = this.#connection.query({ sql: pending.statement, rowsAsArray: true });
    query.on('fields', (fields: FieldPacket[] | undefined) => {
      rowsFollow = fields !== undefined;
      pending.sets.push({ fields: fields ?? [], rows: [] });
      this.#limitTail(pending);
    });
    query.on('result', (row: unknown) => {
      if (rowsFollow) pending.sets.at(-1)?.rows.push(row as Cell[]);
    });
    query.on('error', (error: Error) => {
      if (this.#finish(pending)) pending.reject(this.#statementError(pending, error));
    });
    query.on('end', () => {
      if (this.#finish(pending)) pending.resolve(pending.sets);
    });
  }

  #finish(pending: Pending): boolean {
    if (this.#pending !== pending) return false;
    clearTimeout(pending.timer);
    this.#pending = null;
    return true;
  }

  #statementError(pending: Pending, error: Error): Error {
    const number = serverErrorNumber(error);
    if (number === null) return new LinkFailed(failureAt(this.address, 'query', error), error);
    return new StatementFailed(this.address, pending.statement, number, error.message, pending.sets.length);
  }

  #lose(error: unknown): void {
    if (this.#ended !== null) return;
    const failure = failureAt(this.address, 'query', error);
    this.#end(new LinkFailed(failure, error));
    for (const listener of this.#lostListeners) listener(failure.message);
  }

  #end(error: Error): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#connection.destroy();
    this.#socket.destroy();
    this.#abandon(error);
    const pending = this.#pending;
    if (pending !== null && this.#finish(pending)) pending.reject(error);
  }

  /** True after `destroy` or `close`, until then false whatever else ended the link. */
  get cutByUs(): boolean {
    return this.#cutByUs;
  }

  /** At once, whatever is under way; the listeners of a loss are not called. */
  destroy(): void {
    if (this.#ended === null) this.#cutByUs = true;
    this.#end(new LinkFailed(failureAt(this.address, 'query', new Error('the connection was closed by this node'))));
  }

  /** Says goodbye, so that the server does not count an aborted client. */
  close(): void {
    if (this.#ended !== null) return;
    if (this.#pending !== null) {
      this.destroy();
      return;
    }
    this.#cutByUs = true;
    this.#ended = new LinkFailed(failureAt(this.address, 'query', new Error('the connection was closed by this node')));
    this.#connection.end(() => this.#socket.destroy());
    setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref();
  }
}

function endOfStream(): Error {
  return Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' });
}

export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'string' ? cell : typeof cell === 'number' ? String(cell) : cell.toString('utf8');
}
