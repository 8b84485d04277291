// The old primary comes back, open for writes as its my.cnf says. It is closed; then it replicates from the new primary,
// or, when it has a transaction that nobody acknowledged and no other server has, it is set apart and the GTIDs named.
import type { LabServer } from '../lab/lab-server.js';
import type { Fault } from './options.js';
import { readOverview, type ServerOverview } from './overview.js';
import { type DemoSet, openServers, topologyText } from './set.js';
import { until } from './until.js';
import type { Voice } from './voice.js';

async function isClosed(server: LabServer): Promise<boolean> {
  const [row] = await server.query<{ closed: number }>(
    'SELECT @@GLOBAL.read_only + @@GLOBAL.super_read_only AS closed',
  );
  return row?.closed === 2;
}

async function replicatesFrom(server: LabServer, source: LabServer): Promise<boolean> {
  const status = await server.replicaStatus();
  return status?.sourcePort === source.port && status.ioRunning === 'Yes' && status.sqlRunning === 'Yes';
}

/** What `server` has executed and `other` has not; asked of MySQL, not of the orchestrator. */
async function extraGtids(server: LabServer, other: LabServer): Promise<string> {
  const known = await other.gtidExecuted();
  const [row] = await server.query<{ extra: string }>(
    `SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '${known}') AS extra`,
  );
  return (row?.extra ?? '').replaceAll('\n', '');
}

async function verdictOn(set: DemoSet, server: LabServer): Promise<'rejoined' | ServerOverview | undefined> {
  const { clusters } = await readOverview(await set.cluster.leader());
  const seen = clusters.flatMap(({ servers }) => servers).find(({ address }) => address === server.address);
  if (seen === undefined || !seen.valid) return undefined;
  if (seen.demotion?.state === 'apart') return seen;
  return seen.demotion === null && !seen.writable && seen.ioThread !== null ? 'rejoined' : undefined;
}

async function setApart(
  set: DemoSet,
  returned: LabServer,
  primary: LabServer,
  voice: Voice,
  named: string,
): Promise<void> {
  const extra = await extraGtids(returned, primary);
  voice.say(`it has transactions that no other server has, written when it could tell nobody any more: ${named}`);
  voice.claim(extra !== '' && named === extra, 'it is set apart, and the GTIDs named are the ones it has too many');
  const rows = await returned.query<{ id: number }>('SELECT id FROM shop.orders');
  const kept = await primary.query<{ id: number }>('SELECT id FROM shop.orders');
  const there = new Set(kept.map(({ id }) => id));
  const acknowledged = new Set(set.writer.acknowledged.map(({ id }) => id));
  const unique = rows.filter(({ id }) => !there.has(id));
  voice.claim(
    unique.every(({ id }) => !acknowledged.has(id)),
    `of its ${unique.length} extra rows none was ever acknowledged to the client`,
  );
  voice.claim(
    (await returned.replicaStatus()) === undefined,
    'it does not replicate: what to do with those rows is for a person to say',
  );
}

export async function primaryReturns(set: DemoSet, fault: Fault, primary: LabServer, voice: Voice): Promise<void> {
  const returned = set.topology.primary;
  if (fault === 'pause') returned.resume();
  else await returned.start();
  const how =
    fault === 'pause'
      ? 'goes on, open for writes as it was'
      : 'is back, and its my.cnf says that it is open for writes';
  voice.say(`${returned.address} ${how}`);
  await until('the returned server closed', async () => ((await isClosed(returned)) ? true : undefined));
  voice.claim(true, 'it is fenced: read_only and super_read_only are on');
  const verdict = await until('what becomes of it', () => verdictOn(set, returned));
  if (verdict === 'rejoined') {
    await until('replication on the returned server', async () =>
      (await replicatesFrom(returned, primary)) ? true : undefined,
    );
    await returned.catchUp(primary);
    voice.claim(true, `it had nothing extra: it replicates from ${primary.address} and has caught up`);
  } else {
    await setApart(set, returned, primary, voice, verdict.demotion?.extraGtids ?? '');
  }
  const open = (await openServers(set)).map(({ address }) => address);
  voice.claim(
    open.join() === primary.address,
    `of the servers that answer, exactly one is open for writes: ${open.join(', ')}`,
  );
  const late = set.writer.outageAfter(returned.address)?.after.atMs ?? 0;
  const strangers = set.writer.acknowledged.filter(({ atMs, server }) => atMs >= late && server !== primary.address);
  voice.claim(strangers.length === 0, 'the returned server acknowledged no write');
  voice.say('the topology at the end:');
  voice.show(await topologyText(set, primary));
}
