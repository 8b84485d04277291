/** A TCP server that behaves as told at the first moment of a connection: what real servers do only when they are in trouble. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { freePorts } from '../../../tools/lab/free-ports.js';
import type { Address } from '../../../src/core/topology/address.js';

export interface FakeServer {
  readonly address: Address;
  readonly connections: () => number;
  close(): Promise<void>;
}

export async function fakeServer(onConnection: (socket: Socket, count: number) => void): Promise<FakeServer> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket, count);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port },
    connections: () => count,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An error packet in place of the greeting, as a server without a free connection sends it. */
export function errorPacket(number: number, text: string): Buffer {
  const body = Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(`#HY000${text}`, 'utf8')]);
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, 0]), body]);
}

/** A greeting of protocol 10 that no server continues. */
export function greeting(): Buffer {
  const body = Buffer.concat([
    Buffer.from([10]),
    Buffer.from('9.7.0\0', 'latin1'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('12345678\0', 'latin1'),
    Buffer.from([0xff, 0xf7, 0x21, 2, 0, 0xff, 0xc7, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0', 'latin1'),
    Buffer.from('caching_sha2_password\0', 'latin1'),
  ]);
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);
}

/** A port where nothing listens, nor will: one that the kernel gives away might be that of another test in a moment. */
export async function closedPort(): Promise<Address> {
  const [port = 0] = await freePorts(1);
  return { host: '127.0.0.1', port };
}
