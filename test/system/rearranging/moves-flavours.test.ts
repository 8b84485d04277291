// Moves on the other flavours, by GTID and by place, while clients write: nothing is lost on the way, servers change places,
// and a replica goes on following as it did.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { follows, labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;

async function setUp(kind: Pick<TopologyOptions, 'flavor' | 'gtid'>): Promise<void> {
  topology = await stage.topology(
    { ...kind, replicas: 4 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)',
  );
  nodes = await stage.nodes(topology.servers);
}

/**
 * A primary that is written to without a pause may outrun its replicas, four of them in a row at times, and a move refuses to
 * wait for them for ever. The busier the machine is, the longer each of them takes for a row.
 */
const BETWEEN_WRITES_MS = 5;
const PAUSE_TO_WRITE = 5;

/** Rows, one after the other, until it is told to stop; the answer is how many there are then. */
function write(): () => Promise<number> {
  let writes = true;
  const writing = (async (): Promise<number> => {
    let written = 0;
    for (; writes; written += 1) {
      const startedMs = performance.now();
      await topology.primary.execute('INSERT INTO shop.orders VALUES (NULL)');
      await sleep(Math.max(BETWEEN_WRITES_MS, PAUSE_TO_WRITE * (performance.now() - startedMs)));
    }
    return written;
  })();
  // Where the test fails first, its servers end under the writer's hands, which is no failure of its own.
  writing.catch(() => undefined);
  return () => {
    writes = false;
    return writing;
  };
}

async function moved(command: MoveCommand, server: LabServer, destination: LabServer | null = null): Promise<void> {
  const answer = await nodes.move(command, server, destination);
  expect(answer, nodes.lines.join('\n')).toMatchObject({
    ok: true,
    value: { verdict: { kind: 'succeeded' }, lost: [] },
  });
}

describe.each([
  ['MariaDB', 'mariadb'],
  ['MySQL 5.6', 'mysql56'],
] as const)('on %s', (_name, flavor) => {
  it('replicas go below a sibling, change places with it and come back, and have every row', async () => {
    await setUp({ flavor });
    const { primary, replicas } = topology;
    const [first, second] = replicasOf(topology, 2);
    const stopWriting = write();
    await moved('relocate-replicas', primary, first);
    await moved('take-master', second);
    await follows(second, primary);
    await follows(first, second);
    await moved('move-up-replicas', first);
    await moved('relocate-replicas', second, primary);
    for (const replica of replicas) await follows(replica, primary);
    const written = await stopWriting();
    for (const replica of replicas) {
      await replica.catchUp(primary);
      expect(await replica.query('SELECT COUNT(*) AS n FROM shop.orders')).toEqual([{ n: written }]);
    }
    // Nothing is written now: one whose applier was stopped by hand has nothing that it would have to apply.
    await first.execute('STOP SLAVE IO_THREAD');
    await second.execute('STOP SLAVE SQL_THREAD');
    await nodes.observe();
    const [, , third] = replicasOf(topology, 3);
    for (const to of [primary, third, primary]) {
      await moved('relocate', first, to);
      await moved('relocate', second, to);
      const rests = { sourcePort: to.port, ioRunning: 'No', sqlRunning: 'Yes' };
      await expect.poll(() => first.replicaStatus()).toMatchObject(rests);
      // A move may be over while the IO thread that it started is still connecting.
      const fetches = { sourcePort: to.port, ioRunning: 'Yes', sqlRunning: 'No' };
      await expect.poll(() => second.replicaStatus()).toMatchObject(fetches);
    }
  });
});

