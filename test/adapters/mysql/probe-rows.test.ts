import { describe, expect, it } from 'vitest';
import { channelsOf } from '../../../src/adapters/mysql/probe/channel-rows.js';
import { type Dialect, dialectOf } from '../../../src/adapters/mysql/dialect.js';
import { grantFor } from '../../../src/adapters/mysql/privileges.js';
import { probeStatements } from '../../../src/adapters/mysql/probe/probe-statements.js';
import { fixedStatement, variableGroups } from '../../../src/adapters/mysql/probe/probe-variables.js';
import { QuietWatch } from '../../../src/adapters/mysql/probe/quiet.js';
import { locateReplicas, registeredReplicas } from '../../../src/adapters/mysql/probe/replica-rows.js';
import { type Answers, buildReport as build } from '../../../src/adapters/mysql/probe/report-rows.js';
import { isOn } from '../../../src/adapters/mysql/table.js';
import { PLAIN_TRANSPORT } from '../../../src/core/topology/server.js';
import { flavorOf, parseVersion } from '../../../src/core/topology/version.js';
import { answer, CONNECTION, MARIADB_STATUS, MODERN_STATUS, OLD_STATUS, rows } from './answers.js';

const speak = (text: string): Dialect => dialectOf(flavorOf(text, ''), parseVersion(text));

const buildReport = (answers: Answers): ReturnType<typeof build> => build(answers, new QuietWatch());

const UUID = '99ec6843-e6d6-11f1-892d-02fc00000001';

describe('channels', () => {
  it('of 8.4 and later', () => {
    const [read] = channelsOf(speak('9.7.0'), rows(MODERN_STATUS), rows(CONNECTION));
    expect(read).toEqual({
      heartbeats: '',
      channel: {
        name: '',
        source: { host: '127.0.0.1', port: 21100 },
        sourceId: UUID,
        ioThread: 'running',
        sqlThread: 'running',
        ioError: null,
        sqlError: null,
        autoPosition: true,
        user: 'repl',
        delaySeconds: 0,
        tls: true,
        hasFilters: false,
        heartbeatIntervalMs: 1000,
        transport: PLAIN_TRANSPORT,
      },
      vitals: {
        name: '',
        read: { file: 'binlog.000001', position: 2870 },
        executed: { file: 'binlog.000001', position: 2860 },
        relay: { file: 'relay.000002', position: 3081 },
        retrievedGtids: `${UUID}:1-10,99ec6843-e6d6-11f1-892d-02fc00000002:1`,
        secondsBehind: 3,
        quietMs: 1724,
      },
    });
  });

  it('of 5.7, in trouble', () => {
    const [read] = channelsOf(speak('5.7.44'), rows(OLD_STATUS), null);
    expect(read?.channel).toEqual({
      name: '',
      source: { host: 'db-1', port: 3306 },
      sourceId: null,
      ioThread: 'connecting',
      sqlThread: 'stopped',
      ioError: { number: 2003, text: "error connecting to master 'repl@db-1:3306'" },
      sqlError: { number: 1062, text: 'Duplicate entry' },
      autoPosition: false,
      user: 'repl',
      delaySeconds: 3600,
      tls: false,
      hasFilters: true,
      heartbeatIntervalMs: null,
      transport: PLAIN_TRANSPORT,
    });
    expect(read?.vitals).toMatchObject({
      read: { file: 'bin.000009', position: 4 },
      executed: { file: 'bin.000008', position: 77 },
      secondsBehind: null,
      quietMs: null,
    });
  });

  it('of MariaDB, by the name of the connection', () => {
    const [read] = channelsOf(speak('10.11.6-MariaDB'), rows(MARIADB_STATUS), null);
    expect(read?.channel).toMatchObject({
      name: 'east',
      ioThread: 'connecting',
      sqlThread: 'running',
      autoPosition: true,
      sourceId: null,
      heartbeatIntervalMs: 1500,
    });
    expect(read?.vitals.retrievedGtids).toBe('0-21300-8');
    const without = channelsOf(speak('10.11.6-MariaDB'), rows({ ...MARIADB_STATUS, Using_Gtid: 'No' }), null);
    expect(without[0]?.channel.autoPosition).toBe(false);
  });

  it('are seen in performance_schema where replica status is not allowed', () => {
    const [read] = channelsOf(speak('9.7.0'), null, rows(CONNECTION));
    expect(read?.channel).toEqual({
      name: '',
      source: { host: '127.0.0.1', port: 21100 },
      sourceId: UUID,
      ioThread: 'connecting',
      sqlThread: 'running',
      ioError: { number: 2003, text: 'Error connecting. Message: no' },
      sqlError: null,
      autoPosition: true,
      user: 'repl',
      delaySeconds: 5,
      tls: true,
      hasFilters: false,
      heartbeatIntervalMs: 1000,
      transport: PLAIN_TRANSPORT,
    });
    expect(read?.vitals).toMatchObject({ read: null, secondsBehind: null, retrievedGtids: 'x:1,y:2', quietMs: 1724 });
  });

  it('are not made of what replicates from nobody', () => {
    expect(channelsOf(speak('9.7.0'), [], null)).toEqual([]);
    expect(channelsOf(speak('9.7.0'), rows({ ...MODERN_STATUS, Source_Host: '' }), null)).toEqual([]);
    const group = { ...CONNECTION, channel: 'group_replication_applier', host: '' };
    expect(channelsOf(speak('9.7.0'), null, rows(group))).toEqual([]);
  });

  it('take a time that lies ahead, after a clock was set back, for now', () => {
    const ahead = rows({ ...CONNECTION, quiet: '-5000000' });
    expect(channelsOf(speak('9.7.0'), rows(MODERN_STATUS), ahead)[0]?.vitals.quietMs).toBe(0);
    const never = rows({ ...CONNECTION, quiet: null });
    expect(channelsOf(speak('9.7.0'), rows(MODERN_STATUS), never)[0]?.vitals.quietMs).toBeNull();
    const negative = rows({ ...MODERN_STATUS, Seconds_Behind_Source: '-2' });
    expect(channelsOf(speak('9.7.0'), negative, null)[0]?.vitals.secondsBehind).toBe(0);
  });
});

