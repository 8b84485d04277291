// Plans that mend what is wrong below a primary, or with it, and leave it where it is.
import { WriteSession } from '../../../../tools/demo/write-session.js';
import { type PlanKind, startAll, twoReplicas } from '../plan-kind.js';
import { inARow } from './moves.js';

const PATIENCE_MS = 600_000;

/** The primary, between it and the second replica the first one, which dies. */
const deadIntermediate: PlanKind = {
  name: 'dead-intermediate',
  kind: 'dead-intermediate',
  statements: 24,
  prepare: inARow,
  begin: async (stage) => {
    await stage.writeAndRest();
    await twoReplicas(stage)[0].kill();
  },
  // It never was the primary, so that nobody closes it but its own my.cnf, which here does not.
  restore: async (stage) => {
    const down = stage.topology.servers.filter(({ running }) => !running);
    await startAll(stage);
    for (const server of down) await server.execute('SET GLOBAL super_read_only = 1');
  },
};

/** Somebody closed it by mistake. */
const readOnlyPrimary: PlanKind = {
  name: 'read-only-primary',
  kind: 'read-only-primary',
  statements: 10,
  begin: (stage) => stage.primary.execute('SET GLOBAL read_only = 1'),
};

/** No replica acknowledges any more, and the clients of the primary wait. */
const lockedPrimary: PlanKind = {
  name: 'semi-sync',
  kind: 'semi-sync',
  statements: 18,
  begin: async (stage) => {
    await stage.writeAndRest();
    for (const replica of stage.replicas) {
      await replica.execute(
        'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD',
      );
    }
    // One is enough; those who give up and come again would take all connections of the primary, and the replicas' too.
    void new WriteSession(stage.primary, PATIENCE_MS).insert(stage.freshId());
  },
};

export const REPAIRS: readonly PlanKind[] = [deadIntermediate, readOnlyPrimary, lockedPrimary];
