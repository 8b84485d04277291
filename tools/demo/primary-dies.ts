// The primary is killed, or falls silent, while the client writes; alone or together with the orchestrator's leader.
import type { LabServer } from '../lab/lab-server.js';
import type { OrchestratorNode } from '../lab/orchestrator-node.js';
import type { Fault } from './options.js';
import { type ClusterOverview, readOverview, type RecoveryOverview } from './overview.js';
import { type DemoSet, openServers, topologyText } from './set.js';
import { outageSince, strike, writeForAWhile } from './strike.js';
import { gapLines, recoveryLines, timeline, wallClock } from './timeline.js';
import { until } from './until.js';
import { milliseconds, type Voice } from './voice.js';
import type { Gap } from './writer.js';

async function recoveryOf(node: OrchestratorNode, server: LabServer): Promise<RecoveryOverview | undefined> {
  const { recoveries } = await readOverview(node);
  return recoveries.find(
    ({ kind, failed, closedAtMs }) => kind === 'dead-primary' && failed === server.address && closedAtMs !== null,
  );
}

/** The replicas, apart from the new primary, as their own status says whom they follow. */
async function follow({ topology }: DemoSet, successor: LabServer): Promise<boolean> {
  for (const replica of topology.replicas) {
    if (replica === successor) continue;
    const status = await replica.replicaStatus();
    const follows = status?.sourcePort === successor.port && status.ioRunning === 'Yes' && status.sqlRunning === 'Yes';
    if (!follows) return false;
  }
  return true;
}

async function checkWrites(set: DemoSet, successor: LabServer, gap: Gap, voice: Voice): Promise<void> {
  const { writer } = set;
  const rows = await successor.query<{ id: number }>('SELECT id FROM shop.orders');
  const there = new Set(rows.map(({ id }) => id));
  // Those of the last moments may still be under way to the snapshot that was just read.
  const due = writer.acknowledged.filter(({ atMs }) => atMs <= gap.after.atMs);
  const missing = due.filter(({ id }) => !there.has(id));
  voice.claim(missing.length === 0, `all ${due.length} writes acknowledged until then are on ${successor.address}`);
  const strangers = writer.acknowledged.filter(
    ({ atMs, server }) => atMs >= gap.after.atMs && server !== successor.address,
  );
  voice.claim(strangers.length === 0, 'no other server has acknowledged a write since');
  const open = (await openServers(set)).map(({ address }) => address);
  voice.claim(
    open.join() === successor.address,
    `of the servers that answer, exactly one is open for writes: ${open.join(', ')}`,
  );
}

export async function primaryDies(set: DemoSet, fault: Fault, voice: Voice): Promise<LabServer> {
  const { topology, cluster } = set;
  voice.say('a client writes: every 10 ms one insert, and to all servers at once while none acknowledges');
  await writeForAWhile(set);
  const atMs = await strike(set, fault, voice);
  const gap = await outageSince(set, atMs);
  const leader = await cluster.leader();
  const recovery = await until('the end of the recovery', () => recoveryOf(leader, topology.primary));
  voice.show(timeline(wallClock(atMs), [...recoveryLines(recovery), ...gapLines(gap)]));
  voice.say(`the client could not write for ${milliseconds(gap.ms)}`);
  voice.claim(recovery.verdict?.kind === 'succeeded', `the cluster saw ${recovery.code} and recovered from it`);
  const successor = topology.server(gap.after.server);
  voice.claim(recovery.successor === successor.address, `${successor.address} took over, as decided`);
  await checkWrites(set, successor, gap, voice);
  await until('the other replicas following the new primary', async () =>
    (await follow(set, successor)) ? true : undefined,
  );
  voice.claim(true, 'the other replicas follow the new primary, both threads running');
  await until('the new topology in the view of every node', async () => {
    const views = await Promise.all(cluster.running.map(readOverview));
    return views.every(({ clusters }) => clusters.some((known) => leads(known, successor))) ? true : undefined;
  });
  voice.say('the new topology:');
  voice.show(await topologyText(set, successor));
  return successor;
}

function leads({ primary, servers }: ClusterOverview, successor: LabServer): boolean {
  return servers.some(({ id, address, writable }) => id === primary && address === successor.address && writable);
}