describe('replicas of a server', () => {
  const one = { host: 'r1', port: 3306, uuid: 'u1' };
  const nameless = { host: '', port: 3307, uuid: 'u2' };

  it('are those with a port and, where there are any, a uuid', () => {
    const modern = { Server_Id: 2, Host: 'r1', Port: 3306, Source_Id: 1, Replica_UUID: 'u1' };
    expect(registeredReplicas(rows(modern))).toEqual([one]);
    const consumer = { ...modern, Replica_UUID: '' };
    const portless = { ...modern, Port: 0 };
    expect(registeredReplicas(rows(consumer, portless))).toEqual([]);
    const old = { Server_id: 2, Host: 'r1', Port: 3306, Master_id: 1, Slave_UUID: 'u1' };
    expect(registeredReplicas(rows(old))).toEqual([one]);
    const mariadb = { Server_id: 2, Host: 'r1', Port: 3306, Master_id: 1 };
    expect(registeredReplicas(rows(mariadb))).toEqual([{ ...one, uuid: '' }]);
  });

  it('answer at report_host, else where their dump thread comes from', () => {
    const threads = [
      { host: 'elsewhere', uuid: 'u1' },
      { host: '10.0.0.7', uuid: 'u2' },
    ];
    expect(locateReplicas([one, nameless], threads, 'p')).toEqual({
      addresses: [
        { host: '10.0.0.7', port: 3307 },
        { host: 'r1', port: 3306 },
      ],
      lostPorts: [],
    });
  });

  it('are never guessed at', () => {
    const other = [{ host: '10.0.0.7', uuid: 'u9' }];
    expect(locateReplicas([nameless], other, 'p')).toEqual({ addresses: [], lostPorts: [3307] });
    const two = ['10.0.0.7', '10.0.0.8'].map((host) => ({ host, uuid: '' }));
    expect(locateReplicas([{ ...nameless, uuid: '' }], two, 'p').lostPorts).toEqual([3307]);
    expect(locateReplicas([nameless], [], 'p').lostPorts).toEqual([3307]);
  });

  it('without uuids are found when all dump threads come from one host', () => {
    const same = [1, 2].map(() => ({ host: '10.0.0.7', uuid: '' }));
    expect(locateReplicas([{ ...nameless, uuid: '' }], same, 'p').addresses).toEqual([
      { host: '10.0.0.7', port: 3307 },
    ]);
  });

  it('that come over loopback stand beside the server that was asked', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1']) {
      expect(locateReplicas([nameless], [{ host, uuid: 'u2' }], 'db-1').addresses).toEqual([
        { host: 'db-1', port: 3307 },
      ]);
    }
  });
});

