// Plans by which an operator gives replicas another source, and back when it is over.
import { until } from '../../../../tools/demo/until.js';
import { ask, done, inPath, type PlanKind, seenBelow, twoReplicas } from '../plan-kind.js';
import type { CrashStage } from '../stage.js';

/** The second replica below the first. */
export async function inARow(stage: CrashStage): Promise<void> {
  const [middle, leaf] = twoReplicas(stage);
  await done(stage, `/api/relocate/${inPath(leaf)}/${inPath(middle)}`);
  await seenBelow(stage, leaf, middle);
}

/** Every replica below the primary, which comes first for those that fed others. */
async function sideBySide(stage: CrashStage): Promise<void> {
  await stage.writer.rest();
  for (const replica of stage.replicas) {
    const { sourcePort } = (await replica.replicaStatus()) ?? {};
    if (sourcePort === stage.primary.port) continue;
    await done(stage, `/api/relocate/${inPath(replica)}/${inPath(stage.primary)}`);
  }
}

const relocate: PlanKind = {
  name: 'move',
  kind: 'move',
  statements: 36,
  begin: async (stage) => {
    stage.writer.start();
    const [to, from] = twoReplicas(stage);
    await ask(stage, `/api/relocate/${inPath(from)}/${inPath(to)}`);
  },
  restore: sideBySide,
};

const relocateReplicas: PlanKind = {
  name: 'move of all replicas',
  kind: 'move',
  statements: 36,
  prepare: inARow,
  begin: async (stage) => {
    stage.writer.start();
    const [from] = twoReplicas(stage);
    await ask(stage, `/api/relocate-replicas/${inPath(from)}/${inPath(stage.primary)}`);
  },
  restore: sideBySide,
};

/** The leaf and the one in the middle change places. */
const takeMaster: PlanKind = {
  name: 'take-master',
  kind: 'move',
  statements: 60,
  prepare: inARow,
  begin: async (stage) => {
    stage.writer.start();
    const [, leaf] = twoReplicas(stage);
    await ask(stage, `/api/take-master/${inPath(leaf)}`);
  },
  restore: sideBySide,
};

const takeSiblings: PlanKind = {
  name: 'take-siblings',
  kind: 'move',
  statements: 36,
  begin: async (stage) => {
    stage.writer.start();
    const [one] = twoReplicas(stage);
    await ask(stage, `/api/take-siblings/${inPath(one)}`);
  },
  restore: sideBySide,
};

interface DryRun {
  readonly refusals: readonly unknown[];
}

/** A replica must not ask for acknowledgements, and the primary becomes one of a kind. */
const makeCoMaster: PlanKind = {
  name: 'make-co-master',
  kind: 'move',
  statements: 12,
  prepare: async (stage) => {
    await stage.primary.execute('SET GLOBAL rpl_semi_sync_source_enabled = 0');
    const [one] = twoReplicas(stage);
    // It is refused for as long as nobody has seen that; a refusal would be all that there is to see.
    await until('a yes to a dry run', async () => {
      const leader = await stage.cluster.leader();
      const { refusals } = await leader.get<DryRun>(`/api/v1/plan/make-co-master/${inPath(one)}`);
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
      return true;
    });
  },
  begin: async (stage) => {
    stage.writer.start();
    const [one] = twoReplicas(stage);
    await ask(stage, `/api/make-co-master/${inPath(one)}`);
  },
  restore: async (stage) => {
    await stage.writer.rest();
    await stage.primary.execute('STOP REPLICA; RESET REPLICA ALL');
  },
};

const regroup: PlanKind = {
  name: 'regroup-replicas',
  kind: 'move',
  statements: 38,
  begin: async (stage) => {
    stage.writer.start();
    await ask(stage, `/api/regroup-replicas/${inPath(stage.primary)}`);
  },
  restore: sideBySide,
};

const detach: PlanKind = {
  name: 'detach-replica',
  kind: 'move',
  statements: 6,
  begin: (stage) => ask(stage, `/api/detach-replica/${inPath(twoReplicas(stage)[0])}`),
  restore: (stage) => done(stage, `/api/reattach-replica/${inPath(twoReplicas(stage)[0])}`),
};

const reattach: PlanKind = {
  name: 'reattach-replica',
  kind: 'move',
  statements: 10,
  prepare: (stage) => done(stage, `/api/detach-replica/${inPath(twoReplicas(stage)[0])}`),
  begin: (stage) => ask(stage, `/api/reattach-replica/${inPath(twoReplicas(stage)[0])}`),
};

export const MOVES: readonly PlanKind[] = [
  relocate,
  relocateReplicas,
  takeMaster,
  takeSiblings,
  makeCoMaster,
  regroup,
  detach,
  reattach,
];
