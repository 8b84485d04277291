// One client's connection to one simulated server: greeting, login, then queries until it leaves. Any account may log in
// with any password. TLS is not offered.
import type { Socket } from 'node:net';
import type { Answers } from './answers.js';
import { CLIENT_DEPRECATE_EOF, PacketWriter, writeError, writeGreeting, writeLoggedIn, writeOk } from './packets.js';
import { neverTaught } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';
import { VERSION } from './variables.js';

const COM_QUIT = 0x01;
const COM_QUERY = 0x03;
const COM_PING = 0x0e;
const HEADER_BYTES = 4;

export interface ConnectionParts {
  readonly server: SimulatedServer;
  readonly answers: Answers;
  readonly threadId: number;
  onQuery(): void;
  onUntaught(what: string): void;
}

export function serve(socket: Socket, parts: ConnectionParts): void {
  let loggedIn = false;
  let deprecateEof = false;
  let pending: Buffer | null = null;

  const take = (packet: Buffer): void => {
    if (!loggedIn) {
      loggedIn = true;
      deprecateEof = (packet.readUInt32LE(HEADER_BYTES) & CLIENT_DEPRECATE_EOF) !== 0;
      socket.write(writeLoggedIn((packet[3] ?? 0) + 1));
    } else obey(socket, packet, deprecateEof, parts);
  };

  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (parts.server.fault === 'hang') return;
    let rest = pending === null ? chunk : Buffer.concat([pending, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const size = HEADER_BYTES + rest.readUIntLE(0, 3);
      if (rest.length < size) break;
      take(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    pending = rest.length === 0 ? null : rest;
  });
  if (parts.server.fault !== 'hang') socket.write(writeGreeting(VERSION, parts.threadId));
}

function obey(socket: Socket, packet: Buffer, deprecateEof: boolean, parts: ConnectionParts): void {
  const command = packet[HEADER_BYTES];
  if (command === COM_QUERY) {
    parts.onQuery();
    const query = packet.toString('utf8', HEADER_BYTES + 1);
    socket.write(parts.answers.to(query, parts.server, deprecateEof));
    return;
  }
  if (command === COM_QUIT) {
    socket.end();
    return;
  }
  const writer = new PacketWriter(1);
  if (command === COM_PING) writeOk(writer, 0, false);
  else {
    const error = neverTaught(`the command ${String(command)}`);
    parts.onUntaught(error.message);
    writeError(writer, error);
  }
  socket.write(writer.done().bytes);
}

const TOO_MANY_CONNECTIONS = { number: 1040, message: 'Too many connections' };

/** In place of the greeting. */
export function turnAway(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  const writer = new PacketWriter(0);
  writeError(writer, TOO_MANY_CONNECTIONS);
  socket.end(writer.done().bytes);
}