describe('a report', () => {
  const answers = (changes: Partial<Answers> = {}): Answers => ({
    dialect: speak('9.7.0'),
    address: { host: 'db-1', port: 3306 },
    fixed: new Map([
      ['serverUuid', UUID],
      ['hostname', 'vm'],
      ['port', '3306'],
      ['versionComment', 'Percona Server (GPL)'],
      ['binlogEnabled', '1'],
      ['logReplicaUpdates', '0'],
    ]),
    variables: new Map([
      ['serverNumber', '7'],
      ['readOnly', '1'],
      ['superReadOnly', '0'],
      ['gtidMode', 'ON'],
      ['gtidExecuted', 'x:1-5,\ny:3'],
    ]),
    sets: new Map(),
    replicaAddresses: [],
    blindSpots: [],
    asksForLag: false,
    replicationAccountIsKnown: false,
    nowMs: 0,
    latencyMs: 2,
    ...changes,
  });

  it('is made of whatever was answered', () => {
    const { id, facts, vitals } = buildReport(answers());
    expect(id).toBe(UUID);
    expect(facts).toMatchObject({
      serverNumber: 7,
      flavor: 'Percona',
      readOnly: true,
      superReadOnly: false,
      binlogEnabled: true,
      logReplicaUpdates: false,
      gtidMode: 'ON',
      channels: [],
    });
    expect(facts.semiSync).toMatchObject({ sourceAvailable: false, waitCount: 0, waitPoint: 'unknown' });
    expect(vitals).toMatchObject({ executedGtids: 'x:1-5,y:3', binlog: null, lagSeconds: 0, uptimeSeconds: 0 });
  });

  it('has the lag of the main channel, and null while it is unknown', () => {
    const lag = (status: object): number | null =>
      buildReport(answers({ sets: new Map([['replica-status', answer({ ...MODERN_STATUS, ...status })]]) })).vitals
        .lagSeconds;
    expect(lag({})).toBe(3);
    expect(lag({ Seconds_Behind_Source: null })).toBeNull();
  });

  it('identifies a server without uuid by host, port and number', () => {
    const fixed = new Map([...answers().fixed, ['serverUuid', ''] as const]);
    expect(buildReport(answers({ fixed, dialect: speak('10.11.6-MariaDB') })).id).toBe('mariadb-vm-3306-7');
  });

  it('reads semi-sync in the words of any version', () => {
    const semiSync = (variables: [string, string][], status: [string, string][]): unknown =>
      buildReport(
        answers({
          variables: new Map([...answers().variables, ...variables] as never),
          sets: new Map([['status', answer(...status.map(([Variable_name, Value]) => ({ Variable_name, Value })))]]),
        }),
      ).facts.semiSync;
    const modern: [string, string][] = [
      ['semiSourceEnabled', '1'],
      ['semiSourceTimeout', '1000000000000000000'],
      ['semiSourceWaitNoReplica', '1'],
      ['semiSourceWaitCount', '2'],
      ['semiSourceWaitPoint', 'AFTER_SYNC'],
      ['semiReplicaEnabled', '0'],
    ];
    expect(semiSync(modern, [['Rpl_semi_sync_source_status', 'ON']])).toEqual({
      sourceAvailable: true,
      replicaAvailable: true,
      sourceEnabled: true,
      replicaEnabled: false,
      sourceActive: true,
      replicaActive: false,
      timeoutMs: 1e18,
      waitCount: 2,
      waitNoReplica: true,
      waitPoint: 'after-sync',
      sourcePluginIsNew: true,
      replicaPluginIsNew: false,
    });
    const oldest: [string, string][] = [
      ['semiSourceEnabled', '1'],
      ['semiSourceTimeout', '10000'],
      ['semiSourceWaitNoReplica', '0'],
    ];
    expect(semiSync(oldest, [['Rpl_semi_sync_slave_status', 'ON']])).toMatchObject({
      sourceActive: false,
      replicaActive: true,
      waitCount: 1,
      waitPoint: 'after-commit',
    });
  });

  it('knows the levels of read_only of MariaDB', () => {
    const levels = (text: string): [boolean, boolean] => {
      const variables = new Map([...answers().variables, ['readOnly', text] as const]);
      const { facts } = buildReport(answers({ variables }));
      return [facts.readOnly, facts.superReadOnly];
    };
    expect(levels('OFF')).toEqual([false, false]);
    expect(levels('0')).toEqual([false, false]);
    expect(levels('ON')).toEqual([true, false]);
    expect(levels('NO_LOCK')).toEqual([true, false]);
    expect(levels('NO_LOCK_NO_ADMIN')).toEqual([true, true]);
  });
});

