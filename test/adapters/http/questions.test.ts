// Reads that weigh something up, or ask a server: who speaks for a cluster, who could follow whom, what was wrong since when.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/core/analysis/problem.js';
import { channelTo, serverId } from '../../support/facts.js';
import { FIRST, MAIN, replicaVitals, SECOND, seen, vitalsOf } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const key = (host: string): object => ({ Hostname: host, Port: 3306 });

async function hosts(url: string): Promise<readonly string[]> {
  const { body } = await fixture.get(url);
  return (body as { Key: { Hostname: string } }[]).map(({ Key }) => Key.Hostname);
}

describe('control replicas', () => {
  it.each(['cluster-osc-replicas', 'cluster-osc-slaves'])('are listed by %s', async (route) => {
    expect(await hosts(`/api/${route}/main:3306`)).toEqual(['read-replica-1', 'read-replica-2']);
    fixture.service.hidden = 'read-replica-1';
    expect(await hosts(`/api/${route}/main:3306`)).toEqual(['read-replica-2']);
  });

  it('tell how far their cluster lags', async () => {
    fixture.service.see('read-replica-2', replicaVitals({ lagSeconds: 7 }));
    expect((await fixture.get('/api/v1/cluster-heuristic-lag/main:3306')).body).toMatchObject({
      Code: 'OK',
      Details: 7,
    });
    fixture.service.see('read-replica-1', null, { valid: false });
    fixture.service.see('read-replica-2', null, { valid: false });
    expect((await fixture.get('/api/v1/cluster-heuristic-lag/main:3306')).status).toBe(500);
  });

  it('are for gh-ost those that log rows', async () => {
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', { id: MAIN, host: 'main' }, { binlogFormat: 'MIXED' })],
    });
    expect(await hosts('/api/v1/cluster-gh-ost-replicas/main:3306')).toEqual(['read-replica-2']);
  });
});

describe('can-replicate-from', () => {
  const url = (from: string, gtid = ''): string => `/api/can-replicate-from${gtid}/read-replica-1/3306/${from}/3306`;

  beforeEach(() => {
    for (const [number, id, host] of [
      [2, FIRST, 'read-replica-1'],
      [3, SECOND, 'read-replica-2'],
    ] as const) {
      const channels = [channelTo('main', { sourceId: serverId(MAIN) })];
      fixture.service.fed.feed({
        kind: 'topology-observed',
        servers: [seen(id, host, null, { channels, serverNumber: number })],
      });
    }
  });

  it('says true with the key of the other, or an error with the reason', async () => {
    expect((await fixture.get(url('main'))).body).toEqual({ Code: 'OK', Message: 'true', Details: key('main') });
    const no = await fixture.get(url('read-replica-1'));
    expect(no.status).toBe(500);
    expect(no.body).toMatchObject({ Code: 'ERROR', Details: key('read-replica-1') });
    expect((no.body as { Message: string }).Message).toContain('cannot replicate from itself');
    expect((await fixture.get(url('nobody'))).status).toBe(500);
  });

  it('looks at what was purged, by GTID', async () => {
    expect((await fixture.get(url('main', '-gtid'))).body).toMatchObject({ Message: 'true' });
    fixture.service.see('main', vitalsOf({ executedGtids: `${MAIN}:1-20`, purgedGtids: `${MAIN}:1-15` }));
    const no = (await fixture.get(url('main', '-gtid'))).body as { Message: string };
    expect(no.Message).toContain(`the source has purged ${MAIN}:11-15`);
    expect((await fixture.get(url('main'))).body).toMatchObject({ Message: 'true' });
  });
});

