// Answers are kept while they hold: what was committed stands in the next one, what was merely seen a moment later.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { MAIN, vitalsOf } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function uptime(): Promise<unknown> {
  const members = (await fixture.get('/api/cluster/main:3306')).body as { Uptime: number }[];
  return members[0]?.Uptime;
}

function look(uptimeSeconds: number): void {
  fixture.service.see('main', vitalsOf({ uptimeSeconds }));
  fixture.service.emit({ kind: 'sighting' });
}

describe('an answer that is kept', () => {
  it('takes looks at servers in together, fifty milliseconds at a time', async () => {
    look(100);
    expect(await uptime()).toBe(100);
    look(101);
    expect(await uptime()).toBe(100);
    fixture.clock.advance(49);
    look(102);
    expect(await uptime()).toBe(100);
    fixture.clock.advance(1);
    expect(await uptime()).toBe(102);
    fixture.clock.advance(60);
    expect(await uptime()).toBe(102);
  });

  it('never outlives what was committed', async () => {
    const alias = async (): Promise<unknown> => (await fixture.get('/api/clusters-info')).body;
    expect(await alias()).toMatchObject([{ ClusterAlias: 'main:3306' }]);
    fixture.service.fed.feed({ kind: 'alias-set', clusterId: fixture.service.clusterId(), alias: 'shop' });
    expect(await alias()).toMatchObject([{ ClusterAlias: 'shop' }]);
  });

  it('never outlives what was found to be wrong', async () => {
    const codes = async (): Promise<unknown> => {
      const { Details } = (await fixture.get('/api/replication-analysis')).body as { Details: { Analysis: string }[] };
      return Details.map(({ Analysis }) => Analysis);
    };
    expect(await codes()).toEqual([]);
    fixture.service.problems = [
      {
        server: serverId(MAIN),
        clusterId: fixture.service.clusterId(),
        code: 'DeadMaster',
        description: '',
        severity: 'critical',
        reaction: 'examine',
        because: [],
      },
    ];
    fixture.service.emit({ kind: 'analysis' });
    expect(await codes()).toEqual(['DeadMaster']);
  });
});

describe('the age of an answer', () => {
  it('is nothing within a quorum and grows without one, on a follower as on the leader', async () => {
    const age = async (): Promise<unknown> =>
      (await fixture.get('/api/clusters-info')).headers['x-orchestrator-state-age-ms'];
    fixture.service.status = { ...fixture.service.status, role: 'follower', leader: 'n2' };
    expect(await age()).toBe('0');
    fixture.service.status = { ...fixture.service.status, leader: null, inQuorum: false };
    fixture.clock.advance(2500);
    expect(await age()).toBe('2500');
    const { headers } = await fixture.get('/api/topology/main:3306');
    expect(headers['x-orchestrator-in-quorum']).toBe('false');
  });
});
