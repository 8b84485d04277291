// Whatever moves a replica, it goes on with the options that somebody gave it: how it connects, how patiently, how late, with
// which account. Seen in what the server says of itself before and after, and in its general log.
import { describe, expect, it } from 'vitest';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import type { LabServer, Row } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();

interface Dialect {
  readonly stop: string;
  readonly change: string;
  readonly start: string;
  /** The part of it that a server takes over from another; MariaDB does not tell. */
  readonly handedOn: string;
  /** Every option that there is, but for where the source is and how far it was read. */
  readonly kept: string;
  /** Columns of that which a move is there to change. */
  readonly moves: RegExp;
  /** What a CHANGE of a move may say at most. */
  readonly says: RegExp;
}

const DIALECTS: Readonly<Record<'mysql97' | 'mysql56' | 'mariadb', Dialect>> = {
  mysql97: {
    stop: 'STOP REPLICA',
    change:
      'CHANGE REPLICATION SOURCE TO SOURCE_DELAY=1, SOURCE_CONNECT_RETRY=7, SOURCE_RETRY_COUNT=77, SOURCE_HEARTBEAT_PERIOD=3.5, ' +
      "SOURCE_BIND='127.0.0.1', SOURCE_SSL=1, SOURCE_TLS_VERSION='TLSv1.3', SOURCE_TLS_CIPHERSUITES='TLS_AES_256_GCM_SHA384', " +
      "SOURCE_SSL_CIPHER='ECDHE-RSA-AES128-GCM-SHA256', SOURCE_COMPRESSION_ALGORITHMS='zstd,uncompressed', " +
      'SOURCE_ZSTD_COMPRESSION_LEVEL=7, GET_SOURCE_PUBLIC_KEY=1, REQUIRE_ROW_FORMAT=1, ' +
      'REQUIRE_TABLE_PRIMARY_KEY_CHECK=ON',
    start: 'START REPLICA',
    handedOn:
      'CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY=7, SOURCE_RETRY_COUNT=77, SOURCE_HEARTBEAT_PERIOD=3.5, SOURCE_SSL=1, ' +
      "SOURCE_TLS_VERSION='TLSv1.3', SOURCE_TLS_CIPHERSUITES='TLS_AES_256_GCM_SHA384', " +
      "SOURCE_COMPRESSION_ALGORITHMS='zstd,uncompressed', SOURCE_ZSTD_COMPRESSION_LEVEL=7",
    kept:
      'SELECT m.*, a.DESIRED_DELAY, a.REQUIRE_ROW_FORMAT, a.REQUIRE_TABLE_PRIMARY_KEY_CHECK, a.PRIVILEGE_CHECKS_USER ' +
      'FROM mysql.slave_master_info m JOIN performance_schema.replication_applier_configuration a ' +
      'ON a.CHANNEL_NAME = m.Channel_name',
    moves: /^(?:Host|Port|Master_log_name|Master_log_pos|Uuid)$/,
    says: /^(?:SOURCE_HOST|SOURCE_PORT|SOURCE_HEARTBEAT_PERIOD)$/,
  },
  mysql56: {
    stop: 'STOP SLAVE',
    change:
      'CHANGE MASTER TO MASTER_DELAY=1, MASTER_CONNECT_RETRY=7, MASTER_RETRY_COUNT=77, MASTER_HEARTBEAT_PERIOD=3.5, ' +
      "MASTER_BIND='127.0.0.1', MASTER_SSL_CA='/nowhere/ca.pem', MASTER_SSL_CIPHER='AES128-SHA', IGNORE_SERVER_IDS=(99)",
    start: 'START SLAVE',
    handedOn:
      'CHANGE MASTER TO MASTER_CONNECT_RETRY=7, MASTER_RETRY_COUNT=77, MASTER_HEARTBEAT_PERIOD=3.5, ' +
      "MASTER_SSL_CA='/nowhere/ca.pem', MASTER_SSL_CIPHER='AES128-SHA'",
    kept: 'SELECT m.*, r.Sql_delay FROM mysql.slave_master_info m JOIN mysql.slave_relay_log_info r',
    moves: /^(?:Host|Port|Master_log_name|Master_log_pos|Uuid)$/,
    says: /^(?:MASTER_HOST|MASTER_PORT|MASTER_HEARTBEAT_PERIOD|MASTER_AUTO_POSITION)$/,
  },
  mariadb: {
    stop: 'STOP SLAVE',
    change:
      'CHANGE MASTER TO MASTER_DELAY=1, MASTER_CONNECT_RETRY=7, MASTER_HEARTBEAT_PERIOD=3.5, ' +
      "MASTER_SSL_CIPHER='AES128-SHA', MASTER_SSL_CRLPATH='/nowhere', IGNORE_SERVER_IDS=(99)",
    start: 'START SLAVE',
    handedOn: 'CHANGE MASTER TO MASTER_CONNECT_RETRY=7',
    kept: 'SHOW ALL SLAVES STATUS',
    // The rest of the status tells how it goes on, and not how it was told to.
    moves:
      /^(?!Master_User|Connect_Retry|Master_SSL|Using_Gtid|SQL_Delay|Replicate_|Slave_heartbeat_period|Parallel_Mode)/,
    says: /^(?:MASTER_HOST|MASTER_PORT|MASTER_HEARTBEAT_PERIOD|MASTER_USE_GTID)$/,
  },
};

