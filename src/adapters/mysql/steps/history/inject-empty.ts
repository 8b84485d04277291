/** Commits empty transactions under GTIDs that another server has: from then on they count as known everywhere. */
import { INJECTED_MAX } from '../../../../core/recovery/playbooks/inject-empty.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { listGtids } from '../../../../core/topology/gtid-list.js';
import { parseGtidSet, subtractGtids } from '../../../../core/topology/gtid-set.js';
import { quoted } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { readServer } from '../reading/replica-state.js';

/** So many commits between two proofs that we may still act. */
const BATCH = 20;

export async function injectEmpty(hold: Hold, gtids: string): Promise<StepFindings> {
  const server = await readServer(hold, READ_MS);
  const [wanted, known] = [parseGtidSet(gtids), parseGtidSet(server.executed)];
  if (!wanted.ok || !known.ok || hold.dialect.gtid !== 'mysql') {
    throw new StepFailed('state', `${addressText(hold.address)} has no GTIDs under which it could commit`, false);
  }
  if (server.readOnly) throw new StepFailed('state', `${addressText(hold.address)} is closed for writes`, false);
  const lacking = listGtids(subtractGtids(wanted.value, known.value), INJECTED_MAX);
  for (let at = 0; at < lacking.length; at += BATCH) await commitEmpty(hold, lacking.slice(at, at + BATCH));
  return { text: `${String(lacking.length)} empty transactions were committed` };
}

async function commitEmpty(hold: Hold, gtids: readonly string[]): Promise<void> {
  const commits = gtids.map((gtid) => `SET SESSION gtid_next = ${quoted(gtid)}; BEGIN; COMMIT`);
  try {
    await hold.change(`${commits.join('; ')}; SET SESSION gtid_next = 'AUTOMATIC'`, CHANGE_MS);
  } catch (error) {
    // It may stand in the middle of a transaction, under a GTID that is not its own.
    hold.link.destroy();
    throw error;
  }
}
