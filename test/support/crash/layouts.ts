// How the servers stand on which plans are played: what is opened, and what has to be true of them before and after.
import { WAIT_FOR_A_REPLICA } from '../../../tools/demo/set.js';
import { type Group, openGroup } from '../../../tools/lab/group.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';

export interface Layout {
  open(lab: MySqlLab): Promise<Topology>;
  /** The one that takes writes; throws while anything else is not as it should be. */
  primaryIn(servers: readonly LabServer[]): Promise<LabServer>;
}

/** Of my.cnf: whoever comes back comes back open, because closing it is the orchestrator's work. */
export const COMES_BACK_OPEN = ['read_only=OFF'];

/** Before there are nodes: each reads its rights now and then, and they would tell different things of a grant for a while. */
const MAY_BE_COPIED =
  'SET @closed = @@GLOBAL.super_read_only; SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; ' +
  "GRANT BACKUP_ADMIN, CLONE_ADMIN ON *.* TO 'orchestrator'@'%'; " +
  "GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'; SET GLOBAL super_read_only = @closed";

/** A primary that waits for an acknowledgement, and two replicas. */
export const STAR: Layout = {
  open: async (lab) => {
    const topology = await lab.topology({ replicas: 2, semiSync: true, extra: [WAIT_FOR_A_REPLICA], door: true });
    for (const server of topology.servers) {
      server.configure(COMES_BACK_OPEN);
      await server.execute(MAY_BE_COPIED);
    }
    return topology;
  },
  primaryIn: async (servers) => {
    const primary = await theOpenOne(servers);
    for (const server of servers) if (server !== primary) await assertFollows(server, [primary]);
    // A failover that left it without anybody to acknowledge has switched it off.
    await primary.execute('SET GLOBAL rpl_semi_sync_source_enabled = 1');
    return primary;
  },
};

/** A replication group of three, and a replica outside it, the last one, that follows one of its secondaries. */
export const GROUP: Layout = {
  open: async (lab) => topologyOf(await openGroup(lab, { door: true })),
  primaryIn: async (servers) => {
    const members = servers.slice(0, -1);
    const primary = await theOpenOne(servers);
    const [row] = await primary.query<{ online: number }>(
      "SELECT COUNT(*) AS online FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'ONLINE'",
    );
    if (row?.online !== members.length) throw new Error(`${String(row?.online)} members are online`);
    for (const outside of servers.slice(-1)) await assertFollows(outside, members);
    return primary;
  },
};

function topologyOf({ members, outside }: Group): Topology {
  const [primary, ...others] = members;
  if (primary === undefined) throw new Error('a group has members');
  const [servers, replicas] = [
    [...members, outside],
    [...others, outside],
  ];
  return {
    primary,
    replicas,
    servers,
    server: (address) => {
      const found = servers.find((server) => server.address === address);
      if (found === undefined) throw new Error(`${address} is no server of this group`);
      return found;
    },
    caughtUp: async () => {
      for (const replica of replicas) await replica.catchUp(primary);
    },
  };
}

async function theOpenOne(servers: readonly LabServer[]): Promise<LabServer> {
  const open: LabServer[] = [];
  for (const server of servers) {
    const [row] = await server.query<{ closed: number }>('SELECT @@GLOBAL.read_only AS closed');
    if (row?.closed === 0) open.push(server);
  }
  const [primary] = open;
  if (primary === undefined || open.length > 1) throw new Error(`open: ${open.map(({ address }) => address).join()}`);
  return primary;
}

async function assertFollows(server: LabServer, sources: readonly LabServer[]): Promise<void> {
  const status = await server.replicaStatus();
  const known = sources.some(({ port }) => port === status?.sourcePort);
  if (known && status?.ioRunning === 'Yes' && status.sqlRunning === 'Yes') return;
  const names = sources.map(({ address }) => address).join(' or ');
  throw new Error(`${server.address} does not follow ${names}: ${JSON.stringify(status)}`);
}