describe('questions to a server', () => {
  it('resolve its name, and hand on why not', async () => {
    expect((await fixture.get('/api/resolve/db-9/3307')).body).toMatchObject({
      Code: 'OK',
      Details: { Hostname: 'db-9', Port: 3307 },
    });
    fixture.service.refusal = { code: 'UNREACHABLE', message: 'nobody is there' };
    const no = await fixture.get('/api/resolve/db-9/3307');
    expect([no.status, no.body]).toEqual([
      500,
      { Code: 'ERROR', Message: 'nobody is there', Details: { Hostname: 'db-9', Port: 3307 } },
    ]);
    expect((await fixture.get('/api/resolve/db-9/0')).status).toBe(500);
  });

  it('find the binary logs with its errant transactions', async () => {
    fixture.service.see('read-replica-1', replicaVitals({ executedGtids: `${MAIN}:1-10,${FIRST}:1-2` }));
    expect((await fixture.get('/api/locate-gtid-errant/read-replica-1/3306')).body).toMatchObject({
      Code: 'OK',
      Details: ['binlog.000001', 'binlog.000003'],
    });
    expect(fixture.service.calls).toEqual([`locate ${FIRST}:1-2 on read-replica-1:3306`]);
  });
});

describe('what configuration says', () => {
  it('of automated recoveries is shown', async () => {
    expect((await fixture.get('/api/automated-recovery-filters')).body).toMatchObject({
      Code: 'OK',
      Details: {
        RecoverMasterClusterFilters: ['*'],
        RecoverIntermediateMasterClusterFilters: [],
        RecoveryIgnoreHostnameFilters: ['test-'],
      },
    });
  });

  it('of problems that nobody wants to see is obeyed', async () => {
    fixture.service.see('read-replica-1', null, { valid: false });
    expect(await hosts('/api/problems')).toEqual(['read-replica-1']);
    fixture.service.hidden = 'read-replica-1';
    expect((await fixture.get('/api/problems')).body).toBeNull();
  });
});

describe('primaries', () => {
  it('are listed only while they take writes; of co-primaries the one that does', async () => {
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [
        seen(MAIN, 'main', { id: FIRST, host: 'read-replica-1' }, { channels: [channelTo('read-replica-1')] }),
        seen(FIRST, 'read-replica-1', null, { channels: [channelTo('main')], readOnly: false, superReadOnly: false }),
      ],
    });
    expect(await hosts('/api/masters')).toEqual(['read-replica-1']);
    expect((await fixture.get('/api/master/main:3306')).body).toMatchObject({ Key: key('read-replica-1') });
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [channelTo('main')], readOnly: true })],
    });
    expect((await fixture.get('/api/masters')).body).toBeNull();
  });
});

describe('the changelog of the analysis', () => {
  const URL = '/api/replication-analysis-changelog';

  function problem(code: Problem['code']): Problem {
    return {
      server: serverId(MAIN),
      clusterId: fixture.service.clusterId(),
      code,
      description: '',
      severity: 'critical',
      reaction: 'examine',
      because: [],
    };
  }

  it('is null at first, and has a line for each change', async () => {
    expect((await fixture.get(URL)).body).toBeNull();
    const steps: readonly (readonly Problem[])[] = [
      [problem('UnreachableMaster')],
      [problem('UnreachableMaster')],
      [problem('DeadMaster')],
      [],
      [],
    ];
    for (const problems of steps) {
      fixture.service.problems = [...problems];
      fixture.service.emit({ kind: 'analysis' });
      fixture.clock.advance(1000);
    }
    const rows = (await fixture.get(URL)).body as { AnalyzedInstanceKey: unknown; Changelog: string[] }[];
    expect(rows.map((row) => row.AnalyzedInstanceKey)).toEqual([key('main')]);
    expect(rows[0]?.Changelog.map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d;/, ''))).toEqual([
      'UnreachableMaster,',
      'DeadMaster,',
      'NoProblem,',
    ]);
  });

  it('forgets after a day what is over', async () => {
    for (const problems of [[problem('DeadMaster')], []]) {
      fixture.service.problems = problems;
      fixture.service.emit({ kind: 'analysis' });
    }
    fixture.clock.advance(86_400_000);
    expect((await fixture.get(URL)).body).toHaveLength(1);
    fixture.clock.advance(1000);
    expect((await fixture.get(URL)).body).toBeNull();
  });
});
