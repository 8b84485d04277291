/** How often the source of a replica is to say that it lives. */
import { quoted, type SourceChange } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS } from '../limits.js';
import type { ReplicaState } from '../reading/replica-state.js';

/**
 * A CHANGE of host and port puts the heartbeat back to half of replica_net_timeout, 30 s by default (seen on 9.7); the
 * silence of the next primary would then be noticed that much later. Where it cannot be read it is left to the server. A
 * session asks once, and may do so before the replica is without its source.
 */
export async function heartbeatOf(hold: Hold, replica: ReplicaState): Promise<Pick<SourceChange, 'heartbeatSeconds'>> {
  if (replica.heartbeatSeconds !== null) return { heartbeatSeconds: replica.heartbeatSeconds };
  const { heartbeats } = hold.memory;
  const known = heartbeats.get(replica.channel);
  if (known !== undefined) return { heartbeatSeconds: known };
  const read = await readHeartbeat(hold, replica);
  if (read.heartbeatSeconds !== undefined) heartbeats.set(replica.channel, read.heartbeatSeconds);
  return read;
}

async function readHeartbeat(hold: Hold, replica: ReplicaState): Promise<Pick<SourceChange, 'heartbeatSeconds'>> {
  const { dialect } = hold;
  const statement = dialect.can('heartbeatStatus')
    ? "SHOW GLOBAL STATUS LIKE 'Slave_heartbeat_period'"
    : 'SELECT HEARTBEAT_INTERVAL AS Value FROM performance_schema.replication_connection_configuration ' +
      `WHERE CHANNEL_NAME = ${quoted(replica.channel)}`;
  if (!dialect.can('heartbeatStatus') && !dialect.can('connectionTables')) return {};
  const [row] = await hold.read(statement, READ_MS).catch((error: unknown) => {
    if (error instanceof StepFailed) return [];
    throw error;
  });
  const seconds = Number(row?.['Value'] ?? Number.NaN);
  return Number.isFinite(seconds) ? { heartbeatSeconds: seconds } : {};
}
