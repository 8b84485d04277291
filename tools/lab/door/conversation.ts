// One connection through a door. What a plan's session says is looked at statement by statement; every other connection
// (probes, replicas, clients) is passed on as it comes. A session belongs to a plan from the moment at which it asks for
// the lock of a cluster, which is the first thing that it does there; so does a connection on which its leader is about to
// copy binary logs (a replica that asks for them sets each of these variables by itself).
import type { Socket } from 'node:net';
import { AnswerReader } from './answer-reader.js';
import { lengthCoded, PacketStream, payloadOf, sequenceOf } from './packet-stream.js';
import { Said } from './said.js';

const CLIENT_SSL = 1 << 11;
const CLIENT_DEPRECATE_EOF = 1 << 24;
const CLIENT_QUERY_ATTRIBUTES = 1 << 27;
const COM_QUERY = 0x03;
/** An error instead of a greeting. */
const TURNED_AWAY = 0xff;

const PLAN_BEGINS =
  /^SELECT GET_LOCK\('orchestrator:|^SET @master_binlog_checksum = @@global\.binlog_checksum, @source/;

/** Called in the turn in which the statement, or the end of its answer, has come; it may hold it there. */
export interface DoorWatch {
  statement(said: Said): void;
  answer(said: Said): void;
}

export interface Line {
  readonly near: Socket;
  readonly far: Socket;
  /** The door's address. */
  readonly server: string;
  readonly watch: () => DoorWatch;
}

export class Conversation {
  readonly #line: Line;
  readonly #asked = new PacketStream();
  readonly #answered = new PacketStream();
  #threadId = 0;
  #flags: number | null = null;
  #isPlan = false;
  /** Not looked at any more, only passed on. */
  #isOpaque = false;
  #said: Said | null = null;
  #reader: AnswerReader | null = null;
  #answer: Buffer[] = [];
  #toServer: Promise<void> = Promise.resolve();

  constructor(line: Line) {
    this.#line = line;
  }

  fromClient(chunk: Buffer): void {
    this.#asked.feed(chunk);
    for (let packet = this.#nextAsked(); packet !== null; packet = this.#nextAsked()) this.#takeAsked(packet);
    if (!this.#looks()) this.#line.far.write(this.#asked.takeRest());
  }

  fromServer(chunk: Buffer): void {
    if (!this.#looks() || (!this.#isPlan && this.#threadId !== 0)) {
      this.#line.near.write(chunk);
      return;
    }
    this.#answered.feed(chunk);
    for (let packet = this.#answered.next(); packet !== null; packet = this.#answered.next())
      this.#takeAnswered(packet);
  }

  #looks(): boolean {
    return !this.#isOpaque;
  }

  /** A request for TLS may have the first bytes of it right behind, and those are no packets. */
  #nextAsked(): Buffer | null {
    return this.#isOpaque ? null : this.#asked.next();
  }

  #takeAsked(packet: Buffer): void {
    if (this.#flags === null) {
      this.#flags = payloadOf(packet).readUInt32LE(0);
      // What follows is not packets of ours to read.
      this.#isOpaque = (this.#flags & CLIENT_SSL) !== 0;
    }
    const text =
      sequenceOf(packet) === 0 && payloadOf(packet)[0] === COM_QUERY ? this.#textOf(payloadOf(packet)) : null;
    if (text !== null && PLAN_BEGINS.test(text)) this.#isPlan = true;
    if (text === null || !this.#isPlan) {
      this.#line.far.write(packet);
      return;
    }
    const { near, server } = this.#line;
    const said = new Said({ server, threadId: this.#threadId, port: near.remotePort ?? 0 }, text);
    this.#line.watch().statement(said);
    this.#toServer = this.#toServer.then(() => this.#pass(said, packet));
  }

  async #pass(said: Said, packet: Buffer): Promise<void> {
    if (said.gate !== null) await said.gate;
    this.#said = said;
    this.#reader = new AnswerReader(((this.#flags ?? 0) & CLIENT_DEPRECATE_EOF) !== 0);
    this.#line.far.write(packet);
  }

  #textOf(payload: Buffer): string {
    if (((this.#flags ?? 0) & CLIENT_QUERY_ATTRIBUTES) === 0) return payload.toString('utf8', 1);
    // The number of attributes, which is none, and the number of their sets.
    return payload.toString('utf8', 2 + lengthCoded(payload, 1).bytes);
  }

  #takeAnswered(packet: Buffer): void {
    if (this.#threadId === 0) {
      this.#threadId = threadIdIn(payloadOf(packet));
      this.#line.near.write(packet);
      return;
    }
    const said = this.#said;
    if (said === null || this.#reader === null) {
      this.#line.near.write(packet);
      return;
    }
    this.#answer.push(packet);
    if (!this.#reader.take(payloadOf(packet))) return;
    const bytes = Buffer.concat(this.#answer);
    this.#answer = [];
    said.answer = this.#reader.error ?? 0;
    this.#said = null;
    this.#reader = null;
    this.#line.watch().answer(said);
    if (said.gate === null) this.#line.near.write(bytes);
    else void said.gate.then(() => this.#line.near.write(bytes));
  }
}

function threadIdIn(greeting: Buffer): number {
  if (greeting[0] === TURNED_AWAY) return -1;
  return greeting.readUInt32LE(greeting.indexOf(0, 1) + 1);
}
