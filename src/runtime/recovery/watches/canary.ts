/** Restarts one replica's IO thread for the diagnosis, under the same rules as a step of a plan. */
import { openRecoveryOf } from '../../../core/recovery/belief.js';
import type { Step } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import type { Server } from '../../../core/topology/server.js';
import { OperationalError } from '../../errors.js';
import { outcomeWithoutSession, PlanSessions } from '../run/plan-sessions.js';
import type { RecoveryParts } from '../recovery-parts.js';

/** Rejects with an OperationalError that says what went wrong. That this incident uses its canary is committed before. */
export async function restartCanary(parts: RecoveryParts, canary: Server): Promise<void> {
  const { ledger, sessions, times } = parts;
  const name = addressText(canary.address);
  const term = ledger.readyTerm;
  if (term === null) throw new OperationalError('NOT_LEADER', `${name}: only the leader restarts a canary`);
  // The plan holds the barriers of its servers; taking one from it would break its session.
  const open = openRecoveryOf(ledger.state, canary.clusterId);
  if (open !== null) {
    const text = `${open.kind} ${open.id} is under way in its cluster, and holds its servers until it has ended`;
    throw new OperationalError('MYSQL_BARRIER', `${name}: ${text}`);
  }
  const plan = new PlanSessions({
    opener: sessions,
    clusterId: canary.clusterId,
    authority: parts.authorityFor(term),
    clock: parts.clock,
    timeoutMs: times.connectMs,
    barrierTimeoutMs: times.barrierMs,
  });
  try {
    const step: Step = { kind: 'restart-io', server: canary.id };
    const session = await plan.on(canary.id, canary.address);
    const outcome = await session
      .execute(step, { address: canary.address, other: null, siblings: [] })
      .catch(outcomeWithoutSession);
    if (!outcome.ok) throw new OperationalError('MYSQL_STATEMENT', outcome.error);
    parts.log.info({ server: canary.id }, `the IO thread of ${name} was restarted: ${outcome.findings.text ?? ''}`);
  } finally {
    await plan.close();
    parts.onTouched(canary.id);
  }
}
