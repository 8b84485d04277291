// What one probe of one real server costs a node: the processor time of a node that polls, less that of one that knows the
// same servers and rests, divided by the probes between. The probes are counted by the servers themselves.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Flavor } from '../../lab/dialect.js';
import type { LabServer } from '../../lab/lab-server.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import { cpuSecondsOf, rssMiB } from '../process-usage.js';
import { round } from '../statistics.js';
import { msUntilKnown, openBenchNodes } from './bench-nodes.js';

export interface ProbeCostOptions {
  readonly flavor: Flavor;
  readonly tls: boolean;
  readonly clusters: number;
  readonly replicasPerCluster: number;
  /** Probes a second that the poll interval asks for, over all servers. */
  readonly probesPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface ProbeCost {
  readonly flavor: Flavor;
  readonly tls: boolean;
  readonly servers: number;
  readonly probesPerSecond: number;
  readonly cpuMsPerProbe: number;
  readonly coresAtRest: number;
  readonly coresPolling: number;
  readonly rssMiB: number;
}

const REST_SECONDS = 3600;
const KNOWN_DEADLINE_MS = 120_000;
/** Of a node that rests: its first seconds are the compiler's. */
const SETTLE_MS = 5000;

export async function measureProbeCost(options: ProbeCostOptions): Promise<ProbeCost> {
  const lab = await MySqlLab.open();
  try {
    const servers = await realServers(lab, options);
    const rest = await run(servers, { ...options, warmUpSeconds: SETTLE_MS / 1000, pollSeconds: REST_SECONDS });
    const pollSeconds = servers.length / options.probesPerSecond;
    const polling = await run(servers, { ...options, pollSeconds });
    return {
      flavor: options.flavor,
      tls: options.tls,
      servers: servers.length,
      probesPerSecond: round(polling.probesPerSecond, 1),
      cpuMsPerProbe: round(((polling.cores - rest.cores) * 1000) / (polling.probesPerSecond - rest.probesPerSecond)),
      coresAtRest: round(rest.cores, 3),
      coresPolling: round(polling.cores, 3),
      rssMiB: round(polling.rssMiB, 0),
    };
  } finally {
    await lab.close();
  }
}

async function realServers(lab: MySqlLab, options: ProbeCostOptions): Promise<readonly LabServer[]> {
  const { flavor, tls, clusters, replicasPerCluster } = options;
  const extra = tls ? await certificateLines(lab, flavor) : [];
  const servers: LabServer[] = [];
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    servers.push(...(await lab.topology({ flavor, replicas: replicasPerCluster, extra })).servers);
  }
  if (tls) {
    const account = "'orchestrator'@'%'";
    await Promise.all(
      servers.map((server) => server.execute(`SET sql_log_bin = 0; ALTER USER ${account} REQUIRE SSL`)),
    );
  }
  return servers;
}

/** MySQL 9.7 makes a certificate of its own at its first start; another flavour borrows it. */
async function certificateLines(lab: MySqlLab, flavor: Flavor): Promise<readonly string[]> {
  if (flavor === 'mysql97') return [];
  const [lender] = await lab.servers(1, { flavor: 'mysql97' });
  const directory = join(lender?.directory ?? '', 'data');
  return ['ca', 'cert', 'key'].map(
    (part) => `ssl_${part}=${join(directory, part === 'ca' ? 'ca.pem' : `server-${part}.pem`)}`,
  );
}

interface Run {
  readonly cores: number;
  readonly probesPerSecond: number;
  readonly rssMiB: number;
}

async function run(
  servers: readonly LabServer[],
  { pollSeconds, warmUpSeconds, seconds, tls }: ProbeCostOptions & { readonly pollSeconds: number },
): Promise<Run> {
  const config = tls ? { MySQLTopologySSLSkipVerify: true } : {};
  const seeds = servers.map(({ address }) => address);
  const { cluster, close } = await openBenchNodes({ nodes: 1, seeds, pollSeconds, config });
  try {
    const node = await cluster.leader();
    if ((await msUntilKnown(node, servers.length, KNOWN_DEADLINE_MS)) === null) {
      throw new Error(`the node does not know all ${String(servers.length)} servers:\n${node.log()}`);
    }
    await sleep(warmUpSeconds * 1000);
    const [probesBefore, cpuBefore, beganMs] = [await probesOf(servers), cpuSecondsOf(node.pid), performance.now()];
    await sleep(seconds * 1000);
    const [cpu, passed] = [cpuSecondsOf(node.pid) - cpuBefore, (performance.now() - beganMs) / 1000];
    const probes = (await probesOf(servers)) - probesBefore;
    return { cores: cpu / passed, probesPerSecond: probes / passed, rssMiB: rssMiB(node.pid) };
  } finally {
    await close();
  }
}

/** Every probe asks for the replica's status once, whatever else it asks for. */
async function probesOf(servers: readonly LabServer[]): Promise<number> {
  const counts = await Promise.all(
    servers.map(async (server) => {
      const rows = await server.query<{ Value: string }>(
        "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_show_replica_status', 'Com_show_slave_status')",
      );
      return Math.max(...rows.map(({ Value }) => Number(Value)));
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
