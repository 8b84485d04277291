/** Reading the binary logs of a server, for people who look for something in them. Nothing is decided from this. */
import type { Address } from '../../core/topology/address.js';

export interface BinaryLog {
  readonly file: string;
  /** GTIDs of everything before its first transaction, as the server writes them. */
  readonly previousGtids: string;
}

export interface BinaryLogs {
  /** From the oldest to the newest. */
  readonly logs: readonly BinaryLog[];
  /** Read after the logs. */
  readonly executedGtids: string;
}

export interface BinaryLogReader {
  /** Rejects with an OperationalError that names server and statement. */
  read(address: Address): Promise<BinaryLogs>;
}
