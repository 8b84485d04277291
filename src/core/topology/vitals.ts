/**
 * Soft state: what changes with every transaction or second. It is kept by the node that probed, shown with its age,
 * and lost without harm; a decision that needs it reads the servers again.
 */
export interface BinlogPosition {
  readonly file: string;
  readonly position: number;
}

export interface ChannelVitals {
  readonly name: string;
  /** Source's binary log: what the IO thread has fetched, what the SQL thread has applied. */
  readonly read: BinlogPosition | null;
  readonly executed: BinlogPosition | null;
  readonly relay: BinlogPosition | null;
  readonly retrievedGtids: string;
  /** Seconds_Behind_Source; null while threads do not run. */
  readonly secondsBehind: number | null;
  /** By the replica's own clock: since the last heartbeat or event came in; null when it cannot tell. */
  readonly quietMs: number | null;
}

export interface Vitals {
  /** UPTIME, seconds: a value that falls tells of a restart. */
  readonly uptimeSeconds: number;
  readonly executedGtids: string;
  readonly purgedGtids: string;
  /** Own binary log's end; null without binary log or without the grant. */
  readonly binlog: BinlogPosition | null;
  readonly channels: readonly ChannelVitals[];
  /** Custom lag query where configured, else the main channel's secondsBehind; null when unknown. */
  readonly lagSeconds: number | null;
  readonly semiSyncClients: number;
  /** How long the probe took, milliseconds. */
  readonly latencyMs: number;
}
