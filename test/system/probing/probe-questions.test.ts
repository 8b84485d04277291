/** The operator's own queries on a real server: answered, refused, hanging; whatever becomes of them, the report stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import { NO_QUESTIONS, type Questions } from '../../../src/adapters/mysql/probe/questions.js';
import { NOTHING_DETECTED, type ServerReport } from '../../../src/core/topology/report.js';
import { monotonicNowMs } from '../../../src/runtime/ports/clock.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { openEyes, PATIENT_LIMITS, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;
let topology: Topology;
let replica: LabServer;

beforeAll(async () => {
  lab = await MySqlLab.open();
  topology = await lab.topology({ replicas: 1 });
  replica = topology.replicas[0] as LabServer;
  await topology.primary.execute(
    'CREATE DATABASE meta; CREATE TABLE meta.layout (alias VARCHAR(20), dc VARCHAR(20), behind INT); ' +
      "INSERT INTO meta.layout VALUES ('shop', 'east', 42); GRANT SELECT, LOCK TABLES ON meta.* TO 'orchestrator'@'%'",
  );
  await topology.caughtUp();
});

afterAll(async () => {
  await lab.close();
});

function questions(lag: string, detect: Partial<Questions['detect']>): Questions {
  return { ...NO_QUESTIONS, lag, detect: { ...NO_QUESTIONS.detect, ...detect } };
}

interface Asked {
  look(timeoutMs?: number): Promise<ServerReport>;
  ahead(milliseconds: number): void;
  close(): Promise<void>;
}

function ask(asked: Questions): Asked {
  const eyes = openEyes();
  let aheadMs = 0;
  const prober = new MysqlProber(
    eyes.connector,
    PATIENT_LIMITS,
    () => monotonicNowMs() + aheadMs,
    () => asked,
  );
  const { host, port } = replica;
  return {
    look: async (timeoutMs = PATIENT_MS) => reportIn(await prober.probe({ host, port }, timeoutMs)),
    ahead: (milliseconds) => {
      aheadMs += milliseconds;
    },
    close: async () => {
      await prober.close();
      await eyes.close();
    },
  };
}

describe('questions of the operator', () => {
  it('are answered with the first column of the first row', async () => {
    const asked = ask(
      questions('SELECT behind FROM meta.layout -- seconds', {
        clusterAlias: 'SELECT alias FROM meta.layout',
        dataCenter: 'SELECT dc FROM meta.layout # where it stands',
        region: 'SELECT alias FROM meta.layout WHERE 0',
        environment: 'SELECT NULL',
        semiSyncEnforced: 'SELECT 2',
        promotionRule: "SELECT 'prefer'",
      }),
    );
    const { detected, vitals, facts } = await asked.look();
    expect(detected).toEqual({
      ...NOTHING_DETECTED,
      clusterAlias: 'shop',
      dataCenter: 'east',
      semiSyncEnforced: 2,
      promotionRule: 'prefer',
    });
    expect(vitals.lagSeconds).toBe(42);
    expect(facts.blindSpots).toEqual([]);
    // The next one asks for the lag alone, and still knows the rest.
    expect((await asked.look()).detected).toEqual(detected);
    await asked.close();
  });

  it('that fail are named, each by itself, and cost nothing else', async () => {
    const asked = ask(
      questions('SELECT behind FROM meta.nowhere', { clusterAlias: 'SELEC', dataCenter: 'SELECT dc FROM meta.layout' }),
    );
    const { detected, vitals, facts } = await asked.look();
    expect(detected).toEqual({ ...NOTHING_DETECTED, dataCenter: 'east' });
    // The server's own word stands in for a query that fails.
    expect(vitals.lagSeconds).toBe(vitals.channels[0]?.secondsBehind);
    expect(vitals.lagSeconds).not.toBeNull();
    expect(facts.blindSpots.map(({ what, mend }) => [what, mend])).toEqual(
      ['ReplicationLagQuery', 'DetectClusterAliasQuery'].map((key) => [
        `the answer of ${key}`,
        `correct ${key}, or give the account the right to read what it reads`,
      ]),
    );
    await asked.close();
  });

  it('about lag that answer with a text are named, and with NULL say that it is unknown', async () => {
    const worded = ask(questions("SELECT 'late'", {}));
    const { vitals, facts } = await worded.look();
    expect(vitals.lagSeconds).toBe(vitals.channels[0]?.secondsBehind);
    expect(facts.blindSpots).toMatchObject([{ what: 'the answer of ReplicationLagQuery' }]);
    await worded.close();
    const unknown = ask(questions('SELECT NULL', {}));
    expect(await unknown.look()).toMatchObject({ vitals: { lagSeconds: null }, facts: { blindSpots: [] } });
    await unknown.close();
  });

  it('that wait for a locked table do not take the time of the probe, and wait ever longer for their next turn', async () => {
    const asked = ask(questions('SELECT behind FROM meta.layout', { region: 'SELECT dc FROM meta.layout' }));
    expect((await asked.look()).vitals.lagSeconds).toBe(42);
    const holder = await replica.connect();
    const blind = [{ what: 'the answer of ReplicationLagQuery' }];
    const blindAfter = async (aheadMs: number): Promise<unknown> => {
      asked.ahead(aheadMs);
      return (await asked.look()).facts.blindSpots;
    };
    try {
      await holder.query('LOCK TABLES meta.layout WRITE');
      const startedMs = monotonicNowMs();
      const { facts, vitals } = await asked.look();
      // No limit on speed: far less than what the probe was allowed.
      expect(monotonicNowMs() - startedMs).toBeLessThan(PATIENT_MS / 2);
      expect(facts.channels).toHaveLength(1);
      expect(facts.blindSpots).toMatchObject(blind);
      expect(vitals.lagSeconds).toBe(vitals.channels[0]?.secondsBehind);
      // Asked again after a minute, over a connection of its own; it hangs again.
      expect(await blindAfter(61_000)).toMatchObject(blind);
      await holder.query('UNLOCK TABLES');
      expect(await blindAfter(61_000)).toMatchObject(blind);
      await blindAfter(61_000);
      await asked.look();
      expect(await asked.look()).toMatchObject({ vitals: { lagSeconds: 42 }, facts: { blindSpots: [] } });
    } finally {
      await holder.end();
      await asked.close();
    }
  });

  it('are asked again in time, and the last good answer stands meanwhile', async () => {
    const asked = ask(questions('', { instanceAlias: 'SELECT alias FROM meta.moving' }));
    expect((await asked.look()).facts.blindSpots).toHaveLength(1);
    await topology.primary.execute("CREATE TABLE meta.moving SELECT 'one' AS alias");
    await topology.caughtUp();
    asked.ahead(61_000);
    await asked.look();
    expect(await asked.look()).toMatchObject({ detected: { instanceAlias: 'one' }, facts: { blindSpots: [] } });
    await topology.primary.execute('DROP TABLE meta.moving');
    await topology.caughtUp();
    asked.ahead(11_000);
    const { detected, facts } = await asked.look();
    expect(detected.instanceAlias).toBe('one');
    expect(facts.blindSpots).toHaveLength(1);
    await asked.close();
  });

  it('that hang are given up when the rest is there, and not asked again at once', async () => {
    const asked = ask(questions('', { region: 'SELECT SLEEP(600)', dataCenter: 'SELECT dc FROM meta.layout' }));
    const first = await asked.look(10_000);
    expect(first.detected).toMatchObject({ region: null });
    expect(first.facts.channels).toHaveLength(1);
    expect(first.facts.blindSpots).toMatchObject([{ what: 'the answer of DetectRegionQuery' }]);
    // Over a new connection, without the one that hung.
    const second = await asked.look(PATIENT_MS);
    expect(second.detected).toMatchObject({ region: null, dataCenter: 'east' });
    expect(second.facts.blindSpots).toMatchObject([{ what: 'the answer of DetectRegionQuery' }]);
    await asked.close();
  });

  it('with several results are not taken for each other', async () => {
    await topology.primary.execute('CREATE PROCEDURE meta.two() BEGIN SELECT 1; SELECT 2; END');
    await topology.primary.execute("GRANT EXECUTE ON meta.* TO 'orchestrator'@'%'");
    await topology.caughtUp();
    const asked = ask(questions('', { clusterDomain: 'CALL meta.two()', dataCenter: 'SELECT dc FROM meta.layout' }));
    const { detected, facts } = await asked.look();
    expect(detected).toMatchObject({ dataCenter: null, clusterDomain: null });
    expect(facts.blindSpots).toHaveLength(1);
    asked.ahead(11_000);
    expect((await asked.look()).detected).toMatchObject({ dataCenter: 'east', clusterDomain: null });
    await asked.close();
  });

  it('and the lifetime of a connection: it is replaced when it is over', async () => {
    const asked = ask({ ...NO_QUESTIONS, connectionLifetimeMs: 30_000 });
    const connections = "SELECT ID AS id FROM performance_schema.processlist WHERE USER = 'orchestrator' ORDER BY ID";
    await asked.look();
    // Those of the tests before were hung up, which the server hears in its own time.
    await expect.poll(() => replica.query(connections)).toHaveLength(1);
    const before = await replica.query(connections);
    await asked.look();
    expect(await replica.query(connections)).toEqual(before);
    asked.ahead(31_000);
    await asked.look();
    await expect.poll(() => replica.query(connections)).toHaveLength(1);
    expect(await replica.query(connections)).not.toEqual(before);
    await asked.close();
  });
});
