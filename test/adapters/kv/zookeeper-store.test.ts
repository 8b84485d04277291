import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZookeeperSession } from '../../../src/adapters/kv/zookeeper/zookeeper-session.js';
import { ZookeeperServer } from './zookeeper-server.js';
import { zookeeperSuite } from './zookeeper-suite.js';

describe('a small ZooKeeper', () => {
  let zookeeper: ZookeeperServer;
  beforeAll(async () => {
    zookeeper = await ZookeeperServer.start();
  });
  afterAll(async () => {
    await zookeeper.stop();
  });

  zookeeperSuite(() => zookeeper.address);
});

describe('what is no ZooKeeper', () => {
  async function speaking(words: Buffer | null): Promise<Server> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (words === null) socket.destroy();
      else socket.write(words);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }
  const addressOf = (server: Server): string => `127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  it('is told from one by what it says, or by its silence', async () => {
    const closing = await speaking(null);
    await expect(ZookeeperSession.open(addressOf(closing))).rejects.toMatchObject({ code: 'PAIR_STORE' });
    closing.close();
    // A packet without an end, as a web server's answer looks.
    const other = await speaking(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(ZookeeperSession.open(addressOf(other))).rejects.toThrow(/no answer within 5 s|speak ZooKeeper/);
    other.close();
  });
});