/** The destination: one of the others, or none. Before each the replica stands where the one before left it. */
const MOVES: readonly (readonly [MoveCommand, 'one' | 'other' | 'primary', ('other' | 'primary')?])[] = [
  ['relocate', 'one', 'other'],
  ['move-up', 'one'],
  ['move-below', 'one', 'other'],
  ['move-gtid', 'one', 'primary'],
  ['repoint', 'one'],
  ['detach-replica', 'one'],
  ['reattach-replica', 'one'],
  ['relocate-replicas', 'primary', 'other'],
  ['move-up-replicas', 'other'],
  ['take-siblings', 'other'],
  ['take-master', 'one'],
  ['move-up', 'other'],
  ['repoint-replicas', 'primary'],
  ['regroup-replicas', 'primary'],
];

async function optionsOf(server: LabServer, { kept, moves }: Dialect): Promise<Row> {
  const [row = {}] = await server.query(kept);
  return Object.fromEntries(Object.entries(row).filter(([name]) => !moves.test(name)));
}

/** The options that CHANGE statements named, as the server logged them. */
async function namedIn(server: LabServer): Promise<readonly string[]> {
  const rows = await server.query<{ said: string }>(
    "SELECT CONVERT(argument USING utf8) AS said FROM mysql.general_log WHERE argument LIKE '%CHANGE %' " +
      "AND argument LIKE '%\\_HOST%' AND argument NOT LIKE '%general\\_log%'",
  );
  return rows.flatMap(({ said }) => [...said.matchAll(/\b([A-Z][A-Z_]+)\s*=/g)].map(([, name = '']) => name));
}

/** What its mover asked it, from the statement that stopped its fetching to the one that started it, when it was first moved. */
async function askedWhileStopped(server: LabServer): Promise<readonly string[]> {
  const rows = await server.query<{ said: string; thread_id: number }>(
    "SELECT CONVERT(argument USING utf8) AS said, thread_id FROM mysql.general_log WHERE command_type = 'Query'",
  );
  const stop = rows.findIndex(({ said }) => /^STOP \w+ IO_THREAD/.test(said));
  const own = rows.slice(stop).filter((row) => row.thread_id === rows[stop]?.thread_id);
  const start = own.findIndex(({ said }) => /^START /.test(said));
  return own.slice(0, start + 1).map(({ said }) => said);
}

/** Nothing hangs on when these are asked, or they are not needed where nothing was left to apply. */
const NEEDLESS = /SET GLOBAL read_only|PROCESSLIST|UNLOCK TABLES|BINLOG EVENTS/;

describe.each([
  ['MySQL 9.7', 'mysql97'],
  ['MySQL 5.6', 'mysql56'],
  ['MariaDB', 'mariadb'],
] as const)('on %s', (_name, flavor) => {
  const dialect = DIALECTS[flavor];

  async function setUp(): Promise<{ readonly topology: Topology; readonly nodes: LabNodes }> {
    const topology = await stage.topology({ flavor, replicas: 3 }, 'CREATE DATABASE shop');
    const [one] = replicasOf(topology, 1);
    await one.execute(`${dialect.stop}; ${dialect.change}; ${dialect.start}`);
    await one.waitForReplication();
    await one.execute("SET GLOBAL log_output='TABLE', GLOBAL general_log=ON");
    return { topology, nodes: await stage.nodes(topology.servers) };
  }

  it('every option survives every move, and a takeover', async () => {
    const { topology, nodes } = await setUp();
    const [one, other] = replicasOf(topology, 2);
    const { primary } = topology;
    const places = { one, other, primary };
    const before = await optionsOf(one, dialect);
    expect(JSON.stringify(before)).toMatch(/\b7\b.*3\.5/);
    for (const [command, server, to] of MOVES) {
      await nodes.observe();
      const answer = await nodes.driver.moves.ask({
        command,
        clusterId: nodes.cluster(),
        server: nodes.idOf(places[server]),
        destination: to === undefined ? null : nodes.idOf(places[to]),
        pattern: null,
        requestedBy: 'test',
      });
      const done = { ok: true, value: { verdict: { kind: 'succeeded' }, lost: [] } };
      expect(answer, `${command}\n${nodes.lines.join('\n')}`).toMatchObject(done);
      expect(await optionsOf(one, dialect), command).toEqual(before);
    }
    // MariaDB logs what is sent together as one.
    const asked = flavor === 'mariadb' ? [dialect.start] : await askedWhileStopped(one);
    expect(asked.at(-1)).toMatch(/^START/);
    expect(asked.filter((said) => NEEDLESS.test(said))).toEqual([]);
    await nodes.observe();
    // How the new primary had followed the old one is how that one follows it, but for what is its own affair.
    await other.execute(`${dialect.stop}; ${dialect.handedOn}; ${dialect.start}`);
    await other.waitForReplication();
    await nodes.observe();
    const followed = await optionsOf(other, dialect);
    expect(await nodes.takeover(other)).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'succeeded' }, lost: [] },
    });
    expect(await one.replicaStatus()).toMatchObject({ sourcePort: other.port });
    expect(await optionsOf(one, dialect), 'takeover').toEqual(before);
    if (flavor !== 'mariadb') expect(await optionsOf(primary, dialect)).toEqual(followed);
    const said = await namedIn(one);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((name) => !dialect.says.test(name))).toEqual([]);
  });
});
