// A planned takeover without GTID under write load: how long no server takes a write, and whether every row is on every server.
import { readOverview } from '../../demo/overview.js';
import { type DemoSet, shopSql } from '../../demo/set.js';
import { outageSince, writeForAWhile } from '../../demo/strike.js';
import { until } from '../../demo/until.js';
import { WRITER_ACCOUNT } from '../../demo/write-session.js';
import { Writer } from '../../demo/writer.js';
import type { Flavor } from '../../lab/dialect.js';
import type { LabServer } from '../../lab/lab-server.js';
import { MySqlLab } from '../../lab/mysql-lab.js';

export const TAKEOVER_FLAVORS: readonly Flavor[] = ['mysql56', 'mysql97'];

export interface TakeoverRound {
  readonly outageMs: number;
  readonly acknowledged: number;
  /** The rows of each server, the new primary first. */
  readonly rows: readonly number[];
  /** Every server has the rows of the new primary, and those are all that were acknowledged. */
  readonly complete: boolean;
}

const TAKEOVER_MS = 60_000;

/** One round on fresh servers: a primary and three replicas, and three nodes of the orchestrator. */
export async function takeoverRound(flavor: Flavor): Promise<TakeoverRound> {
  const lab = await MySqlLab.open();
  try {
    const set = await withoutGtid(lab, flavor);
    const { topology, cluster, writer } = set;
    const [candidate] = topology.replicas;
    if (candidate === undefined) throw new Error('a replica is needed');
    await writeForAWhile(set);
    const leader = await cluster.leader();
    const path = [topology.primary, candidate].map(({ host, port }) => `${host}/${String(port)}`).join('/');
    const atMs = performance.now();
    await leader.get(`/api/graceful-master-takeover-auto/${path}`, TAKEOVER_MS);
    const gap = await outageSince(set, atMs);
    await writer.stop();
    const rows = await levelRows(candidate, [candidate, ...topology.servers.filter((one) => one !== candidate)]);
    const kept = new Set(await idsOf(candidate));
    const complete = rows.every((count) => count === rows[0]) && writer.acknowledged.every(({ id }) => kept.has(id));
    return { outageMs: gap.ms, acknowledged: writer.acknowledged.length, rows, complete };
  } finally {
    await lab.close();
  }
}

/** Well but for what is said of servers without GTID. */
async function withoutGtid(lab: MySqlLab, flavor: Flavor): Promise<DemoSet> {
  const topology = await lab.topology({ flavor, gtid: false, replicas: 3 });
  topology.primary.configure(['read_only=OFF']);
  await topology.primary.execute(shopSql(WRITER_ACCOUNT));
  await topology.caughtUp();
  const cluster = await lab.cluster({ seeds: [topology.primary.address] });
  await until('all servers in the view of every node', async () => {
    const views = await Promise.all(cluster.nodes.map(readOverview));
    const servers = views.map(({ clusters }) => (clusters.length === 1 ? (clusters[0]?.servers ?? []) : []));
    const isWell = servers.every((one) => one.length === 4 && one.every(({ valid }) => valid));
    return isWell ? true : undefined;
  });
  return { lab, topology, cluster, writer: new Writer(topology.servers) };
}

/** When all have as many as the first, or the wait is over. */
async function levelRows(first: LabServer, servers: readonly LabServer[]): Promise<readonly number[]> {
  let rows: readonly number[] = [];
  await until('every row on every server', async () => {
    const wanted = (await idsOf(first)).length;
    rows = await Promise.all(servers.map(async (server) => (await idsOf(server)).length));
    return rows.every((count) => count === wanted) ? true : undefined;
  }).catch(() => undefined);
  return rows;
}

async function idsOf(server: LabServer): Promise<readonly number[]> {
  return (await server.query<{ id: number }>('SELECT id FROM shop.orders')).map(({ id }) => id);
}
