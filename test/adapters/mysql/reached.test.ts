// MySQL says that a replica has connected before it has asked the source who it is. A stranger who answers at the source's
// address must not be let through in between.
import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/adapters/mysql/dialect.js';
import type { Hold, TextRow } from '../../../src/adapters/mysql/session/hold.js';
import { repoint } from '../../../src/adapters/mysql/steps/replica/repoint.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { parseVersion } from '../../../src/core/topology/version.js';

const SOURCE = { host: 'db-2', port: 3306 };
const MEANT = '5a3f0c1e-0000-4000-8000-000000000001';
const STRANGER = 'f00dcafe-0000-4000-8000-000000000001';

const TO = { source: SOURCE, sourceId: MEANT as ServerId };

const POINTED_THERE: TextRow = {
  Source_Host: SOURCE.host,
  Source_Port: String(SOURCE.port),
  Auto_Position: '1',
  Replica_IO_Running: 'Yes',
  Replica_SQL_Running: 'Yes',
  Last_IO_Errno: '0',
  Last_SQL_Errno: '0',
};

/** A replica that learns the uuid of its source only when its status has been read so many times. */
function replicaWhoseSourceIs(
  uuid: string,
  afterLooks: number,
  status: TextRow = {},
): { readonly hold: Hold; readonly changes: string[] } {
  const changes: string[] = [];
  let looks = 0;
  const known = {
    dialect: dialectOf('MySQL', parseVersion('9.7.0')),
    address: { host: 'db-1', port: 3306 },
    channel: null,
    memory: { heartbeats: new Map(), locksWrites: false },
    read: () => {
      looks += 1;
      const isKnown = looks > afterLooks;
      return Promise.resolve([{ ...POINTED_THERE, ...(isKnown ? status : {}), Source_UUID: isKnown ? uuid : '' }]);
    },
    readRow: () => Promise.resolve({ readOnly: '1', superReadOnly: '1', mode: 'ON' }),
    change: (statement: string) => {
      changes.push(statement);
      return Promise.resolve();
    },
  };
  return { hold: known as unknown as Hold, changes };
}

const pointed = (hold: Hold) =>
  repoint(hold, { ...TO, start: true, begin: null, asItFollows: false, rests: null }, () =>
    Promise.reject(new Error('it has an account')),
  );

describe('a replica that says it has connected before it knows to whom', () => {
  it('is stopped when that is somebody else', async () => {
    const { hold, changes } = replicaWhoseSourceIs(STRANGER, 4);
    await expect(pointed(hold)).rejects.toThrow(`answers it as ${STRANGER}, which is not ${MEANT}`);
    expect(changes).toEqual([expect.stringContaining('STOP REPLICA IO_THREAD')]);
  });

  it('is stopped when it chose its source itself, and told of what makes it', async () => {
    const { hold, changes } = replicaWhoseSourceIs(STRANGER, 4, { Source_Host: 'db-3' });
    await expect(pointed(hold)).rejects.toThrow(/pointed at db-2:3306 and went to db-3:3306 .*AUTO_FAILOVER/);
    expect(changes).toEqual([expect.stringContaining('STOP REPLICA IO_THREAD')]);
  });

  it('goes on when that is who was meant', async () => {
    const { hold, changes } = replicaWhoseSourceIs(MEANT, 4);
    expect(await pointed(hold)).toEqual({ text: 'it was pointed there already; it replicates' });
    expect(changes).toEqual([]);
  });
});
