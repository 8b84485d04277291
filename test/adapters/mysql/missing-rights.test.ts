import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/adapters/mysql/dialect.js';
import type { ResultSet } from '../../../src/adapters/mysql/connection/link.js';
import {
  missingCopyRightsOf,
  missingPromptRightsOf,
  missingRightsOf,
} from '../../../src/adapters/mysql/probe/missing-rights.js';
import type { Flavor } from '../../../src/core/topology/server.js';
import { parseVersion } from '../../../src/core/topology/version.js';

const ACCOUNT = 'orchestrator@%';
const TO = 'TO `orchestrator`@`%`';

function grants(...lines: readonly string[]): ResultSet {
  return { fields: [{ name: 'Grants' }], rows: lines.map((line) => [line]) };
}

function missing(flavor: Flavor, version: string, ...lines: readonly string[]): readonly [string, string][] {
  const dialect = dialectOf(flavor, parseVersion(version));
  return missingRightsOf(dialect, grants(...lines), ACCOUNT).map(({ privilege, stops }) => [privilege, stops]);
}

describe('rights that a recovery would miss', () => {
  it('are none for an account that has them all, in whichever words', () => {
    const fine = 'REPLICATION_SLAVE_ADMIN,SYSTEM_VARIABLES_ADMIN,CONNECTION_ADMIN';
    expect(missing('MySQL', '9.7.0', `GRANT RELOAD, PROCESS ON *.* ${TO}`, `GRANT ${fine} ON *.* ${TO}`)).toEqual([]);
    expect(missing('MySQL', '8.0.36', `GRANT ALL PRIVILEGES ON *.* ${TO} WITH GRANT OPTION`)).toEqual([]);
    expect(missing('MySQL', '8.0.36', `GRANT SUPER, RELOAD ON *.* ${TO}`)).toEqual([]);
    expect(missing('MySQL', '5.6.51', `GRANT SUPER, RELOAD ON *.* ${TO} IDENTIFIED BY PASSWORD 'x'`)).toEqual([]);
  });

  it('are named one by one, with what each stops', () => {
    expect(missing('MySQL', '9.7.0', `GRANT RELOAD, REPLICATION_SLAVE_ADMIN ON *.* ${TO}`)).toEqual([
      ['SYSTEM_VARIABLES_ADMIN', 'promotion'],
      ['CONNECTION_ADMIN', 'fence'],
    ]);
    expect(missing('MySQL', '9.7.0', `GRANT USAGE ON *.* ${TO}`).map(([name]) => name)).toEqual([
      'REPLICATION_SLAVE_ADMIN',
      'RELOAD',
      'SYSTEM_VARIABLES_ADMIN',
      'CONNECTION_ADMIN',
    ]);
    expect(missing('MySQL', '5.7.44', `GRANT SUPER ON *.* ${TO}`)).toEqual([['RELOAD', 'promotion']]);
  });

  it('are MariaDB’s own there, and what semi-sync needs alone stops no promotion', () => {
    const held = 'RELOAD, REPLICATION SLAVE ADMIN, READ_ONLY ADMIN, CONNECTION ADMIN';
    expect(missing('MariaDB', '10.11.6', `GRANT ${held} ON *.* ${TO}`)).toEqual([
      ['REPLICATION MASTER ADMIN', 'fence'],
    ]);
  });

  it('count of one schema as of none', () => {
    const told = missing('MySQL', '9.7.0', `GRANT USAGE ON *.* ${TO}`, `GRANT ALL PRIVILEGES ON \`shop\`.* ${TO}`);
    expect(told).toHaveLength(4);
  });

  it('are not guessed from an answer that is not understood, or from none', () => {
    expect(missing('MySQL', '9.7.0', 'everything, says the proxy')).toEqual([]);
    expect(missing('MySQL', '9.7.0')).toEqual([]);
    expect(missingRightsOf(dialectOf('MySQL', parseVersion('9.7.0')), undefined, ACCOUNT)).toEqual([]);
  });

  it('say the statement that mends it, as it is to be run', () => {
    const dialect = dialectOf('MySQL', parseVersion('9.7.0'));
    const [first] = missingRightsOf(dialect, grants(`GRANT RELOAD ON *.* ${TO}`), ACCOUNT);
    expect(first).toMatchObject({ mend: "GRANT REPLICATION_SLAVE_ADMIN ON *.* TO 'orchestrator'@'%'" });
    expect(first?.purpose).toContain('STOP REPLICA');
  });
});

describe('rights without which a failover waits', () => {
  const lacks = (version: string, ...lines: readonly string[]) =>
    missingPromptRightsOf(dialectOf('MySQL', parseVersion(version)), grants(...lines), ACCOUNT).map(({ mend }) => mend);

  it('are told with their GRANT where the version has them, and SUPER stands for none', () => {
    expect(lacks('9.7.0', `GRANT SUPER, RELOAD ON *.* ${TO}`)).toEqual([
      "GRANT SYSTEM_USER ON *.* TO 'orchestrator'@'%'",
    ]);
    expect(lacks('9.7.0', `GRANT RELOAD ON *.* ${TO}`, `GRANT SYSTEM_USER ON *.* ${TO}`)).toEqual([]);
    expect(lacks('8.0.15', `GRANT SUPER ON *.* ${TO}`)).toEqual([]);
    expect(lacks('9.7.0')).toEqual([]);
  });
});

describe('rights that a copy would miss', () => {
  const lacks = (isLoaded: boolean, ...lines: readonly string[]) => {
    const dialect = dialectOf('MySQL', parseVersion('9.7.0'));
    return missingCopyRightsOf(dialect, grants(...lines), ACCOUNT, isLoaded).map(({ mend }) => mend);
  };

  it('are told with their GRANT, that for the plugin only where it is not loaded', () => {
    expect(lacks(false, `GRANT SUPER ON *.* ${TO}`)).toEqual([
      "GRANT BACKUP_ADMIN ON *.* TO 'orchestrator'@'%'",
      "GRANT CLONE_ADMIN ON *.* TO 'orchestrator'@'%'",
      "GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'",
    ]);
    expect(lacks(true, `GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* ${TO}`)).toEqual([]);
  });

  it.each(['`mysql`.`plugin`', '`mysql`.*', '*.*'])('are none where INSERT is granted on %s', (place) => {
    expect(lacks(false, `GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* ${TO}`, `GRANT INSERT ON ${place} ${TO}`)).toEqual([]);
  });

  it('are not guessed, and none where there is nothing to copy with', () => {
    expect(lacks(false)).toEqual([]);
    const old = dialectOf('MySQL', parseVersion('5.7.44'));
    expect(missingCopyRightsOf(old, grants(`GRANT SUPER ON *.* ${TO}`), ACCOUNT, false)).toEqual([]);
  });
});
