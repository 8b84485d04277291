/** What this node says of a real server in trouble: the votes on which a failover rests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/topology/address.js';
import { type Account, type LabServer, ORCHESTRATOR_ACCOUNT } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { type Eyes, failureIn, openEyes, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;
let server: LabServer;
let address: Address;
const open: Eyes[] = [];

beforeAll(async () => {
  lab = await MySqlLab.open();
  const [only] = await lab.servers(1);
  server = only as LabServer;
  address = { host: server.host, port: server.port };
});

afterEach(async () => {
  for (const eyes of open.splice(0)) await eyes.close();
  if (server.running) server.resume();
  else await server.start();
});

afterAll(async () => {
  await lab.close();
});

function eyes(account?: Account): Eyes {
  const made = openEyes(account);
  open.push(made);
  return made;
}

/** Connected and read once, as a node that has watched the server for a while. */
async function watching(account?: Account): Promise<Eyes> {
  const made = eyes(account);
  reportIn(await made.prober.probe(address, PATIENT_MS));
  return made;
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

/** Counted by the server from the moment at which it has taken a connection until it has let it go; whoever asks is one of them. */
const CONNECTED = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";
const ONE = [{ Variable_name: 'Threads_connected', Value: '1' }];

/** Tests before this one have hung up, which the server hears in its own time. */
async function nobodyIsConnected(): Promise<void> {
  await expect.poll(() => server.query(CONNECTED)).toEqual(ONE);
}

describe('a server that was killed', () => {
  it('is heard of at once, and refuses', async () => {
    const { prober, lost } = await watching();
    await server.kill();
    await waitFor(() => lost.length > 0);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toContain(String(server.port));
    expect((await prober.knock(address, PATIENT_MS)).vote).toBe('refused');
    expect(failureIn(await prober.probe(address, PATIENT_MS))).toMatchObject({ kind: 'refused', code: 'ECONNREFUSED' });
    await server.start();
    expect(reportIn(await prober.probe(address, PATIENT_MS)).address).toEqual(address);
  });

  it('while it is asked, is found to refuse by a fresh connection', async () => {
    const { prober } = await watching();
    server.pause();
    const probing = prober.probe(address, PATIENT_MS);
    await sleep(100);
    await server.kill();
    expect(failureIn(await probing).kind).toBe('refused');
  });
});

describe('a server that is frozen', () => {
  it('is silent to a knock and to a probe, and alive as soon as it wakes', async () => {
    const { prober, lost } = await watching();
    server.pause();
    expect((await prober.knock(address, 300)).vote).toBe('silent');
    const result = await prober.probe(address, PATIENT_MS);
    expect(failureIn(result)).toMatchObject({ kind: 'silent', code: 'ETIMEDOUT' });
    // Not the whole of its time: the knock that went with it was silent too.
    expect(result.finishedAtMs - result.startedAtMs).toBeLessThan(PATIENT_MS);
    expect(failureIn(await prober.probe(address, 300)).kind).toBe('silent');
    server.resume();
    expect((await prober.knock(address, PATIENT_MS)).vote).toBe('alive');
    expect(reportIn(await prober.probe(address, PATIENT_MS)).address).toEqual(address);
    expect(lost).toEqual([]);
  });

  it('finds no handshakes that were broken off when it wakes, however long it was asked', async () => {
    const aborted = async (): Promise<number> => {
      const [row] = await server.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Aborted_connects'");
      return Number(row?.Value);
    };
    // A handshake of the test before, which was broken off when that ended, is none of ours.
    await nobodyIsConnected();
    const { prober } = await watching();
    const before = await aborted();
    server.pause();
    for (let round = 0; round < 40; round += 1) {
      expect((await prober.knock(address, 20)).vote).toBe('silent');
      if (round % 10 === 0) expect(failureIn(await prober.probe(address, 50)).kind).toBe('silent');
    }
    server.resume();
    reportIn(await prober.probe(address, PATIENT_MS));
    await sleep(200);
    expect((await aborted()) - before).toBe(0);
  });
});

describe('a server that answers with an error is alive', () => {
  it('1040: all its connections are taken', async () => {
    const { prober } = eyes({ user: 'plain', password: 'plain' });
    await server.execute("SET sql_log_bin = 0; CREATE USER IF NOT EXISTS 'plain'@'%' IDENTIFIED BY 'plain'");
    const first = await server.connect(ORCHESTRATOR_ACCOUNT);
    const taken: Connection[] = [first];
    try {
      // One that is still leaving would make room for the knock.
      await expect.poll(async () => (await first.query(CONNECTED))[0]).toEqual(ONE);
      await first.query('SET GLOBAL max_connections = 5');
      const fill = async (): Promise<void> => {
        for (;;) taken.push(await server.connect(ORCHESTRATOR_ACCOUNT));
      };
      await expect(fill()).rejects.toThrow('Too many connections');
      const knock = await prober.knock(address, PATIENT_MS);
      expect(knock).toMatchObject({ vote: 'alive' });
      expect(knock.detail).toContain('1040');
      expect(failureIn(await prober.probe(address, PATIENT_MS))).toMatchObject({ kind: 'alive', code: '1040' });
    } finally {
      await first.query('SET GLOBAL max_connections = 150');
      for (const connection of taken) await connection.end();
    }
  });

  it('1045: the password is wrong', async () => {
    const { prober } = eyes({ user: 'orchestrator', password: 'wrong' });
    const failure = failureIn(await prober.probe(address, PATIENT_MS));
    expect(failure).toMatchObject({ kind: 'alive', code: '1045' });
    expect(failure.message).toContain('MySQLTopologyPassword');
    expect((await prober.knock(address, PATIENT_MS)).vote).toBe('alive');
  });
});

describe('a connection', () => {
  it('that was killed on the server is replaced within the same probe', async () => {
    const { prober, lost } = await watching();
    expect(await server.hangUpOn('orchestrator')).toBeGreaterThan(0);
    await waitFor(() => lost.length > 0);
    expect(reportIn(await prober.probe(address, PATIENT_MS)).address).toEqual(address);
  });

  it('is made with TLS where the account insists on it, and that is remembered', async () => {
    await server.execute(
      "SET sql_log_bin = 0; CREATE USER IF NOT EXISTS 'strict'@'%' IDENTIFIED BY 'strict' REQUIRE SSL; " +
        "GRANT REPLICATION CLIENT, REPLICATION SLAVE, PROCESS ON *.* TO 'strict'@'%'; " +
        "GRANT SELECT ON performance_schema.* TO 'strict'@'%'; GRANT SELECT ON mysql.slave_master_info TO 'strict'@'%'",
    );
    const { prober } = await watching({ user: 'strict', password: 'strict' });
    const [row] = await server.query<{ cipher: string }>(
      'SELECT COUNT(*) AS sessions, MAX(s.VARIABLE_VALUE) AS cipher FROM performance_schema.status_by_thread s ' +
        "JOIN performance_schema.threads t USING (THREAD_ID) WHERE t.PROCESSLIST_USER = 'strict' AND s.VARIABLE_NAME = 'Ssl_cipher'",
    );
    expect(row?.cipher).not.toBe('');
    prober.release(address);
    expect(reportIn(await prober.probe(address, PATIENT_MS)).facts.blindSpots).toEqual([]);
  });

  it('says what ails TLS where it is needed and the certificate cannot be verified', async () => {
    const made = openEyes({ user: 'strict', password: 'strict' }, { skipVerify: false });
    open.push(made);
    for (let probe = 0; probe < 2; probe += 1) {
      const failure = failureIn(await made.prober.probe(address, PATIENT_MS));
      expect(failure.kind).toBe('alive');
      expect(failure.message).toMatch(
        /^\S+ logging in: .*certificate.*MySQLTopologySSLCAFile.*MySQLTopologySSLSkipVerify/,
      );
    }
  });

  it('goes on with TLS while the password is wrong, so that the right one counts at once', async () => {
    const { prober } = eyes({ user: 'strict', password: 'changed' });
    for (let probe = 0; probe < 2; probe += 1) {
      expect(failureIn(await prober.probe(address, PATIENT_MS))).toMatchObject({ kind: 'alive', code: '1045' });
    }
    await server.execute("SET sql_log_bin = 0; ALTER USER 'strict'@'%' IDENTIFIED BY 'changed'");
    expect(reportIn(await prober.probe(address, PATIENT_MS)).address).toEqual(address);
    await server.execute("SET sql_log_bin = 0; ALTER USER 'strict'@'%' IDENTIFIED BY 'strict'");
  });

  it('logs in without TLS when the server has forgotten the password it had cached', async () => {
    await server.execute('FLUSH PRIVILEGES');
    const { prober } = eyes();
    expect(reportIn(await prober.probe(address, PATIENT_MS)).address).toEqual(address);
  });

  it('that is busy is not waited for', async () => {
    const { prober } = await watching();
    const [first, second] = await Promise.all([prober.probe(address, PATIENT_MS), prober.probe(address, PATIENT_MS)]);
    expect([first.ok, second.ok]).toEqual([true, true]);
  });
});
