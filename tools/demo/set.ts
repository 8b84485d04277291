// What every act plays on: the servers, the nodes, the writing client, and how to look at them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabServer } from '../lab/lab-server.js';
import type { MySqlLab, TopologyOptions } from '../lab/mysql-lab.js';
import type { OrchestratorCluster } from '../lab/orchestrator-cluster.js';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { Topology } from '../lab/topology.js';
import { type ClusterOverview, type Overview, readOverview } from './overview.js';
import { until } from './until.js';
import type { Voice } from './voice.js';
import { WRITER_ACCOUNT } from './write-session.js';
import { Writer } from './writer.js';

const run = promisify(execFile);

export interface DemoSet {
  readonly lab: MySqlLab;
  readonly topology: Topology;
  readonly cluster: OrchestratorCluster;
  readonly writer: Writer;
}

/** The client's own account: unlike root and the orchestrator's, it obeys read_only. */
export function shopSql({ user, password, database }: typeof WRITER_ACCOUNT): string {
  return [
    `CREATE DATABASE ${database}`,
    `CREATE TABLE ${database}.orders (id BIGINT PRIMARY KEY)`,
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
    `GRANT SELECT, INSERT ON ${database}.* TO '${user}'@'%'`,
  ].join('; ');
}

/**
 * Semi-synchronous replication that never gives up waiting: what a client was told is written is on a replica, and that
 * is what makes "no acknowledged write is lost" a claim that can be checked.
 */
export const WAIT_FOR_A_REPLICA = 'rpl_semi_sync_source_timeout=3600000';

export interface SetOptions extends Pick<TopologyOptions, 'door' | 'place'> {
  readonly semiSync?: boolean;
}

export async function setUp(lab: MySqlLab, voice: Voice, options: SetOptions = {}): Promise<DemoSet> {
  const { semiSync = true } = options;
  voice.say('starting one primary and three replicas');
  const extra = semiSync ? [WAIT_FOR_A_REPLICA] : [];
  const topology = await lab.topology({ ...options, replicas: 3, semiSync, extra });
  // The old primary will come back open for writes: closing it is the orchestrator's work, not my.cnf's.
  topology.primary.configure(['read_only=OFF']);
  const [version] = await topology.primary.query<{ version: string }>('SELECT VERSION() AS version');
  voice.say(
    `MySQL ${version?.version ?? '?'}: primary ${topology.primary.address}, GTID, ${semiSync ? 'semi-synchronous' : 'asynchronous'}`,
  );
  await topology.primary.execute(shopSql(WRITER_ACCOUNT));
  await topology.caughtUp();
  voice.say('starting three nodes of the orchestrator');
  const cluster = await lab.cluster({ seeds: [topology.primary.address] });
  const leader = await cluster.leader();
  voice.say(`${cluster.nodes.map((node) => `${node.name} ${node.url}`).join(', ')}; ${leader.name} leads`);
  await until('all four servers in the view of every node', async () => {
    const views = await Promise.all(cluster.nodes.map(readOverview));
    return views.every((view) => isComplete(view, topology.servers.length)) ? true : undefined;
  });
  voice.say('every node knows all four servers, from the address of one');
  const writer = new Writer(topology.servers);
  return { lab, topology, cluster, writer };
}

function isComplete({ clusters }: Overview, servers: number): boolean {
  const [only] = clusters;
  return clusters.length === 1 && only !== undefined && isHealthy(only, servers);
}

function isHealthy({ servers, problems }: ClusterOverview, count: number): boolean {
  return servers.length === count && servers.every(({ valid }) => valid) && problems.length === 0;
}

/** What `orchestrator-client -c topology` prints, asked of the nodes that are up. */
export async function topologyText({ cluster }: DemoSet, server: LabServer): Promise<string> {
  const { stdout } = await run(
    join(PROJECT_ROOT, 'scripts', 'orchestrator-client'),
    ['-c', 'topology', '-i', server.address],
    {
      env: {
        ...process.env,
        ORCHESTRATOR_BUILT: '1',
        ORCHESTRATOR_API: cluster.running.map((node) => `${node.url}/api`).join(' '),
      },
    },
  );
  return stdout;
}

/** The servers that accept writes now; one that does not answer is none, and one that was paused is not asked. */
export async function openServers({ topology }: DemoSet): Promise<LabServer[]> {
  const answers = await Promise.all(
    topology.servers.map(async (server) => {
      if (!server.running || server.paused) return undefined;
      try {
        const [row] = await server.query<{ closed: number }>('SELECT @@GLOBAL.read_only AS closed');
        return row?.closed === 0 ? server : undefined;
      } catch {
        return undefined;
      }
    }),
  );
  return answers.filter((server) => server !== undefined);
}
