// A promotion never depends on the short cut by which a new primary is rid of half a transaction.
import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/adapters/mysql/dialect.js';
import type { Hold } from '../../../src/adapters/mysql/session/hold.js';
import { StepFailed } from '../../../src/adapters/mysql/session/step-failed.js';
import { endHalf } from '../../../src/adapters/mysql/steps/replica/end-half.js';
import type { ReplicaState } from '../../../src/adapters/mysql/steps/reading/replica-state.js';
import { parseVersion } from '../../../src/core/topology/version.js';

const FELLOW = { host: 'db-2', port: 3306 };
const HOLDER = {
  channel: '',
  io: 'No',
  sql: true,
  idle: true,
  byGtid: true,
  heartbeatSeconds: 5,
} as unknown as ReplicaState;

/** A server whose applier holds half a transaction, and what it says to each change. */
function holderOf(refuses: RegExp): { readonly hold: Hold; readonly said: string[] } {
  const said: string[] = [];
  const known = {
    dialect: dialectOf('MySQL', parseVersion('9.7.0')),
    address: { host: 'db-1', port: 3306 },
    channel: null,
    readRow: (statement: string) => Promise.resolve(statement.includes('AS begun') ? { begun: '1' } : STATUS),
    read: (statement: string) =>
      Promise.resolve(
        statement.includes('AS id') ? [{ id: '12' }] : statement.startsWith('SHOW PROCESSLIST') ? [] : [STATUS],
      ),
    change: (statement: string) => {
      said.push(statement.split(' ').slice(0, 2).join(' '));
      return refuses.test(statement)
        ? Promise.reject(new StepFailed('statement', `refused: ${statement}`, false))
        : Promise.resolve();
    },
  };
  return { hold: known as unknown as Hold, said };
}

const STATUS = {
  Source_Host: 'db-0',
  Source_Port: '3306',
  Replica_IO_Running: 'No',
  Replica_SQL_Running: 'Yes',
  Replica_SQL_Running_State: 'Replica has read all relay log; waiting for more updates',
  Auto_Position: '1',
};

describe('half a transaction of an applier that may not be ended', () => {
  it('is waited out where there is no fellow to follow', async () => {
    const { hold, said } = holderOf(/^KILL/);
    expect(await endHalf(hold, HOLDER, null)).toContain('waited a minute');
    expect(said).toEqual(['KILL 12']);
  });

  it.each([/^KILL|^CHANGE/, /^KILL|^START/])('is waited out where %s is refused', async (refuses) => {
    const { hold } = holderOf(refuses);
    expect(await endHalf(hold, HOLDER, FELLOW)).toContain('waited a minute');
  });
});
