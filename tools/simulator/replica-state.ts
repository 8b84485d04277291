// What a simulated replica says of its replication. It follows from the state of its source: a source that is gone or
// that ends each connection has lost its replicas; one that is silent or full has kept those that it had.
import type { Cell, LiveNumber } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';

export interface ReplicaState {
  readonly source: SimulatedServer;
  readonly io: 'Yes' | 'Connecting';
  readonly ioState: string;
  readonly errorNumber: number;
  readonly errorText: string;
  readonly received: Cell;
}

export const BINLOG_FILE = 'binlog.000007';
export const REPLICATION_USER = 'repl';

/** Null for a server that follows nobody. */
export function replicaStateOf(server: SimulatedServer): ReplicaState | null {
  const { source, load } = server;
  if (source === null) return null;
  const received: Cell = [`${load.uuid}:1-`, load.transactions];
  const lost = { refuse: 2003, close: 2013 } as const;
  if (source.fault !== 'refuse' && source.fault !== 'close') {
    const ioState = 'Waiting for source to send event';
    return { source, io: 'Yes', ioState, errorNumber: 0, errorText: '', received };
  }
  const number = lost[source.fault];
  const errorText =
    `Error connecting to source '${REPLICATION_USER}@${source.address}'. This was attempt 1/86400, with a delay of ` +
    `1 seconds between attempts. Message: ${LOST_TEXTS[number]}`;
  const ioState = 'Reconnecting after a failed source event read';
  return { source, io: 'Connecting', ioState, errorNumber: number, errorText, received };
}

const LOST_TEXTS: Readonly<Record<2003 | 2013, string>> = {
  2003: "Can't connect to MySQL server (111)",
  2013: "Lost connection to MySQL server at 'reading initial communication packet', system error: 104",
};

/** Microseconds since the last sign of life: a heartbeat or a transaction came in within the second. */
export const QUIET: LiveNumber = { digits: 6, read: () => 100_000 + (Math.floor(performance.now()) % 900) * 1000 };
