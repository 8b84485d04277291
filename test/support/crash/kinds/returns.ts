// Plans by which a server comes back that was away when its primary was replaced, or that was the primary.
import { until } from '../../../../tools/demo/until.js';
import type { LabServer } from '../../../../tools/lab/lab-server.js';
import { COMES_BACK_OPEN } from '../layouts.js';
import { ask, type PlanKind, startAll, twoReplicas } from '../plan-kind.js';
import type { CrashStage } from '../stage.js';
import { deadPrimary } from './failovers.js';

const formerPrimary: PlanKind = {
  name: 'former-primary',
  kind: 'former-primary',
  statements: 28,
  prepare: async (stage) => {
    const known = await stage.knownRecoveries();
    await deadPrimary.begin(stage);
    await stage.closedSince(known, deadPrimary.kind);
  },
  begin: startAll,
};

/** A replica did not answer while its primary was replaced, and comes back. */
const lostReplica: PlanKind = {
  name: 'lost-replica',
  kind: 'lost-replica',
  statements: 24,
  prepare: async (stage) => {
    const [other, lost] = twoReplicas(stage);
    // It never was the primary, so that its own my.cnf keeps it closed.
    lost.configure([]);
    await stage.writeAndRest();
    // Else what the lost one alone has acknowledged is lost with it.
    await other.catchUp(stage.primary);
    await lost.kill();
    const known = await stage.knownRecoveries();
    await stage.primary.kill();
    await stage.closedSince(known, deadPrimary.kind);
  },
  begin: async (stage) => {
    const lost = stage.topology.servers.find((server) => !server.running && server !== stage.primary);
    if (lost === undefined) throw new Error('one was lost');
    await lost.start();
    lost.configure(COMES_BACK_OPEN);
  },
  restore: startAll,
};

/** A former primary is back with a transaction that it wrote when nobody heard it any more, and was set apart. */
async function setApart(stage: CrashStage): Promise<void> {
  const known = await stage.knownRecoveries();
  await stage.writeAndRest();
  const { primary } = stage;
  const { door } = primary;
  door.fallSilent();
  await primary.execute(
    `SET GLOBAL rpl_semi_sync_source_enabled = 0; INSERT INTO shop.orders (id) VALUES (${String(stage.freshId())})`,
  );
  await primary.kill();
  door.speak();
  await stage.closedSince(known, deadPrimary.kind);
  await primary.start();
  await stage.seen('the former primary apart', ({ servers }) =>
    servers.some(({ address, demotion }) => address === primary.address && demotion?.state === 'apart'),
  );
}

async function apartOf(stage: CrashStage): Promise<LabServer> {
  const { clusters } = await stage.overview();
  const apart = clusters.flatMap(({ servers }) => servers).find(({ demotion }) => demotion?.state === 'apart');
  if (apart === undefined) throw new Error('nobody is apart');
  return stage.topology.server(apart.address);
}

/** Not before the leader has seen that it is closed: a refusal would be all that there is to see. */
async function askFor(stage: CrashStage, way: string): Promise<LabServer> {
  const apart = await apartOf(stage);
  const path = `/api/v1/ways-back/${apart.address.replace(':', '/')}`;
  await until(`a way back by ${way}`, async () => {
    const { ways } = await (await stage.cluster.leader()).get<WaysBack>(path);
    const refusals = ways.find((one) => one.way === way)?.refusals ?? ['there is none'];
    if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
    return true;
  });
  await ask(stage, `${path}/${way}`);
  return apart;
}

interface WaysBack {
  readonly ways: readonly { readonly way: string; readonly refusals: readonly unknown[] }[];
}

const wayBack = (kind: string, way: string, statements: number): PlanKind => ({
  name: kind,
  kind,
  statements,
  prepare: setApart,
  begin: async (stage) => {
    await askFor(stage, way);
  },
});

/** Its data is thrown away for a copy, and it stops when it has that: nobody supervises the servers of the lab but this. */
const rebuild: PlanKind = {
  name: 'rebuild',
  kind: 'rebuild',
  statements: 40,
  prepare: setApart,
  begin: async (stage) => {
    stage.supervise(await askFor(stage, 'rebuild'));
  },
};

export const RETURNS: readonly PlanKind[] = [
  formerPrimary,
  lostReplica,
  wayBack('inject-empty', 'inject-empty', 22),
  wayBack('reset-gtids', 'reset', 28),
  rebuild,
];
