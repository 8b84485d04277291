// A replica freezes (SIGSTOP) in the very moment in which it is told to stop fetching from its dead primary, on real MySQL:
// the failover goes on without it, and it follows the new primary when it thaws.
import { expect, it } from 'vitest';
import { NOBODY } from '../../tools/lab/door/mysql-door.js';
import { follows, labStage, replicasOf } from '../support/lab-stage.js';

const stage = labStage();

it('is not waited for, and comes back by itself', async () => {
  const topology = await stage.topology({ replicas: 2, door: true });
  const nodes = await stage.nodes(topology.servers);
  const [other, frozen] = replicasOf(topology, 2);
  frozen.door.watch = {
    ...NOBODY,
    statement: ({ text }) => {
      if (!text.includes('STOP REPLICA IO_THREAD')) return;
      frozen.door.watch = NOBODY;
      frozen.pause();
    },
  };
  await topology.primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(topology.primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
  expect(nodes.recoveries, nodes.lines.join('\n')).toMatchObject([
    {
      verdict: { kind: 'succeeded' },
      successor: nodes.idOf(other),
      lost: [{ server: nodes.idOf(frozen), reason: expect.stringContaining('silent in the middle') as string }],
    },
  ]);
  frozen.resume();
  await nodes.observe();
  await nodes.until('it is pointed', () =>
    nodes.recoveries.some(({ kind, verdict }) => kind === 'lost-replica' && verdict?.kind === 'succeeded'),
  );
  await follows(frozen, other);
});
