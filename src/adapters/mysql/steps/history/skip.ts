/**
 * What replication fails at, and passing over it once. With GTID the server commits an empty transaction under that GTID,
 * which cannot be done twice; without, it is told to skip one, and only while it stands where it stood when it was looked at.
 */
import { gtidsIn } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import {
  countGtids,
  formatGtidSet,
  type GtidSet,
  parseGtidSet,
  subtractGtids,
} from '../../../../core/topology/gtid-set.js';
import { quoted } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { applierError, readReplicaOf, type ReplicaState, readServer } from '../reading/replica-state.js';

/** In the applier's own words: `failed executing transaction 'uuid:7' at source log ...`. */
const NAMED = /transaction '([0-9a-f-]{36}(?::[a-z_][a-z0-9_]*)?:\d+)'/i;

export async function seeFailure(hold: Hold): Promise<StepFindings> {
  const replica = await readReplicaOf(hold, READ_MS);
  const error = applierError(replica);
  const name = addressText(hold.address);
  if (replica.sql) throw new StepFailed('state', `Replication SQL thread is running on ${name}`, false);
  if (error === null) throw new StepFailed('state', `No SQL error on ${name}`, false);
  return { failure: await failureOf(hold, replica), text: error };
}

async function failureOf(hold: Hold, replica: ReplicaState): Promise<string> {
  const { executed, hasGtids } = await readServer(hold, READ_MS);
  // With gtid_mode=ON the counter skips nothing, whatever the replica follows by.
  if (hold.dialect.gtid !== 'mysql' || !hasGtids) return placeOf(replica);
  const named = NAMED.exec(replica.sqlError)?.[1];
  if (named !== undefined) return named;
  // A single applier takes them in order: the first that it lacks is the one.
  const [received, known] = [parseGtidSet(gtidsIn(replica.received)), parseGtidSet(executed)];
  const lacking = received.ok && known.ok ? subtractGtids(received.value, known.value) : null;
  const first = lacking?.parts.size === 1 ? FIRST.exec(formatGtidSet(lacking)) : null;
  if (first !== null) return `${first[1] ?? ''}:${first[2] ?? ''}`;
  const text = 'which transaction its applier fails at cannot be told: it has received some of several servers';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

/** Of a set of one part: `uuid` or `uuid:tag`, and its lowest number. */
const FIRST = /^([0-9a-f-]{36}(?::[a-z_][a-z0-9_]*)?):(\d+)/;

function placeOf({ sourceFile, sourcePosition }: ReplicaState): string {
  return `${sourceFile}:${String(sourcePosition)}`;
}

/** It is started by the step that follows. */
export async function skip(hold: Hold, failure: string): Promise<StepFindings> {
  const replica = await readReplicaOf(hold, READ_MS);
  const gtid = parseGtidSet(failure);
  if (gtid.ok && /^[0-9a-f]{8}-/i.test(failure)) return await skipGtid(hold, failure, gtid.value);
  if (placeOf(replica) !== failure) return { text: `it stands no longer at ${failure}: nothing was skipped` };
  if (replica.sql || applierError(replica) === null) return { text: 'it does not fail any more: nothing was skipped' };
  await countOne(hold, replica.channel);
  return { text: `it skips what stands at ${failure}` };
}

/** Of several channels it is the next one to start that MySQL has skip; MariaDB counts for the connection that the session is at. */
async function countOne(hold: Hold, channel: string): Promise<void> {
  const { dialect } = hold;
  const name = dialect.can('replicaSkipCounter') ? 'sql_replica_skip_counter' : 'sql_slave_skip_counter';
  const count = `SET GLOBAL ${name} = 1`;
  if (dialect.flavor !== 'MariaDB' || channel === '') {
    await hold.change(count, CHANGE_MS);
    return;
  }
  const at = (connection: string): string => `SET SESSION default_master_connection = ${quoted(connection)}`;
  await wholly(hold, `${at(channel)}; ${count}; ${at('')}`);
}

/** What ends in the middle leaves the session in a state of its own, and nobody may go on in it. */
async function wholly(hold: Hold, statements: string): Promise<void> {
  try {
    await hold.change(statements, CHANGE_MS);
  } catch (error) {
    hold.link.destroy();
    throw error;
  }
}

async function skipGtid(hold: Hold, gtid: string, set: GtidSet): Promise<StepFindings> {
  const executed = parseGtidSet((await readServer(hold, READ_MS)).executed);
  if (executed.ok && countGtids(subtractGtids(set, executed.value)) === 0n) return { text: `it has ${gtid} by now` };
  // Else it would stand in the middle of a transaction, under a GTID that is not its own.
  await wholly(hold, `SET SESSION gtid_next = ${quoted(gtid)}; BEGIN; COMMIT; SET SESSION gtid_next = 'AUTOMATIC'`);
  return { text: `an empty transaction stands for ${gtid}` };
}
