/** What a connection takes of this node: there are thousands of them. */
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Driver } from '../../../src/adapters/mysql/connection/dial.js';

const KIB = 1024;
const CONNECTIONS = 200;
/** A connection takes about 15; with the driver's own defaults it takes more than 500. */
const MOST_KIB = 100;

it('a connection takes little memory', () => {
  const driver = new Driver({
    user: 'orchestrator',
    password: '',
    tls: { mode: 'never', skipVerify: true },
    tlsMemoryMs: 0,
    programName: 'test',
  });
  const before = process.memoryUsage().heapUsed;
  const connections = Array.from({ length: CONNECTIONS }, (_, at) =>
    driver.logIn({ host: '127.0.0.1', port: 10_000 + at }, new Socket(), false),
  );
  const each = (process.memoryUsage().heapUsed - before) / CONNECTIONS / KIB;
  expect(connections).toHaveLength(CONNECTIONS);
  expect(each).toBeLessThan(MOST_KIB);
});
