/** Pools: named lists of servers that operators submit, and how far the servers of a cluster in them lag. */
import { failed, ok, type Result } from '../../../core/base/result.js';
import type { Pool } from '../../../core/ledger/records.js';
import { type Address, addressText, parseAddress } from '../../../core/topology/address.js';
import type { Server } from '../../../core/topology/server.js';
import { serverAt } from '../../../core/topology/sources.js';
import { freshness } from '../legacy/freshness.js';
import { instanceKeys } from '../legacy/values.js';
import { declined, done, doneBytes, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, each, type Route, read, write } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { byHint } from './clusters.js';

const POOL_MEMBERS_MAX = 10_000;

/** Reads, and yet the incumbent wants the right to write for them. */
function operatorReads(name: string, answer: Route['answer']): readonly Route[] {
  return each([`/api/${name}/:hint`, `/api/${name}/:hint/:pool`], (path) => ({
    ...read(path, answer),
    role: 'operator',
  }));
}

export const POOL_ROUTES: readonly Route[] = [
  write('/api/submit-pool-instances/:pool', submit),
  ...operatorReads('cluster-pool-instances', poolsOfCluster),
  ...operatorReads('heuristic-cluster-pool-instances', pooledInstances),
  ...operatorReads('heuristic-cluster-pool-lag', poolLag),
];

async function submit(call: Call, door: Door): Promise<Reply> {
  const pool = call.param('pool');
  const members: Address[] = [];
  for (const text of call
    .query('instances')
    .split(/[,\s]+/)
    .filter((word) => word !== '')) {
    const address = memberOf(text, door);
    if (!address.ok) return refused(address.error);
    members.push(address.value);
  }
  if (members.length > POOL_MEMBERS_MAX) return refused(`A pool has ${String(POOL_MEMBERS_MAX)} servers at most`);
  const answer = await door.service.submitPool(pool, members, askedBy(call, door));
  return answer.ok ? done(`Submitted ${pool} pool`, pool) : declined(answer.refusal);
}

/** A server may be put into a pool before it is known; a part of a name only stands for exactly one server. */
function memberOf(text: string, door: Door): Result<Address, string> {
  const { defaultInstancePort, fuzzyPoolHosts } = door.service.settings;
  const address = parseAddress(text, defaultInstancePort);
  if (!address.ok) return failed(address.error);
  const index = door.views.index();
  const exact = serverAt(index.known, address.value);
  if (exact !== null) return ok(exact.address);
  if (!fuzzyPoolHosts || /^[\d.]+$/.test(address.value.host)) return address;
  const { host, port } = address.value;
  const fitting = index.servers.filter((server) => server.address.port === port && server.address.host.includes(host));
  return fitting.length === 1 && fitting[0] !== undefined ? ok(fitting[0].address) : address;
}

/** Pools of the cluster with their servers that belong to it; one pool when the path names one. */
function poolsIn(view: ClusterView, call: Call, door: Door): ReadonlyMap<string, readonly Server[]> {
  const { known } = door.views.index();
  const only = call.param('pool');
  const pools = new Map<string, readonly Server[]>();
  for (const pool of door.service.state.pools.values()) {
    if ((only !== '' && pool.name !== only) || pool.expiresAtMs <= call.nowMs) continue;
    const members = membersOf(pool, (address) => serverAt(known, address)).filter(
      (server) => server.clusterId === view.cluster.id,
    );
    if (members.length > 0) pools.set(pool.name, members);
  }
  return pools;
}

function membersOf(pool: Pool, find: (address: Address) => Server | null): readonly Server[] {
  return [...new Set(pool.members.flatMap((address) => find(address) ?? []))];
}

function poolsOfCluster(call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const pools = [...poolsIn(found.value, call, door)].map(([name, servers]): [string, unknown] => [
    name,
    instanceKeys(servers.map(({ address }) => address)),
  ]);
  return done(`Read pool instances for cluster ${found.value.name}`, Object.fromEntries(pools.sort(byText)));
}

function byText([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Those of them that were read at their last look. */
function validIn(view: ClusterView, call: Call, door: Door): readonly Server[] {
  const pooled = new Set([...poolsIn(view, call, door).values()].flat());
  const { settings } = door.service;
  return view.members.filter(
    (server) => pooled.has(server) && freshness(door.views.sighting(server), settings, call.nowMs).valid,
  );
}

function pooledInstances(call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const servers = validIn(found.value, call, door);
  return doneBytes(`Heuristic pool instances for cluster ${found.value.name}`, door.views.instances(servers));
}

/** As the incumbent reckons it: the most of those that tell it; whoever does not tell is named, and no number stands for nobody. */
function poolLag(call: Call, door: Door): Reply {
  const found = byHint(call, door);
  if (!found.ok) return refused(found.error);
  const servers = validIn(found.value, call, door);
  const { name } = found.value;
  if (servers.length === 0) return refused(`No instances found in a pool of cluster ${name}`);
  const lagOf = (server: Server): number | null => door.views.sighting(server)?.vitals?.lagSeconds ?? null;
  const lags = servers.flatMap((server) => lagOf(server) ?? []);
  const silent = servers.filter((server) => lagOf(server) === null).map(({ address }) => addressText(address));
  if (lags.length === 0)
    return refused(`Nobody in a pool of cluster ${name} tells how far it lags: ${silent.join(', ')}`);
  const without = silent.length === 0 ? '' : `; not told by ${silent.join(', ')}`;
  return done(`Heuristic pool lag for cluster ${name}${without}`, Math.max(...lags));
}
