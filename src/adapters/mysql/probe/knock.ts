/**
 * One fresh connection, up to the server's first word: this node's vote on "is it there?". No account is needed for the
 * vote; the login goes on in the background all the same, because a host that breaks off too many handshakes is blocked
 * by the server (error 1129), and this node would have cut itself off from a server that it may have to fence.
 */
import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { NodeVote } from '../../../core/analysis/vote.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { openSocket } from '../connection/dial.js';
import { deadlineAt, failureAt, type Phase } from '../connection/failure.js';
import type { WaitingRoom } from '../connection/waiting-room.js';

export interface Knock {
  readonly vote: NodeVote;
  readonly detail: string;
}

export interface Doorstep {
  readonly room: WaitingRoom;
  resolve(host: string): Promise<string>;
  /** Takes the socket over, to finish politely what the knock began. */
  logIn(socket: Socket): Connection;
}

/** How long the login in the background may take. */
const LOGIN_MS = 2_000;

/**
 * A reset falls between a dying server and the refusal that follows it, and a proxy in front of a dead one resets for
 * ever: asked again the first becomes clear, the second stays "no opinion".
 */
const ATTEMPTS = 3;
const AGAIN_AFTER_MS = 50;

export async function knock(address: Address, timeoutMs: number, doorstep: Doorstep): Promise<Knock> {
  const deadlineMs = monotonicNowMs() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await listenOrKnock(address, deadlineMs, timeoutMs, doorstep);
    const timeLeft = deadlineMs - monotonicNowMs() > 2 * AGAIN_AFTER_MS;
    if (!answer.broken || attempt === ATTEMPTS || !timeLeft) return { vote: answer.vote, detail: answer.detail };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

interface Answer extends Knock {
  /** The connection ended without a word and without a refusal. */
  readonly broken: boolean;
}

/** Where enough connections wait for their first word already, they are asked; see the waiting room. */
async function listenOrKnock(
  address: Address,
  deadlineMs: number,
  timeoutMs: number,
  doorstep: Doorstep,
): Promise<Answer> {
  const leftMs = (): number => Math.max(1, deadlineMs - monotonicNowMs());
  if (!doorstep.room.mayDial(address)) {
    const word = await doorstep.room.word(address, leftMs());
    const detail = `${addressText(address)}: greeted a connection that had waited`;
    if (word === 'spoke') return { vote: 'alive', detail, broken: false };
    const { kind, message } = deadlineAt(address, 'greeting', timeoutMs);
    if (word === 'silent') return { vote: kind, detail: message, broken: false };
  }
  return await knockOnce(address, leftMs(), timeoutMs, doorstep);
}

function knockOnce(address: Address, leftMs: number, timeoutMs: number, doorstep: Doorstep): Promise<Answer> {
  return new Promise((resolve) => {
    let phase: Phase = 'resolve';
    let over = false;
    let socket: Socket | null = null;
    const settle = (answer: Answer): void => {
      over = true;
      clearTimeout(timer);
      resolve(answer);
    };
    const failed = (error: unknown): void => {
      if (over) return;
      socket?.destroy();
      const { kind, message } = failureAt(address, phase, error);
      settle({ vote: kind, detail: message, broken: phase !== 'resolve' && kind === 'none' });
    };
    const timer = setTimeout(() => {
      if (over) return;
      if (phase === 'greeting' && socket !== null) doorstep.room.leave(address, socket);
      else socket?.destroy();
      const { kind, message } = deadlineAt(address, phase, timeoutMs);
      settle({ vote: kind, detail: message, broken: false });
    }, leftMs);
    const go = (ip: string): void => {
      if (over) return;
      phase = 'dial';
      socket = openSocket(ip, address.port);
      socket.once('connect', () => {
        phase = 'greeting';
      });
      socket.on('error', failed);
      socket.once('close', () => {
        failed(Object.assign(new Error('closed without a word'), { code: 'ECONNRESET' }));
      });
      socket.once('data', (bytes: Buffer) => {
        if (!over) settle({ vote: 'alive', detail: `${addressText(address)}: ${firstWord(bytes)}`, broken: false });
      });
      leavePolitely(socket, doorstep);
    };
    doorstep.resolve(address.host).then(go, failed);
  });
}

function leavePolitely(socket: Socket, doorstep: Doorstep): void {
  const connection = doorstep.logIn(socket);
  socket.once('data', () => {
    setTimeout(() => socket.destroy(), LOGIN_MS).unref();
  });
  connection.on('error', () => {
    // The vote comes from the socket's own events; what becomes of the login changes nothing.
    socket.destroy();
  });
  connection.once('connect', () => {
    connection.end(() => socket.destroy());
  });
}

/** The greeting, or an error packet in its place (1040, 1129 ...): a header of four bytes, 0xff, the number, the text. */
function firstWord(bytes: Buffer): string {
  if (bytes.length < 7 || bytes[4] !== 0xff) return 'greeted';
  return `answered with error ${String(bytes.readUInt16LE(5))}: ${bytes.subarray(7).toString('utf8')}`;
}
