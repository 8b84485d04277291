/**
 * The kinds of plans whose leader is struck: what has to be so before, what makes the plan begin, and what brings the
 * servers back for the next round. A new kind is one more entry; its points are found by playing it once undisturbed.
 */
import { WriteSession } from '../../../tools/demo/write-session.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { COMES_BACK_OPEN, type CrashStage } from './stage.js';

export interface PlanKind {
  /** As the record of the recovery has it. */
  readonly kind: string;
  /** Before the plan whose leader is to be struck. */
  prepare?(stage: CrashStage): Promise<void>;
  /** Resolves when the plan is sure to begin. */
  begin(stage: CrashStage): Promise<void>;
  /** After its end, towards one primary with all others below it. */
  restore?(stage: CrashStage): Promise<void>;
}

/** Nobody else writes ids from there on. */
let patientId = 1_000_000_000;
const PATIENCE_MS = 600_000;

const takeover: PlanKind = {
  kind: 'graceful-takeover',
  begin: async (stage) => {
    const [from, to] = [stage.primary, stage.nextPrimary].map(({ host, port }) => `${host}/${String(port)}`);
    const leader = await stage.cluster.leader();
    // Clients write meanwhile.
    stage.writer.start();
    // The answer is lost with the leader that dies.
    leader
      .request(again(`/api/graceful-master-takeover-auto/${String(from)}/${String(to)}`), 60_000)
      .catch(() => undefined);
  },
};

const deadPrimary: PlanKind = {
  kind: 'dead-primary',
  begin: async (stage) => {
    await stage.writeAndRest();
    await stage.primary.kill();
    stage.writer.start();
  },
  restore: startAll,
};

const formerPrimary: PlanKind = {
  kind: 'former-primary',
  prepare: async (stage) => {
    const known = await stage.knownRecoveries();
    await deadPrimary.begin(stage);
    await stage.closedSince(known, deadPrimary.kind);
  },
  begin: startAll,
};

/** The primary, between it and the second replica the first one, which dies. */
const deadIntermediate: PlanKind = {
  kind: 'dead-intermediate',
  prepare: async (stage) => {
    const [middle, leaf] = inTheMiddle(stage);
    await leaf.execute(`STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_PORT=${String(middle.port)}; START REPLICA`);
    await leaf.waitForReplication();
    await stage.seen('the leaf below the one in the middle', ({ servers }) => {
      const source = servers.find(({ address }) => address === leaf.address)?.source;
      return servers.some(({ id, address }) => id === source && address === middle.address);
    });
  },
  begin: async (stage) => {
    await stage.writeAndRest();
    await inTheMiddle(stage)[0].kill();
  },
  // It never was the primary, so that nobody closes it but its own my.cnf, which here does not.
  restore: async (stage) => {
    const down = stage.topology.servers.filter(({ running }) => !running);
    await startAll(stage);
    for (const server of down) await server.execute('SET GLOBAL super_read_only = 1');
  },
};

function inTheMiddle(stage: CrashStage): readonly [LabServer, LabServer] {
  const [middle, leaf] = stage.replicas;
  if (middle === undefined || leaf === undefined) throw new Error('two replicas are needed');
  return [middle, leaf];
}

/** Somebody closed it by mistake. */
const readOnlyPrimary: PlanKind = {
  kind: 'read-only-primary',
  begin: (stage) => stage.primary.execute('SET GLOBAL read_only = 1'),
};

/** No replica acknowledges any more, and the clients of the primary wait. */
const lockedPrimary: PlanKind = {
  kind: 'semi-sync',
  begin: async (stage) => {
    await stage.writeAndRest();
    for (const replica of stage.replicas) {
      await replica.execute(
        'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD',
      );
    }
    // One is enough; those who give up and come again would take all connections of the primary, and the replicas' too.
    patientId += 1;
    void new WriteSession(stage.primary, PATIENCE_MS).insert(patientId);
  },
};

