/**
 * A small ZooKeeper that speaks as much of the client protocol as publishing needs, with what it promises of versions and of
 * transactions: a node has a version that rises with each change, and a transaction is made whole or not at all. What it
 * answers was compared with a real one (test/system/nodes/zookeeper.test.ts).
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

interface Node {
  data: string;
  version: number;
}

interface Result {
  readonly error: number;
  readonly body: Buffer;
}

const NO_NODE = -101;
const BAD_VERSION = -103;
const EXISTS = -110;
const ROLLED_BACK = -2;

class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  bool(): boolean {
    this.#at += 1;
    return this.#bytes[this.#at - 1] === 1;
  }

  text(): string {
    const length = this.int();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

export class ZookeeperServer {
  readonly nodes = new Map<string, Node>();
  /** Called before a transaction is made. */
  beforeWrite: () => void = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
  }

  static async start(): Promise<ZookeeperServer> {
    const zookeeper = new ZookeeperServer();
    await new Promise<void>((resolve) => zookeeper.#server.listen(0, '127.0.0.1', resolve));
    return zookeeper;
  }

  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  values(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.nodes].map(([path, { data }]) => [path, data]));
  }

  set(path: string, data: string): void {
    this.nodes.set(path, { data, version: (this.nodes.get(path)?.version ?? -1) + 1 });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    let isGreeted = false;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const length = received.readInt32BE(0);
        const packet = received.subarray(4, 4 + length);
        received = received.subarray(4 + length);
        socket.write(isGreeted ? this.#answer(packet) : greeting());
        isGreeted = true;
      }
    });
  }

  #answer(packet: Buffer): Buffer {
    const request = new Reader(packet);
    const xid = request.int();
    const { error, body } = this.#do(request.int(), request);
    return framed(Buffer.concat([int(xid), Buffer.alloc(8), int(error), body]));
  }

  #do(type: number, request: Reader): Result {
    if (type === 4) {
      const node = this.nodes.get(request.text());
      return node === undefined ? failed(NO_NODE) : done(Buffer.concat([text(node.data), stat(node.version)]));
    }
    if (type === 14) return this.#multi(request);
    return type === 1 || type === 5 ? this.#change(type, request) : done(Buffer.alloc(0));
  }

  #change(type: number, request: Reader): Result {
    const path = request.text();
    const data = request.text();
    if (type === 5) {
      const node = this.nodes.get(path);
      if (node === undefined) return failed(NO_NODE);
      if (request.int() !== node.version) return failed(BAD_VERSION);
      this.set(path, data);
      return done(stat(node.version + 1));
    }
    request.int();
    request.int();
    request.text();
    request.text();
    request.int();
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '' && !this.nodes.has(parent)) return failed(NO_NODE);
    if (this.nodes.has(path)) return failed(EXISTS);
    this.set(path, data);
    return done(text(path));
  }

  #multi(request: Reader): Result {
    this.beforeWrite();
    const before = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]));
    const results: { readonly type: number; readonly result: Result }[] = [];
    for (let type = request.int(); ; type = request.int()) {
      if (request.bool()) break;
      request.int();
      results.push({ type, result: this.#change(type, request) });
    }
    const at = results.findIndex(({ result }) => result.error !== 0);
    const end = Buffer.concat([int(-1), Buffer.from([1]), int(-1)]);
    if (at < 0) {
      const parts = results.map(({ type, result }) =>
        Buffer.concat([int(type), Buffer.from([0]), int(0), result.body]),
      );
      return done(Buffer.concat([...parts, end]));
    }
    this.nodes.clear();
    for (const [path, node] of before) this.nodes.set(path, node);
    const errors = results.map(({ result }, position) =>
      position < at ? 0 : position === at ? result.error : ROLLED_BACK,
    );
    const parts = errors.map((error) => Buffer.concat([int(-1), Buffer.from([0]), int(error), int(error)]));
    // The answer as a whole has the error of its first failure.
    return { error: 0, body: Buffer.concat([...parts, end]) };
  }
}

function greeting(): Buffer {
  return framed(Buffer.concat([int(0), int(10_000), Buffer.alloc(8, 1), text('0123456789abcdef')]));
}

function framed(body: Buffer): Buffer {
  return Buffer.concat([int(body.length), body]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);
}

function stat(version: number): Buffer {
  const bytes = Buffer.alloc(68);
  bytes.writeInt32BE(version, 32);
  return bytes;
}

function done(body: Buffer): Result {
  return { error: 0, body };
}

function failed(error: number): Result {
  return { error, body: Buffer.alloc(0) };
}
