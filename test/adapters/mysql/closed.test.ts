// A server counts as closed only when every flag that it has was read back: one of two was seen on 9.7 while a commit still
// hung behind the statement, and went back when its session died.
import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/adapters/mysql/dialect.js';
import type { Hold } from '../../../src/adapters/mysql/session/hold.js';
import { assertClosed } from '../../../src/adapters/mysql/steps/primary/primary.js';
import { parseVersion } from '../../../src/core/topology/version.js';

type Flavor = Parameters<typeof dialectOf>[0];

/** A server of which only these answers are known. */
function holdOf(flavor: Flavor, version: string, row: Readonly<Record<string, string>>): Hold {
  const known = {
    dialect: dialectOf(flavor, parseVersion(version)),
    address: { host: 'db-1', port: 3306 },
    readRow: () => Promise.resolve(row),
  };
  return known as unknown as Hold;
}

describe('a server is closed', () => {
  it.each([
    ['0', '1'],
    ['1', '0'],
    ['0', '0'],
  ])('not while read_only=%s and super_read_only=%s', async (readOnly, superReadOnly) => {
    const hold = holdOf('MySQL', '9.7.0', { readOnly, superReadOnly });
    const failed = { code: 'state', retriable: true };
    await expect(assertClosed(hold)).rejects.toMatchObject(failed);
    await expect(assertClosed(hold)).rejects.toThrow(`read_only=${readOnly}, super_read_only=${superReadOnly}`);
  });

  it('when both flags are on, and by the one flag of a server that has no other', async () => {
    await expect(
      assertClosed(holdOf('MySQL', '9.7.0', { readOnly: '1', superReadOnly: '1' })),
    ).resolves.toBeUndefined();
    await expect(assertClosed(holdOf('MariaDB', '10.11.4', { readOnly: '1' }))).resolves.toBeUndefined();
    await expect(assertClosed(holdOf('MariaDB', '10.11.4', { readOnly: '0' }))).rejects.toMatchObject({
      code: 'state',
    });
  });
});