/** A former primary is back with a transaction that it wrote when nobody heard it any more, and was set apart. */
async function setApart(stage: CrashStage): Promise<void> {
  const known = await stage.knownRecoveries();
  await stage.writeAndRest();
  const { primary } = stage;
  const { door } = primary;
  door.fallSilent();
  patientId += 1;
  await primary.execute(
    `SET GLOBAL rpl_semi_sync_source_enabled = 0; INSERT INTO shop.orders (id) VALUES (${String(patientId)})`,
  );
  await primary.kill();
  door.speak();
  await stage.closedSince(known, deadPrimary.kind);
  await primary.start();
  await stage.seen('the former primary apart', ({ servers }) =>
    servers.some(({ address, demotion }) => address === primary.address && demotion?.state === 'apart'),
  );
}

const wayBack = (kind: string, way: string): PlanKind => ({
  kind,
  prepare: setApart,
  begin: async (stage) => {
    const { clusters } = await stage.overview();
    const apart = clusters.flatMap(({ servers }) => servers).find(({ demotion }) => demotion?.state === 'apart');
    if (apart === undefined) throw new Error('nobody is apart');
    const leader = await stage.cluster.leader();
    leader.request(again(`/api/v1/ways-back/${apart.address.replace(':', '/')}/${way}`), 60_000).catch(() => undefined);
  },
});

/** A replica did not answer while its primary was replaced, and comes back. */
const lostReplica: PlanKind = {
  kind: 'lost-replica',
  prepare: async (stage) => {
    const [, lost] = inTheMiddle(stage);
    // It never was the primary, so that its own my.cnf keeps it closed.
    lost.configure([]);
    await stage.writeAndRest();
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

/** An operator moves the second replica below the first, and back when it is over. */
const move: PlanKind = {
  kind: 'move',
  begin: async (stage) => {
    stage.writer.start();
    await askForMove(stage);
  },
  restore: async (stage) => {
    await stage.writer.rest();
    const [, leaf] = inTheMiddle(stage);
    const leader = await stage.cluster.leader();
    const [from, to] = [leaf, stage.primary].map(inPath);
    const { status, body } = await leader.request(again(`/api/relocate/${String(from)}/${String(to)}`), 60_000);
    if (status !== 200) throw new Error(JSON.stringify(body));
  },
};

async function askForMove(stage: CrashStage): Promise<void> {
  const [to, from] = inTheMiddle(stage).map(inPath);
  const leader = await stage.cluster.leader();
  // The answer is lost with the leader that dies.
  leader.request(again(`/api/relocate/${String(from)}/${String(to)}`), 60_000).catch(() => undefined);
}

/** The same request that was lost with its leader a moment ago would not be done again: this is another one. */
function again(path: string): string {
  patientId += 1;
  return `${path}?round=${String(patientId)}`;
}

function inPath({ host, port }: LabServer): string {
  return `${host}/${String(port)}`;
}

/** Whoever comes back open, with its leader dead, would take what a client writes that looks for its primary. */
async function startAll({ topology, writer }: CrashStage): Promise<void> {
  await writer.rest();
  const down = topology.servers.filter((server: LabServer) => !server.running);
  await Promise.all(down.map((server) => server.start()));
}

export const PLAN_KINDS: readonly PlanKind[] = [
  takeover,
  deadPrimary,
  formerPrimary,
  deadIntermediate,
  readOnlyPrimary,
  lockedPrimary,
  wayBack('inject-empty', 'inject-empty'),
  wayBack('reset-gtids', 'reset'),
  lostReplica,
  move,
];

/** What has to be configured for all of them to begin. */
export const PLAN_CONFIG = {
  RecoverIntermediateMasterClusterFilters: ['*'],
  RecoverNonWriteableMaster: true,
  RecoverLockedSemiSyncMaster: true,
  ReasonableLockedSemiSyncMasterSeconds: 1,
  DetectSemiSyncEnforcedQuery: 'SELECT 1',
};
