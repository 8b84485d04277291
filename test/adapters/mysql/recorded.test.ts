/**
 * Reports of versions that no test can start: answers with the columns that the manual gives for the version (the pages are
 * named in each file), run through the same code as those of real servers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../../src/adapters/mysql/dialect.js';
import type { ResultSet } from '../../../src/adapters/mysql/connection/link.js';
import { probeStatements, type StatementName } from '../../../src/adapters/mysql/probe/probe-statements.js';
import { type VariableName, variableGroups } from '../../../src/adapters/mysql/probe/probe-variables.js';
import { QuietWatch } from '../../../src/adapters/mysql/probe/quiet.js';
import { registeredReplicas } from '../../../src/adapters/mysql/probe/replica-rows.js';
import { type Answers, buildReport } from '../../../src/adapters/mysql/probe/report-rows.js';
import { rowsOf } from '../../../src/adapters/mysql/table.js';
import type { ServerReport } from '../../../src/core/topology/report.js';
import { flavorOf, parseVersion } from '../../../src/core/topology/version.js';

interface Recorded {
  readonly pages: readonly string[];
  readonly version: string;
  readonly versionComment: string;
  readonly answers: Readonly<Record<string, { readonly columns: string[]; readonly rows: (string | null)[][] }>>;
}

const FOLDER = new URL('recorded/', import.meta.url);
const SOURCE = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const SELF = 'b5e02fc4-2222-11ee-9e33-c80aa9429562';

function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Recorded;
}

/** What each variable would say, where the version has it. */
const VALUES: Readonly<Record<VariableName, string>> = {
  serverNumber: '2',
  readOnly: '1',
  superReadOnly: '1',
  offlineMode: '0',
  binlogFormat: 'ROW',
  binlogRowImage: 'FULL',
  gtidMode: 'ON',
  gtidExecuted: `${SOURCE}:1-9`,
  gtidPurged: '',
  now: '',
  semiSourceEnabled: '1',
  semiSourceTimeout: '10000',
  semiSourceWaitNoReplica: '1',
  semiSourceWaitCount: '1',
  semiSourceWaitPoint: 'AFTER_SYNC',
  semiReplicaEnabled: '1',
  groupName: '0f0f0f0f-0000-11ee-9e33-c80aa9429562',
  groupSinglePrimary: '1',
};

function reportOf({ version, versionComment, answers }: Recorded): ServerReport {
  const dialect = dialectOf(flavorOf(version, versionComment), parseVersion(version));
  const sets = new Map(
    Object.entries(answers).map(([name, { columns, rows }]): [StatementName, ResultSet] => [
      name as StatementName,
      { fields: columns.map((column) => ({ name: column })), rows },
    ]),
  );
  const asked = variableGroups(dialect)
    .filter(({ name }) => name !== 'group replication' || sets.has('members'))
    .flatMap(({ variables }) => variables.map(({ name }) => [name, VALUES[name]] as const));
  const given: Answers = {
    dialect,
    address: { host: 'db-2', port: 3306 },
    fixed: new Map([
      ['serverUuid', SELF],
      ['versionComment', versionComment],
      ['binlogEnabled', '1'],
      ['logReplicaUpdates', '1'],
    ]),
    variables: new Map(asked),
    sets,
    replicaAddresses: registeredReplicas(rowsOf(sets.get('replicas'))),
    blindSpots: [],
    asksForLag: false,
    replicationAccountIsKnown: false,
    nowMs: 0,
    latencyMs: 1,
  };
  return buildReport(given, new QuietWatch());
}

const NAMES = readdirSync(FOLDER).map((file) => file.replace('.json', ''));

describe.each(NAMES)('%s', (name) => {
  it('answers what it is asked, and nothing else', () => {
    const { version, versionComment, answers, pages } = recorded(name);
    const dialect = dialectOf(flavorOf(version, versionComment), parseVersion(version));
    const asked = probeStatements(dialect).map((statement) => statement.name);
    for (const statement of Object.keys(answers)) expect(asked).toContain(statement);
    expect(pages.length).toBeGreaterThan(0);
  });

  it('is reported in full', () => {
    const { facts, vitals, replicaAddresses } = reportOf(recorded(name));
    expect(facts.channels).toMatchObject([
      {
        name: '',
        source: { host: 'db-1', port: 3306 },
        sourceId: SOURCE,
        ioThread: 'running',
        sqlThread: 'running',
        autoPosition: true,
        user: 'repl',
        hasFilters: false,
        heartbeatIntervalMs: 30_000,
      },
    ]);
    expect(vitals).toMatchObject({
      uptimeSeconds: 4711,
      lagSeconds: 7,
      semiSyncClients: 1,
      binlog: { file: 'binlog.000004', position: 157 },
      channels: [
        {
          read: { file: 'binlog.000002', position: 1307 },
          executed: { file: 'binlog.000002', position: 1300 },
          retrievedGtids: `${SOURCE}:6-9`,
          quietMs: 2500,
        },
      ],
    });
    expect(facts.semiSync).toMatchObject({ sourceActive: true, replicaActive: true, waitPoint: 'after-sync' });
    expect(facts.givesReplicationAccount).toBe(true);
    expect(replicaAddresses).toMatchObject([{ host: 'db-3', port: 3306 }]);
  });
});

describe('what only some versions tell', () => {
  it('of a group: roles since 8.0, before that the primary alone', () => {
    const primary = { host: 'db-1', port: 3306 };
    expect(reportOf(recorded('mysql-5.7.44')).facts.group).toMatchObject({
      singlePrimary: true,
      state: 'ONLINE',
      role: 'SECONDARY',
      others: [primary],
      primary,
    });
    expect(reportOf(recorded('mysql-8.4.3')).facts.group).toMatchObject({
      state: 'RECOVERING',
      role: 'SECONDARY',
      primary,
    });
    expect(reportOf(recorded('mysql-8.0.36')).facts.group).toBeNull();
  });

  it('of clones, transport, flavour and the kind of semi-sync', () => {
    const [old, new80, percona] = ['mysql-8.0.21', 'mysql-8.0.36', 'percona-8.0.36'].map(
      (name) => reportOf(recorded(name)).facts,
    );
    expect(old?.clone).toEqual({ state: 'completed', donor: 'db-1:3306', error: null });
    expect(reportOf(recorded('mysql-5.7.44')).facts.clone).toBeNull();
    expect(old?.channels[0]?.transport).toMatchObject({
      caFile: '/etc/ca.pem',
      verifiesServer: true,
      tlsVersion: 'TLSv1.3',
      cipherSuites: 'TLS_AES_256_GCM_SHA384',
      getsPublicKey: true,
    });
    expect(old?.semiSync.sourcePluginIsNew).toBe(false);
    expect(new80?.semiSync).toMatchObject({ sourcePluginIsNew: true, replicaPluginIsNew: true });
    expect(percona?.flavor).toBe('Percona');
    expect(percona?.version).toMatchObject({ major: 8, minor: 0, patch: 36 });
  });
});
