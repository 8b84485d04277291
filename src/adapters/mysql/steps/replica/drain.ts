/** All that a replica has received is applied before its source is changed, where the change would empty its relay log. */
import { minus } from '../../../../core/recovery/progress/gtids.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { awaitApplied } from './await-applied.js';
import { halfReceived } from '../reading/half-received.js';
import { DRAIN_MS, READ_MS } from '../limits.js';
import { hasUnapplied, startApplier } from './relay-log.js';
import { applierError, readReplicaOf, type ReplicaState, type ServerState } from '../reading/replica-state.js';

/** Between two looks whether all but the last, which was received in part, is applied. */
const DRAIN_SLICE_MS = 250;

/** All that was received is applied, or the change is not made. */
export async function drain(hold: Hold, replica: ReplicaState, server: ServerState): Promise<ReplicaState> {
  if (!hasUnapplied(replica, server)) return replica;
  await keepApplying(hold, replica, server);
  const deadlineMs = monotonicNowMs() + DRAIN_MS;
  for (;;) {
    const leftMs = deadlineMs - monotonicNowMs();
    const whole = minus(replica.received, await halfReceived(hold));
    const isLast = leftMs <= DRAIN_SLICE_MS;
    const done = await awaitApplied(hold, whole, Math.max(0, Math.min(leftMs, DRAIN_SLICE_MS))).catch(
      (error: unknown) => {
        // What was received in part alone is known when all before it is applied.
        if (!isLast && error instanceof StepFailed && error.code === 'limit') return null;
        throw error;
      },
    );
    if (done !== null) return await readReplicaOf(hold, READ_MS);
  }
}

/** Rejects with StepFailed where the applier has stopped with an error. */
export async function keepApplying(hold: Hold, replica: ReplicaState, server: ServerState): Promise<void> {
  const error = applierError(replica);
  if (error === null) {
    await startApplier(hold, replica, server);
    return;
  }
  const text = 'its relay log is not applied and would be lost with a change of its source';
  throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped (${error}); ${text}`, false);
}
