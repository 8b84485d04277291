/**
 * One server of a drawn topology, and the words that stand behind its name: lag, status, version, ro or rw, binary log,
 * extras. All of it plain values: whoever draws brings them from where it has them.
 */
import type { Address } from './address.js';

/** One server as it is to be drawn. */
export interface TopologyEntry {
  readonly address: Address;
  readonly alias: string;
  /** The server it hangs below: its source, or for a member of a group the group's primary. */
  readonly source: Address | null;
  readonly isCoPrimary: boolean;
  readonly isGroupSecondary: boolean;
  readonly isReplica: boolean;
  /** Its source was detached on purpose (`//host`). */
  readonly isDetached: boolean;
  readonly threadsRunning: boolean;
  readonly isCheckValid: boolean;
  readonly isRecentlyChecked: boolean;
  /** As replica status says; null while threads do not run. */
  readonly secondsBehind: number | null;
  /** By the custom query where there is one, else the same. */
  readonly lagSeconds: number | null;
  readonly delaySeconds: number;
  readonly version: string;
  readonly readOnly: boolean;
  readonly binlogEnabled: boolean;
  readonly binlogFormat: string;
  readonly logReplicaUpdates: boolean;
  /** Uses GTID or could. */
  readonly gtid: boolean;
  readonly errantGtids: string;
  readonly pseudoGtid: boolean;
  readonly semiSyncSource: boolean;
  readonly semiSyncReplica: boolean;
  readonly isDowntimed: boolean;
  /** `name` or `name=value`. */
  readonly tags: readonly string[];
}

/** Six columns; a column may be ''. */
export function describeColumns(entry: TopologyEntry, maintenanceLagSeconds: number): readonly string[] {
  return [
    lagOf(entry),
    statusOf(entry, maintenanceLagSeconds),
    entry.version,
    entry.readOnly ? 'ro' : 'rw',
    entry.binlogEnabled ? entry.binlogFormat : 'nobinlog',
    extrasOf(entry).join(','),
  ];
}

function lagOf(entry: TopologyEntry): string {
  if (entry.isDetached) return 'detached';
  if (!entry.isCheckValid || !entry.isRecentlyChecked) return 'unknown';
  if (entry.isReplica && (!entry.threadsRunning || entry.secondsBehind === null)) return 'null';
  return `${String(entry.lagSeconds ?? 0)}s`;
}

function statusOf(entry: TopologyEntry, maintenanceLagSeconds: number): string {
  if (!entry.isCheckValid) return 'invalid';
  if (!entry.isRecentlyChecked) return 'unchecked';
  if (!entry.isReplica) return 'ok';
  if (!entry.threadsRunning) return 'nonreplicating';
  const behind = entry.secondsBehind ?? 0;
  const lag = entry.delaySeconds > 0 ? Math.abs(behind - entry.delaySeconds) : behind;
  return lag > maintenanceLagSeconds ? 'lag' : 'ok';
}

function extrasOf(entry: TopologyEntry): readonly string[] {
  const gtid = entry.errantGtids === '' ? 'GTID' : 'GTID:errant';
  return [
    entry.binlogEnabled && entry.logReplicaUpdates ? '>>' : '',
    entry.gtid ? gtid : '',
    entry.pseudoGtid ? 'P-GTID' : '',
    entry.semiSyncSource ? 'semi:master' : '',
    entry.semiSyncReplica ? 'semi:replica' : '',
    entry.isDowntimed ? 'downtimed' : '',
  ].filter((word) => word !== '');
}
