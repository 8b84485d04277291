/** A binlog server, played by the driver's own server side: the few statements that MaxScale's router knows. */
import { createServer } from 'mysql2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connector } from '../../../src/adapters/mysql/connection/connect.js';
import { CachingResolver } from '../../../src/adapters/mysql/connection/host-resolver.js';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import type { Address } from '../../../src/core/topology/address.js';
import { OLD_STATUS } from './answers.js';

type Rows = Readonly<Record<string, string | number | null>>[];

const KNOWN: Readonly<Record<string, Rows>> = {
  'SHOW SLAVE STATUS': [{ ...OLD_STATUS, Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes', Last_SQL_Errno: 0 }],
  "SHOW VARIABLES LIKE 'MAXSCALE%'": [{ Variable_name: 'MAXSCALE_VERSION', Value: '2.3.1' }],
  'SELECT @@server_id': [{ server_id: 77 }],
  'SHOW MASTER STATUS': [{ File: 'bin.000009', Position: 4 }],
  'SHOW SLAVE HOSTS': [{ Server_id: 8, Host: 'r1', Port: 3306, Master_id: 77 }],
};

/** What the driver's own type leaves out. */
interface Side {
  sequenceId: number;
  on(event: string, listener: (sql: string) => void): void;
  serverHandshake(options: object): void;
  writeTextResult(rows: Rows, columns: readonly object[]): void;
  writeError(error: object): void;
}

let address: Address;
let server: ReturnType<typeof createServer>;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((connection: unknown) => {
    const side = connection as Side;
    side.serverHandshake({
      protocolVersion: 10,
      serverVersion: '5.5.5-10.2.12 2.3.1-maxscale',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xffffff ^ 0x800 ^ 0x20,
    });
    side.on('error', () => undefined);
    side.on('query', (sql) => {
      asked.push(sql);
      // The driver's server side counts packets on from one command to the next, where the protocol begins anew.
      side.sequenceId = 1;
      queueMicrotask(() => {
        side.sequenceId = 0;
      });
      const rows = KNOWN[sql];
      if (rows === undefined) side.writeError({ code: 1064, message: 'not supported' });
      else {
        const names = Object.keys(rows[0] ?? {});
        side.writeTextResult(
          rows,
          names.map((name) => ({
            catalog: 'def',
            schema: '',
            table: '',
            orgTable: '',
            name,
            orgName: name,
            characterSet: 33,
            columnLength: 255,
            columnType: 253,
            flags: 0,
            decimals: 0,
          })),
        );
      }
    });
  });
  const port = await new Promise<number>((resolve) => {
    const listener = server as unknown as {
      listen(port: number, host: string, done: () => void): void;
      _server: { address(): { port: number } };
    };
    listener.listen(0, '127.0.0.1', () => {
      resolve(listener._server.address().port);
    });
  });
  address = { host: '127.0.0.1', port };
});

afterAll(() => {
  (server as unknown as { close(): void }).close();
});

describe('a binlog server', () => {
  it('is known by its greeting, and asked only what it understands', async () => {
    const settings = { user: 'u', password: 'p', tlsMemoryMs: 1, programName: 'test' };
    const connector = new Connector({ ...settings, tls: { mode: 'never', skipVerify: true } }, new CachingResolver());
    const prober = new MysqlProber(connector, { ...DEFAULT_PROBER_LIMITS, connectTimeoutMs: 20_000 });
    for (let probe = 0; probe < 2; probe += 1) {
      const result = await prober.probe(address, 20_000);
      if (!result.ok) throw new Error(result.failure.message);
      const { id, facts, vitals, replicaAddresses } = result.report;
      expect(id).toBe(`unknown-127.0.0.1-${String(address.port)}-77`);
      expect(facts).toMatchObject({
        isBinlogServer: true,
        flavor: 'unknown',
        version: { text: '2.3.1-maxscale' },
        serverNumber: 77,
        readOnly: true,
        binlogEnabled: true,
        binlogFormat: 'INHERIT',
        logReplicaUpdates: true,
      });
      expect(facts.channels).toMatchObject([{ source: { host: 'db-1', port: 3306 }, ioThread: 'running' }]);
      expect(vitals.binlog).toEqual({ file: 'bin.000009', position: 4 });
      expect(replicaAddresses).toEqual([{ host: 'r1', port: 3306 }]);
    }
    expect(asked.filter((sql) => sql.includes(';'))).toEqual([]);
    await prober.close();
    connector.close();
  });
});
