// An address in front of a MySQL server at which nodes, replicas and clients reach it, and at which a test can listen to
// what the leader says to the server, hold a word of it back, or let nothing through at all.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '../free-ports.js';
import { holds, inodeOf } from '../socket-owner.js';
import { Conversation, type DoorWatch } from './conversation.js';

/** Looks at nothing. */
export const NOBODY: DoorWatch = { statement: () => undefined, answer: () => undefined };

export class MysqlDoor {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly address: string;
  watch: DoorWatch = NOBODY;
  readonly #serverPort: number;
  readonly #sockets = new Set<Socket>();
  /** Of each conversation the caller's end, and ours to the server. */
  readonly #pairs = new Map<Socket, Socket>();
  #server: Server | null = null;
  #silent = false;
  /** Processes to whom nothing passes. */
  readonly #cutOff = new Set<number>();
  /** Of the server's ends whose callers are on a ration: how many bytes may still pass to them. */
  readonly #rations = new Map<Socket, number>();

  private constructor(port: number, serverPort: number) {
    this.port = port;
    this.address = `${this.host}:${String(port)}`;
    this.#serverPort = serverPort;
  }

  /** In front of the server that is going to listen at this port of 127.0.0.1; shut until it is opened. */
  static async before(serverPort: number): Promise<MysqlDoor> {
    const [port] = await freePorts(1);
    if (port === undefined) throw new Error('one port was asked for');
    return new MysqlDoor(port, serverPort);
  }

  async open(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((near) => {
      this.#join(near, connect(this.#serverPort, '127.0.0.1'));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, this.host, resolve);
    });
  }

  /** As when the server dies: whoever calls is refused, which to a node is another thing than a line that breaks. */
  shut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing passes any more, in either direction, and nobody is told; what comes meanwhile is kept for `speak`. */
  fallSilent(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  speak(): void {
    this.#silent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** As `fallSilent`, to one process alone: a cable that is cut between it and the server. */
  async cutOff(pid: number): Promise<void> {
    this.#cutOff.add(pid);
    await Promise.all([...this.#pairs].map(([near, far]) => this.#holdBack(near, far)));
  }

  /** So many further bytes of the server pass to this process on each of its connections, and nothing after them. */
  async ration(pid: number, bytes: number): Promise<void> {
    for (const [near, far] of this.#pairs) {
      const inode = await inodeOf(near.remotePort ?? 0, this.port);
      if (inode !== null && (await holds(pid, inode))) this.#rations.set(far, bytes);
    }
  }

  /** For everybody; what came meanwhile is let go. */
  rejoin(): void {
    this.#cutOff.clear();
    this.speak();
  }

  /** The kernel knows whose the calling end is. */
  async #holdBack(near: Socket, far: Socket): Promise<void> {
    near.pause();
    far.pause();
    const inode = await inodeOf(near.remotePort ?? 0, this.port);
    const owners = inode === null ? [] : await Promise.all([...this.#cutOff].map((pid) => holds(pid, inode)));
    if (owners.includes(true) || this.#silent) return;
    near.resume();
    far.resume();
  }

  #join(near: Socket, far: Socket): void {
    this.#pairs.set(near, far);
    near.on('close', () => {
      this.#pairs.delete(near);
      this.#rations.delete(far);
    });
    const conversation = new Conversation({ near, far, server: this.address, watch: () => this.watch });
    this.#relay(near, far, (chunk) => {
      conversation.fromClient(chunk);
    });
    this.#relay(far, near, (chunk) => {
      conversation.fromServer(this.#rationed(far, chunk));
    });
    if (this.#cutOff.size > 0) void this.#holdBack(near, far);
  }

  #rationed(far: Socket, chunk: Buffer): Buffer {
    const left = this.#rations.get(far);
    if (left === undefined) return chunk;
    const passed = chunk.subarray(0, left);
    this.#rations.set(far, left - passed.length);
    return passed;
  }

  #relay(one: Socket, other: Socket, take: (chunk: Buffer) => void): void {
    this.#sockets.add(one);
    one.setNoDelay(true);
    one.on('error', () => undefined);
    one.on('data', take);
    one.on('close', () => {
      this.#sockets.delete(one);
      // Not at once: who ends when all is said may have said more than the other has taken yet.
      other.destroySoon();
    });
    if (this.#silent) one.pause();
  }
}
