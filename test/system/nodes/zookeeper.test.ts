// The session and the store against a real ZooKeeper; the small one of the unit tests is held to the same.
import { afterAll, beforeAll, describe } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZookeeperSession } from '../../../src/adapters/kv/zookeeper/zookeeper-session.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { findProgram } from '../../../tools/lab/programs.js';
import { zookeeperSuite } from '../../adapters/kv/zookeeper-suite.js';

describe('Apache ZooKeeper', () => {
  let lab: MySqlLab;
  let address = '';

  beforeAll(async () => {
    lab = await MySqlLab.open();
    const [port = 0] = await freePorts(1);
    address = `127.0.0.1:${String(port)}`;
    lab.spawn('zookeeper', await findProgram('zookeeper'), [String(port), 'data']);
    await untilItAnswers();
  });
  afterAll(async () => {
    await lab.close();
  });

  async function untilItAnswers(): Promise<void> {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      try {
        (await ZookeeperSession.open(address)).close();
        return;
      } catch (error) {
        if (Date.now() > deadlineMs) throw error;
        await sleep(100);
      }
    }
  }

  zookeeperSuite(() => address);
});
