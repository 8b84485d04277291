/** All that was received is applied before something would throw it away, or that is not done (invariant 11). */
import { addressText } from '../../../core/topology/address.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { awaitApplied } from './await-applied.js';
import { DRAIN_MS, READ_MS } from './limits.js';
import { hasUnapplied, startApplier } from './relay-log.js';
import { applierError, readReplicaOf, type ReplicaState, type ServerState } from './replica-state.js';

/** As it stands then. Its IO thread has stopped. */
export async function drain(hold: Hold, replica: ReplicaState, server: ServerState): Promise<ReplicaState> {
  if (!hasUnapplied(replica, server)) return replica;
  await keepApplying(hold, replica, server);
  await awaitApplied(hold, replica.received, DRAIN_MS);
  return await readReplicaOf(hold, READ_MS);
}

export async function keepApplying(hold: Hold, replica: ReplicaState, server: ServerState): Promise<void> {
  const error = applierError(replica);
  if (error === null) {
    await startApplier(hold, replica, server);
    return;
  }
  const text = 'its relay log is not applied and would be lost with a change of its source';
  throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped (${error}); ${text}`, false);
}
