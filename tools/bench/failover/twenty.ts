// Twenty clusters lose their primaries in the same moment: until the clients of all of them are served again. The servers
// are the smallest ones, because forty or more of them share one machine; BENCH_FLAVOR chooses another kind.
import { setTimeout as sleep } from 'node:timers/promises';
import { readOverview } from '../../demo/overview.js';
import { shopSql } from '../../demo/set.js';
import { until } from '../../demo/until.js';
import { WRITER_ACCOUNT } from '../../demo/write-session.js';
import { Writer } from '../../demo/writer.js';
import type { Flavor } from '../../lab/dialect.js';
import type { MySqlLab } from '../../lab/mysql-lab.js';
import type { Topology } from '../../lab/topology.js';

const CLUSTERS = 20;
const FLAVORS: readonly Flavor[] = ['mysql56', 'mariadb', 'mysql97'];
/** Twenty clients at 10 ms would be the load that is measured. */
const WRITE_EVERY_MS = 50;
const WRITES_MS = 3000;
const PATIENCE_MS = 120_000;
/** Servers that start beside each other. */
const ABREAST = 4;

interface Served {
  readonly topology: Topology;
  readonly writer: Writer;
}

function flavor(): Flavor {
  const given = process.env['BENCH_FLAVOR'] ?? 'mysql56';
  const known = FLAVORS.find((one) => one === given);
  if (known === undefined) throw new Error(`BENCH_FLAVOR is one of ${FLAVORS.join(', ')}`);
  return known;
}

async function serve(lab: MySqlLab): Promise<Served> {
  const topology = await lab.topology({ flavor: flavor(), replicas: 1 });
  await topology.primary.execute(shopSql(WRITER_ACCOUNT));
  await topology.caughtUp();
  return { topology, writer: new Writer(topology.servers, WRITE_EVERY_MS) };
}

/** Until the last of the clients is served again, milliseconds. */
export async function twentyAtOnce(lab: MySqlLab): Promise<number> {
  const all: Served[] = [];
  while (all.length < CLUSTERS) {
    const count = Math.min(ABREAST, CLUSTERS - all.length);
    all.push(...(await Promise.all(Array.from({ length: count }, () => serve(lab)))));
  }
  const cluster = await lab.cluster({ seeds: all.map(({ topology }) => topology.primary.address) });
  await until(
    'all clusters well in the view of every node',
    async () => {
      const views = await Promise.all(cluster.nodes.map(readOverview));
      return views.every(({ clusters }) => clusters.filter(isWell).length === CLUSTERS) ? true : undefined;
    },
    PATIENCE_MS,
  );
  for (const { writer } of all) writer.start();
  await sleep(WRITES_MS);
  const atMs = performance.now();
  await Promise.all(all.map(({ topology }) => topology.primary.kill()));
  const gaps = await Promise.all(all.map((one) => outageOf(one, atMs)));
  await Promise.all(all.map(({ writer }) => writer.stop()));
  return Math.max(...gaps);
}

function isWell({ servers, problems }: Awaited<ReturnType<typeof readOverview>>['clusters'][number]): boolean {
  return servers.length === 2 && servers.every(({ valid }) => valid) && problems.length === 0;
}

async function outageOf({ topology, writer }: Served, sinceMs: number): Promise<number> {
  return await until(
    `a write acknowledged in place of ${topology.primary.address}`,
    () => {
      const gap = writer.longestGap(sinceMs);
      return Promise.resolve(gap?.after.server === topology.primary.address ? undefined : gap?.ms);
    },
    PATIENCE_MS,
  );
}