describe('the questions of a probe', () => {
  const text = (version: string): string => {
    const dialect = speak(version);
    const variables = variableGroups(dialect).flatMap((group) => group.variables.map(({ expression }) => expression));
    return [fixedStatement(dialect), ...variables, ...probeStatements(dialect).map(({ sql }) => sql)].join('\n');
  };

  it('use no word that the version does not know', () => {
    expect(text('9.7.0')).not.toMatch(/@@global\.\w*(slave|master)|SHOW (SLAVE|MASTER)/);
    expect(text('8.0.11')).not.toMatch(/@@global\.(rpl|log)\w*(replica|source)|SHOW (REPLICA|BINARY)/);
    expect(text('5.6.24')).not.toMatch(/super_read_only|offline_mode|performance_schema|wait_point/);
    expect(text('10.11.6-MariaDB')).not.toMatch(
      /server_uuid|gtid_mode|gtid_executed|super_read_only|performance_schema/,
    );
  });

  it('say which right each needs, in the words of the flavour', () => {
    const grants = (version: string): (string | null)[] => {
      const dialect = speak(version);
      return probeStatements(dialect).map(({ right }) => (right === null ? null : grantFor(dialect, right)));
    };
    const schema = 'SELECT ON performance_schema.*';
    const account = 'SELECT ON mysql.slave_master_info';
    const old = [null, 'REPLICATION CLIENT ON *.*', 'REPLICATION CLIENT ON *.*', 'REPLICATION SLAVE ON *.*', null];
    expect(grants('9.7.0')).toEqual([...old, schema, schema, schema, account]);
    expect(grants('5.7.44')).toEqual([...old, schema, schema, account]);
    expect(grants('5.6.24')).toEqual([...old, account]);
    expect(grants('10.11.6-MariaDB')).toEqual([
      null,
      'REPLICA MONITOR ON *.*',
      'BINLOG MONITOR ON *.*',
      'REPLICATION MASTER ADMIN ON *.*',
      null,
    ]);
    expect(grants('10.5.4-MariaDB')[1]).toBe('REPLICATION SLAVE ADMIN ON *.*');
    expect(grants('10.4.1-MariaDB')).toEqual(old);
  });
});

describe('words for yes', () => {
  it('are as many as there are versions', () => {
    for (const yes of ['ON', 'on', 'Yes', '1', 'TRUE']) expect(isOn(yes)).toBe(true);
    for (const no of ['OFF', 'No', '0', '', 'Connecting', 'ON_PERMISSIVE']) expect(isOn(no)).toBe(false);
  });
});
