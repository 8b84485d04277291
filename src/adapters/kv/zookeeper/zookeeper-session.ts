/**
 * As much of a ZooKeeper client as is needed to publish: a session that is opened for a few requests and closed, nodes read
 * with their versions, nodes made, and a transaction over several of them. No watches, no ephemeral nodes, no reconnecting:
 * whoever publishes begins anew. Protocol: the ZooKeeper client's, version 3.4 and later.
 */
import { connect, type Socket } from 'node:net';
import { OperationalError } from '../../../runtime/errors.js';
import { JuteReader, JuteWriter } from './jute.js';

const OPERATION = { create: 1, getData: 4, setData: 5, multi: 14, close: -11 } as const;
const ERROR = { noNode: -101, badVersion: -103, nodeExists: -110 } as const;
const ERROR_WORDS: Readonly<Record<number, string>> = {
  [-2]: 'runtime inconsistency',
  [-4]: 'connection loss',
  [-101]: 'no such node',
  [-102]: 'not authorised',
  [-103]: 'another version',
  [-110]: 'the node exists',
  [-112]: 'the session has expired',
  [-115]: 'authentication failed',
};

export interface NodeData {
  readonly data: string;
  readonly version: number;
}

export type Change =
  | { readonly kind: 'create'; readonly path: string; readonly data: string }
  /** Only if the node still has this version. */
  | { readonly kind: 'set'; readonly path: string; readonly data: string; readonly version: number };

interface Waiting {
  resolve(answer: { readonly error: number; readonly body: JuteReader }): void;
  reject(error: Error): void;
}

const SESSION_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** Stat, which follows data and is of no interest but for the version. */
const STAT_BYTES = 68;
const VERSION_OFFSET = 32;
const PERMISSIONS_ALL = 31;

export class ZookeeperSession {
  readonly #address: string;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #greeting: Waiting | null = null;
  #received: Buffer = Buffer.alloc(0);
  #xid = 0;
  #failure: Error | null = null;

  private constructor(address: string, socket: Socket) {
    this.#address = address;
    this.#socket = socket;
    socket.setTimeout(TIMEOUT_MS, () => {
      this.#fail(this.#error(`no answer within ${String(TIMEOUT_MS / 1000)} s`));
    });
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on('error', (error) => {
      this.#fail(this.#error(error.message));
    });
    socket.on('close', () => {
      this.#fail(this.#error('it closed the connection'));
    });
  }

  /** `host:port`. Rejects with an OperationalError. */
  static async open(address: string): Promise<ZookeeperSession> {
    const [, host = '', port = '2181'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
    const session = new ZookeeperSession(address, connect({ host, port: Number(port) }));
    await session.#greet();
    return session;
  }

  /** Null: there is no such node. */
  async read(path: string): Promise<NodeData | null> {
    const { error, body } = await this.#request(OPERATION.getData, (request) => request.text(path).bool(false));
    if (error === ERROR.noNode) return null;
    if (error !== 0) throw this.#error(`reading ${path}: ${wordsFor(error)}`);
    const data = body.bytes().toString('utf8');
    return { data, version: body.skip(VERSION_OFFSET).int() };
  }

  /** One that exists stays as it is. */
  async ensure(path: string): Promise<void> {
    const { error } = await this.#request(OPERATION.create, (request) => withCreate(request, path, ''));
    if (error !== 0 && error !== ERROR.nodeExists) throw this.#error(`making ${path}: ${wordsFor(error)}`);
  }

  /** All or none. False: a node has another version, is there, or is not there any more. */
  async transact(changes: readonly Change[]): Promise<boolean> {
    const { error, body } = await this.#request(OPERATION.multi, (request) => withChanges(request, changes));
    const failed = error === 0 ? firstError(body, changes.length) : error;
    if (failed === 0) return true;
    const isConflict = failed === ERROR.noNode || failed === ERROR.badVersion || failed === ERROR.nodeExists;
    if (isConflict) return false;
    throw this.#error(`writing ${changes[0]?.path ?? ''}: ${wordsFor(failed)}`);
  }

  close(): void {
    if (this.#failure === null) {
      this.#socket.write(new JuteWriter().int(0).int(OPERATION.close).packet());
      this.#socket.end();
    }
    this.#failure ??= this.#error('the session was closed');
    this.#socket.setTimeout(0);
    setTimeout(() => this.#socket.destroy(), 200).unref();
  }

  async #greet(): Promise<void> {
    const greeting = new JuteWriter().int(0).zeroLong().int(SESSION_MS).zeroLong().bytes(Buffer.alloc(16));
    await new Promise<void>((resolve, reject) => {
      this.#greeting = {
        resolve: () => {
          resolve();
        },
        reject,
      };
      this.#socket.write(greeting.packet());
    });
  }

  #request(
    operation: number,
    fill: (request: JuteWriter) => JuteWriter,
  ): Promise<{ readonly error: number; readonly body: JuteReader }> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#xid += 1;
    const xid = this.#xid;
    return new Promise((resolve, reject) => {
      this.#waiting.set(xid, { resolve, reject });
      this.#socket.write(fill(new JuteWriter().int(xid).int(operation)).packet());
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    try {
      while (this.#received.length >= 4) {
        const length = this.#received.readInt32BE(0);
        if (this.#received.length < 4 + length) return;
        const packet = this.#received.subarray(4, 4 + length);
        this.#received = this.#received.subarray(4 + length);
        this.#take(new JuteReader(packet));
      }
    } catch (error) {
      this.#fail(this.#error(`it does not speak ZooKeeper's protocol: ${String(error)}`));
    }
  }

  #take(packet: JuteReader): void {
    if (this.#greeting !== null) {
      const greeting = this.#greeting;
      this.#greeting = null;
      greeting.resolve({ error: 0, body: packet });
      return;
    }
    const xid = packet.int();
    const error = packet.skip(8).int();
    const waiting = this.#waiting.get(xid);
    this.#waiting.delete(xid);
    waiting?.resolve({ error, body: packet });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#greeting?.reject(this.#failure);
    this.#greeting = null;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
    this.#socket.destroy();
  }

  #error(text: string): OperationalError {
    return new OperationalError('PAIR_STORE', `ZooKeeper at ${this.#address}: ${text}`);
  }
}

function withCreate(request: JuteWriter, path: string, data: string): JuteWriter {
  return request.text(path).text(data).int(1).int(PERMISSIONS_ALL).text('world').text('anyone').int(0);
}

function withChanges(request: JuteWriter, changes: readonly Change[]): JuteWriter {
  for (const change of changes) {
    const isCreation = change.kind === 'create';
    request
      .int(isCreation ? OPERATION.create : OPERATION.setData)
      .bool(false)
      .int(-1);
    if (isCreation) withCreate(request, change.path, change.data);
    else request.text(change.path).text(change.data).int(change.version);
  }
  return request.int(-1).bool(true).int(-1);
}

/** 0 when every change was made. Those before and after the one that failed have errors of no meaning. */
function firstError(body: JuteReader, count: number): number {
  let failed = 0;
  for (let at = 0; at < count; at++) {
    const type = body.int();
    body.bool();
    body.int();
    if (type === -1) {
      const error = body.int();
      if (error !== 0 && (failed === 0 || failed === -2)) failed = error;
    } else if (type === OPERATION.create) body.bytes();
    else if (type === OPERATION.setData) body.skip(STAT_BYTES);
  }
  return failed;
}

function wordsFor(error: number): string {
  return `${ERROR_WORDS[error] ?? 'error'} (${String(error)})`;
}
