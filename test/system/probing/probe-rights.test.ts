/**
 * Each right that a probe uses, taken away, on each kind of server: the rest of the report stays, the gap is named with the
 * GRANT that mends it, and that GRANT, run as it stands there, does mend it. And what `orchestrator grants` prints is enough.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantStatements, parseServerKind } from '../../../src/app/cli/grants.js';
import type { ServerReport } from '../../../src/core/topology/report.js';
import type { Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { failureIn, openEyes, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;

beforeAll(async () => {
  lab = await MySqlLab.open();
});

afterAll(async () => {
  await lab.close();
});

const WATCHER = { user: 'watcher', password: 'watch' };
const NAMED = "'watcher'@'127.0.0.1'";
const CHANNELS = 'positions and lag of replication';

/** By right, what a replica's report lacks without it; null where nothing is left of the report. */
interface Expected {
  readonly flavor: Flavor;
  readonly version: string;
  readonly rights: Readonly<Record<string, readonly string[] | null>>;
}

const KINDS: readonly Expected[] = [
  {
    flavor: 'mysql97',
    version: '9.7',
    rights: {
      'REPLICATION CLIENT ON *.*': [CHANNELS, 'the end of the binary log'],
      'REPLICATION SLAVE ON *.*': ['the replicas of this server'],
      'SELECT ON performance_schema.*': ['heartbeats of replication', 'the state of a clone'],
      'SELECT ON mysql.slave_master_info': ['the account that it replicates with'],
    },
  },
  {
    flavor: 'mysql56',
    version: '5.6',
    rights: {
      'REPLICATION CLIENT ON *.*': null,
      'REPLICATION SLAVE ON *.*': ['the replicas of this server'],
      'SELECT ON mysql.slave_master_info': ['the account that it replicates with'],
    },
  },
  {
    flavor: 'mariadb',
    version: '10.11',
    rights: {
      'REPLICA MONITOR ON *.*': null,
      'BINLOG MONITOR ON *.*': ['the end of the binary log'],
      'REPLICATION MASTER ADMIN ON *.*': ['the replicas of this server'],
    },
  },
];

async function watch({ host, port }: LabServer, account = WATCHER): Promise<ServerReport> {
  const eyes = openEyes(account);
  try {
    return reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
  } finally {
    await eyes.close();
  }
}

describe.each(KINDS)('$flavor', ({ flavor, version, rights }) => {
  let topology: Topology;
  let replica: LabServer;

  beforeAll(async () => {
    topology = await lab.topology({ flavor, replicas: 1 });
    replica = topology.replicas[0] as LabServer;
    await topology.primary.execute(`CREATE USER ${NAMED} IDENTIFIED BY 'watch'`);
    await topology.caughtUp();
  });

  async function grantAllBut(lacking: string): Promise<void> {
    const all = Object.keys(rights).filter((right) => right !== lacking);
    const grants = all.map((right) => `GRANT ${right} TO ${NAMED}`);
    await topology.primary.execute([`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${NAMED}`, ...grants].join('; '));
    await topology.caughtUp();
  }

  it('shows all of itself to an account with every right', async () => {
    await grantAllBut('nothing');
    for (const server of topology.servers) expect((await watch(server)).facts.blindSpots).toEqual([]);
    const { givesReplicationAccount } = (await watch(replica)).facts;
    expect(givesReplicationAccount).toBe(flavor !== 'mariadb');
  });

  it.each(Object.entries(rights))('without %s says what it cannot show, and what mends it', async (right, blind) => {
    await grantAllBut(right);
    const mend = `GRANT ${right} TO ${NAMED}`;
    if (blind === null) {
      const eyes = openEyes(WATCHER);
      const { host, port } = replica;
      const failure = failureIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
      await eyes.close();
      expect(failure.kind).toBe('alive');
      expect(failure.message).toContain(mend);
      expect(failure.mend).toBe(mend);
    } else {
      const { facts, vitals } = await watch(replica);
      expect(facts.blindSpots.map(({ what }) => what)).toEqual(blind);
      for (const spot of facts.blindSpots) {
        expect(spot.error).toMatch(/denied/i);
        expect(spot.mend).toBe(mend);
      }
      expect(facts.channels[0]).toMatchObject({ ioThread: 'running', sqlThread: 'running', autoPosition: true });
      expect(vitals.executedGtids).not.toBe('');
    }
    await topology.primary.execute(mend);
    await topology.caughtUp();
    expect((await watch(replica)).facts.blindSpots).toEqual([]);
  });

  it('says which rights a recovery would miss, and each statement that mends it does', async () => {
    await grantAllBut('nothing');
    const missing = (await watch(replica)).facts.missingRights ?? [];
    expect(missing.some(({ stops }) => stops === 'promotion')).toBe(true);
    await topology.primary.execute(missing.map(({ mend }) => mend).join('; '));
    await topology.caughtUp();
    expect((await watch(replica)).facts.missingRights ?? []).toEqual([]);
  });

  it('counts a right that is given back while the same node watches', async () => {
    await grantAllBut('nothing');
    const eyes = openEyes(WATCHER);
    const { host, port } = replica;
    reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
    await grantAllBut(Object.keys(rights)[0] ?? '');
    // The connection that is there keeps its rights.
    eyes.prober.release({ host, port });
    for (let probe = 0; probe < 2; probe += 1) {
      const result = await eyes.prober.probe({ host, port }, PATIENT_MS);
      if (flavor === 'mysql97') expect(reportIn(result).facts.blindSpots).not.toEqual([]);
      else expect(failureIn(result).kind).toBe('alive');
    }
    await grantAllBut('nothing');
    if (flavor !== 'mysql97') {
      expect(reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS)).facts.blindSpots).toEqual([]);
    }
    await eyes.close();
  });

  it('shows all of itself to the account that `orchestrator grants` makes', async () => {
    const kind = parseServerKind(version);
    if (!kind.ok) throw new Error(kind.error);
    const account = { user: 'granted', password: 'granted' };
    const text = grantStatements('granted', kind.value);
    // The account of the replicas is there already.
    const [own] = text.replaceAll('<password>', account.password).split('\n\n');
    const statements = (own ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('--'));
    await topology.primary.execute(statements.join(' '));
    await topology.caughtUp();
    for (const server of topology.servers) {
      const { facts, vitals } = await watch(server, account);
      expect(facts.blindSpots).toEqual([]);
      expect(facts.missingRights ?? []).toEqual([]);
      expect(vitals.binlog).not.toBeNull();
    }
  });
});
