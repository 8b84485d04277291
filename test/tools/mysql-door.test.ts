// What passes through a door in front of a server, to the last byte: a reader that is slower than the server gets all of it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { MysqlDoor } from '../../tools/lab/door/mysql-door.js';

/** More than the kernel keeps for a reader. */
const DUMP = Buffer.alloc(48 * 1024 * 1024, 7);
/** A server that turns a caller away says so first, and what follows is passed on as it comes. */
const GREETING = Buffer.from([3, 0, 0, 0, 0xff, 0x10, 0x04]);

let door: MysqlDoor | null = null;
let server: Server | null = null;

afterEach(() => {
  door?.shut();
  server?.close();
});

it('is all there although the server has long ended when the reader takes it', async () => {
  server = createServer((socket: Socket) => {
    socket.on('error', () => undefined).write(GREETING);
    socket.once('data', () => socket.end(DUMP));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  door = await MysqlDoor.before((server.address() as AddressInfo).port);
  await door.open();
  const served = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(door.port, door.host);
  const [socket] = await served;
  const gone = once(socket, 'close');
  await once(client, 'data');
  client.pause();
  client.write(Buffer.from([4, 0, 0, 1, 0, 0, 0, 0]));
  await gone;
  let bytes = 0;
  client.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const ended = once(client, 'close');
  client.resume();
  await ended;
  expect(bytes).toBe(DUMP.length);
});
