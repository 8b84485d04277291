/**
 * Lets a server forget transactions that nobody else has: its binary logs are emptied, and gtid_purged says what it knows
 * from then on. Only of a closed server that nobody replicates from; what it has besides what the step names was not there
 * when the step was meant, and stops it. A leader that died in the middle leaves it with nothing known, and the next one
 * writes the set.
 */
import { isNone, minus, unionOf } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { quoted, resetReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { attachedReplicas } from '../reading/attached-replicas.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { assertClosed } from '../primary/primary.js';
import { hasUnapplied } from '../replica/relay-log.js';
import { readReplica, readServer } from '../reading/replica-state.js';
import { stopApplier } from '../replica/stop-applier.js';

export async function resetGtids(hold: Hold, gtids: string, drops: string): Promise<StepFindings> {
  const before = await readServer(hold, READ_MS);
  const refuse = (text: string): StepFailed => new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
  if (hold.dialect.gtid !== 'mysql' || !before.hasGtids) throw refuse('it has no GTIDs that could be reset');
  if (isSame(before.executed, gtids)) return { executedGtids: gtids, text: 'it had forgotten them already' };
  // A replica that was never fenced is closed to clients only; whoever has more rights must not write under the reset either.
  if (before.readOnly && before.superReadOnly === false) await hold.change('SET GLOBAL super_read_only = 1', CHANGE_MS);
  await assertClosed(hold);
  const besides = minus(before.executed, unionOf(gtids, drops));
  if (!isNone(besides)) throw refuse(`it has ${besides} by now, which is in nobody's plan`);
  const followers = await attachedReplicas(hold);
  if (followers.length > 0) throw refuse(`${followers.join(', ')} replicate from it, and would lose what they follow`);
  await forgetRelayLog(hold, refuse);
  if (!isNone(before.executed)) await hold.change(hold.dialect.resetBinaryLogs, CHANGE_MS);
  await hold.change(`SET GLOBAL gtid_purged = ${quoted(gtids)}`, CHANGE_MS);
  const after = await readServer(hold, READ_MS);
  if (!isSame(after.executed, gtids)) throw refuse(`it was reset and knows ${after.executed || 'nothing'}`);
  return { executedGtids: gtids, text: `it has forgotten ${drops}` };
}

function isSame(one: string, other: string): boolean {
  return isNone(minus(one, other)) && isNone(minus(other, one));
}

/** What it had received counts as known to auto-position, and would be asked for no more. Its source stays known. */
async function forgetRelayLog(hold: Hold, refuse: (text: string) => StepFailed): Promise<void> {
  const replica = await readReplica(hold, READ_MS);
  if (replica === null) return;
  if (hasUnapplied(replica, await readServer(hold, READ_MS))) {
    throw refuse('it has relay log that is not applied and would be lost');
  }
  await stopApplier(hold, replica.channel);
  await hold.change(resetReplica(hold.dialect, replica.channel), CHANGE_MS);
}