describe.each([
  ['MySQL 9.7 without GTID', { flavor: 'mysql97', gtid: false }],
  ['MySQL 5.6 without GTID', { flavor: 'mysql56', gtid: false }],
  ['MariaDB whose replicas follow by place', { flavor: 'mariadb', gtid: false }],
] as const)('by place, on %s', (_name, kind) => {
  it('a tree is rebuilt under write load, in every way there is, and every row is on every server', async () => {
    await setUp(kind);
    const { primary, replicas } = topology;
    const [a, b, c, d] = replicasOf(topology, 4);
    const stopWriting = write();
    await moved('move-below', b, a);
    await moved('relocate', c, b);
    await follows(c, b);
    await moved('relocate-replicas', primary, d);
    await follows(a, d);
    await moved('move-up', b);
    await follows(b, d);
    await moved('take-master', a);
    await follows(a, primary);
    await follows(d, a);
    await moved('relocate', c, primary);
    await moved('take-siblings', c);
    await follows(a, c);
    await moved('move-up-replicas', c);
    await moved('relocate', b, primary);
    await moved('relocate', d, primary);
    for (const replica of replicas) await follows(replica, primary);
    // Whoever keeps its source keeps what it follows by, also where it could follow by GTID.
    await moved('repoint', a);
    await moved('relocate', b, primary);
    await moved('repoint-replicas', primary);
    await moved('detach-replica', c);
    await moved('reattach-replica', c);
    await follows(c, primary);
    const written = await stopWriting();
    const place = kind.flavor === 'mariadb' ? { Using_Gtid: 'No' } : { Auto_Position: 0 };
    for (const replica of replicas) {
      await expect
        .poll(async () => await replica.query('SELECT COUNT(*) AS n FROM shop.orders'), { timeout: 60_000 })
        .toEqual([{ n: written }]);
      const [status] = await replica.query(kind.flavor === 'mysql97' ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS');
      expect(status).toMatchObject(place);
    }
  });
});

it('by place, moves of one server that are asked for at once follow each other', async () => {
  await setUp({ flavor: 'mysql56', gtid: false });
  const [a, b, c] = replicasOf(topology, 3);
  const asked = [
    nodes.moveRequest('relocate', c, a),
    nodes.moveRequest('relocate', c, b),
    nodes.moveRequest('take-siblings', b),
  ];
  const answers = await Promise.all(asked.map((request) => nodes.driver.moves.ask(request)));
  const succeeded = { ok: true, value: { verdict: { kind: 'succeeded' }, lost: [] } };
  expect(answers, nodes.lines.join('\n')).toMatchObject([succeeded, succeeded, succeeded]);
  await follows(c, b);
  await follows(a, b);
});

it('by place, a move ends once and rightly whenever the leader dies, before or after any step', async () => {
  await setUp({ flavor: 'mysql56', gtid: false });
  const { primary } = topology;
  const [a, b] = replicasOf(topology, 2);
  const stopWriting = write();
  let goesDown = true;
  for (let at = 1; ; at++) {
    const when = at % 2 === 0 ? 'before' : 'after';
    let steps = 0;
    let died = false;
    nodes.atStep = async (_step, now) => {
      if (died || now !== when) return;
      steps += 1;
      if (steps !== at) return;
      died = true;
      await nodes.changeLeader();
    };
    const known = nodes.recoveries.length;
    const [to, name] = goesDown ? [a, 'down'] : [primary, 'up'];
    await nodes
      .move('relocate', b, to)
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'FATE_UNKNOWN' }));
    await nodes.until('the move ends', () => nodes.recoveries.length > known && nodes.isIdle);
    expect(
      nodes.recoveries.at(-1),
      `${name}, ${when} step ${String(at)}\n${nodes.lines.slice(-30).join('\n')}`,
    ).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    await follows(b, to);
    await follows(a, primary);
    goesDown = !goesDown;
    if (!died) break;
    expect(at).toBeLessThan(30);
  }
  const written = await stopWriting();
  for (const replica of [a, b]) {
    await expect
      .poll(async () => await replica.query('SELECT COUNT(*) AS n FROM shop.orders'), { timeout: 60_000 })
      .toEqual([{ n: written }]);
  }
});
