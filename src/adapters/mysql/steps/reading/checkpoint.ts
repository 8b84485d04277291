/**
 * A coordinator notes only now and then how far its workers have come (slave_checkpoint_period). Until then the status is
 * behind them, and a coordinator that is ended seems to leave gaps: its server refuses the next CHANGE (error 1802).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold } from '../../session/hold.js';
import { READ_MS } from '../limits.js';

/** The usual one is 300. */
const LONGEST_CHECKPOINT_MS = 2000;
const CHECKPOINT_TAKES_MS = 100;

/** Of a server whose workers rest. False, at once, where somebody has set a period that is too long to wait for. */
export async function checkpointTaken(hold: Hold): Promise<boolean> {
  const name = hold.dialect.can('replicaVariables') ? 'replica_checkpoint_period' : 'slave_checkpoint_period';
  const { periodMs = '' } = await hold.readRow(`SELECT @@GLOBAL.${name} AS periodMs`, READ_MS);
  if (!(Number(periodMs) <= LONGEST_CHECKPOINT_MS)) return false;
  await sleep(Number(periodMs) + CHECKPOINT_TAKES_MS);
  return true;
}
