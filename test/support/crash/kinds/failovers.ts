// Plans that give the primary's role to another server.
import { ask, inPath, type PlanKind, seenBelow, startAll, twoReplicas } from '../plan-kind.js';

const takeover: PlanKind = {
  name: 'graceful-takeover',
  kind: 'graceful-takeover',
  statements: 68,
  begin: async (stage) => {
    // Clients write meanwhile.
    stage.writer.start();
    await ask(stage, `/api/graceful-master-takeover-auto/${inPath(stage.primary)}/${inPath(stage.nextPrimary)}`);
  },
};

export const deadPrimary: PlanKind = {
  name: 'dead-primary',
  kind: 'dead-primary',
  statements: 46,
  begin: async (stage) => {
    await stage.writeAndRest();
    await stage.primary.kill();
    stage.writer.start();
  },
  restore: startAll,
};

/** The primary and one of its replicas replicate from each other; the other replica follows the primary. */
const deadCoPrimary: PlanKind = {
  name: 'dead-co-primary',
  kind: 'dead-co-primary',
  statements: 46,
  prepare: async (stage) => {
    const [other] = twoReplicas(stage);
    await stage.primary.replicateFrom(other);
    await stage.primary.waitForReplication();
    await seenBelow(stage, stage.primary, other);
  },
  begin: deadPrimary.begin,
  restore: startAll,
};

/** It takes writes until the moment in which it is fenced. */
const forcedFailover: PlanKind = {
  name: 'forced failover of one that lives',
  kind: 'dead-primary',
  statements: 66,
  begin: async (stage) => {
    await stage.writeAndRest();
    stage.writer.start();
    await ask(stage, `/api/force-master-failover/${inPath(stage.primary)}`);
  },
};

const forcedTakeover: PlanKind = {
  name: 'forced takeover of one that lives',
  kind: 'dead-primary',
  statements: 66,
  begin: async (stage) => {
    await stage.writeAndRest();
    stage.writer.start();
    await ask(stage, `/api/force-master-takeover/${inPath(stage.primary)}/${inPath(stage.nextPrimary)}`);
  },
};

/** Nobody writes meanwhile: what stands in its socket it does when it thaws, and is set apart for it. */
const forcedFrozen: PlanKind = {
  name: 'forced failover of one that is frozen',
  kind: 'dead-primary',
  statements: 40,
  begin: async (stage) => {
    await stage.writeAndRest();
    stage.primary.pause();
    await ask(stage, `/api/force-master-failover/${inPath(stage.primary)}`);
  },
  restore: (stage) => {
    stage.primary.resume();
    return Promise.resolve();
  },
};

export const FAILOVERS: readonly PlanKind[] = [
  takeover,
  deadPrimary,
  deadCoPrimary,
  forcedFailover,
  forcedTakeover,
  forcedFrozen,
];
