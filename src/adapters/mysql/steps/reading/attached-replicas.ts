/**
 * Who replicates from this server now? One whose thread sends it the binary log, one that has registered itself, and one
 * that has only told its uuid: between its connection and its dump thread a replica asks a dozen questions, and says "Yes"
 * of its IO thread all the while. Asked several times over a second, because one that connects at this moment has told
 * nothing yet. A replica that waits for its next attempt to connect is seen by nobody here: whoever opens the recovery
 * asks what the cluster believes of its source.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS } from '../limits.js';

/** A replica that is connecting is done with its questions well within their sum. */
const PAUSES_MS = [100, 200, 300, 400];

const TOLD_UUID =
  'SELECT t.PROCESSLIST_HOST AS host FROM performance_schema.threads t ' +
  'JOIN performance_schema.user_variables_by_thread v ON v.THREAD_ID = t.THREAD_ID ' +
  "WHERE v.VARIABLE_NAME IN ('replica_uuid', 'slave_uuid')";

/** From where they come; empty when there is none. */
export async function attachedReplicas(hold: Hold): Promise<readonly string[]> {
  for (const pauseMs of PAUSES_MS) {
    const seen = await seenNow(hold);
    if (seen.length > 0) return seen;
    await sleep(pauseMs);
  }
  return await seenNow(hold);
}

async function seenNow(hold: Hold): Promise<readonly string[]> {
  const processes = await hold.read('SHOW PROCESSLIST', READ_MS);
  const dumping = processes.filter((row) => (row['Command'] ?? '').startsWith('Binlog Dump'));
  if (dumping.length > 0) return dumping.map((row) => row['Host'] ?? '');
  const told = hold.dialect.can('connectionTimes') ? await readIfAllowed(hold, TOLD_UUID) : [];
  if (told.length > 0) return told.map((row) => row['host'] ?? '');
  const registered = await readIfAllowed(hold, hold.dialect.showReplicas);
  return registered.map((row) => `server_id ${row['Server_Id'] ?? row['Server_id'] ?? ''}`);
}

/** What needs a grant of its own is asked beside the list of processes, and never alone decides. */
async function readIfAllowed(hold: Hold, statement: string): Promise<readonly TextRow[]> {
  try {
    return await hold.read(statement, READ_MS);
  } catch (error) {
    if (error instanceof StepFailed) return [];
    throw error;
  }
}
