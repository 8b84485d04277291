/**
 * What a server's binary logs no longer hold, so that nobody can fetch it there. MySQL says so; of MariaDB's logs the
 * oldest begins with the state before it. Places without GTID are not asked for what is gone: who begins at one begins
 * where the new primary stands.
 */
import type { Hold } from '../../session/hold.js';
import { quoted } from '../../dialect.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS } from '../limits.js';
import { oneLine, type ServerState } from './replica-state.js';

/** Format description, the state, perhaps what encrypts the log. */
const HEAD_EVENTS = 4;

export async function readPurged(hold: Hold, server: ServerState): Promise<string> {
  return hold.dialect.gtid === 'mariadb' ? await readBeforeOldestLog(hold) : server.purged;
}

/** Where the logs may not be listed, or there are none, the source says itself that it lacks what is asked for. */
export async function readBeforeOldestLog(hold: Hold): Promise<string> {
  try {
    const [oldest] = await hold.read('SHOW BINARY LOGS', READ_MS);
    const file = oldest?.['Log_name'] ?? '';
    if (file === '') return '';
    const events = await hold.read(`SHOW BINLOG EVENTS IN ${quoted(file)} LIMIT ${String(HEAD_EVENTS)}`, READ_MS);
    const list = events.find((row) => row['Event_type'] === 'Gtid_list')?.['Info'] ?? '';
    return oneLine(list.replaceAll(/[[\]]/g, ''));
  } catch (error) {
    if (error instanceof StepFailed && error.code === 'statement') return '';
    throw error;
  }
}
