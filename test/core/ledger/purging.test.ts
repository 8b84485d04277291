import { describe, expect, it } from 'vitest';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { observed } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [EARLY, LATE] = [2_000_000, 5_000_000];

function lived(): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r', 'p')] }, EARLY);
  for (const [name, atMs] of [
    ['early', EARLY + 1],
    ['late', LATE],
  ] as const) {
    const cluster = fed.clusterOf('p');
    if (cluster === undefined) throw new Error('no cluster');
    const recovery = recoveryOf(name, cluster, 'p');
    fed.feed({ kind: 'recovery-opened', recovery }, atMs);
    const verdict = { kind: 'succeeded' } as const;
    fed.feed({ kind: 'recovery-closed', recoveryId: name as RecoveryId, verdict, lost: [] }, atMs + 1);
  }
  return fed;
}

describe('history that is purged', () => {
  it('is what ended before, and nothing after', () => {
    const fed = lived();
    const numbers = fed.state.audit.filter(({ atMs }) => atMs >= LATE).map(({ number }) => number);
    fed.feed({ kind: 'history-purged', beforeMs: LATE }, LATE + 10);
    expect(fed.state.audit.map(({ number }) => number)).toEqual(numbers);
    expect([...fed.state.recoveries.keys()]).toEqual(['late']);
  });

  it('leaves the last line, from which numbers go on', () => {
    const fed = lived();
    const last = fed.state.audit.at(-1)?.number ?? 0;
    fed.feed({ kind: 'history-purged', beforeMs: LATE + 1_000_000 }, LATE + 10);
    expect(fed.state.audit).toHaveLength(1);
    fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    expect(fed.state.audit.at(-1)?.number).toBe(last + 1);
  });

  it('is no recovery that is under way', () => {
    const fed = lived();
    const cluster = fed.clusterOf('p');
    if (cluster === undefined) throw new Error('no cluster');
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('open', cluster, 'p') }, LATE + 5);
    fed.feed({ kind: 'history-purged', beforeMs: LATE + 1_000_000 }, LATE + 10);
    expect([...fed.state.recoveries.keys()]).toEqual(['open']);
  });

  it('is no recovery whose former primary is still to be fenced', async () => {
    const [P, A] = [uuidOf(1), uuidOf(2)];
    const world = new MysqlWorld();
    world.follow(world.add(A), world.add(P, { readOnly: false }));
    world.settle();
    const nodes = new WorldNodes(world);
    await nodes.start();
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.ledger.state.demotions.get(P)).toMatchObject({ state: 'owed' });
    await nodes.ledger.propose({ kind: 'history-purged', beforeMs: Number.MAX_SAFE_INTEGER });
    expect(nodes.recoveries).toHaveLength(1);
  });
});
