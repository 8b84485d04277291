/** Whether the appliers of a server have nothing left to do, by its list of processes. */
import type { Hold, TextRow } from '../../session/hold.js';
import { READ_MS } from '../limits.js';

const RESTING = /has read all relay log|waiting for an event from coordinator|waiting for work from sql thread/i;
const RECEIVING = /for (?:master|source)|connect|^queueing/i;

/** The applier may say that it has read all while its workers have not done yet. */
export async function appliersRest(hold: Hold): Promise<boolean> {
  const rows = await hold.read('SHOW PROCESSLIST', READ_MS);
  return rows.filter(isApplier).every((row) => RESTING.test(row['State'] ?? ''));
}

function isApplier(row: TextRow): boolean {
  const isReceiver = row['Command'] === 'Slave_IO' || RECEIVING.test(row['State'] ?? '');
  return row['User'] === 'system user' && row['Command'] !== 'Daemon' && !isReceiver;
}
