/**
 * Could one server replicate from another, as far as versions, formats and settings go? The incumbent's rules in its
 * order. Whether the other still has what the one lacks is asked separately, by GTID.
 */
import { addressText } from '../../topology/address.js';
import { parseGtidSet, subtractGtids, formatGtidSet, isEmptyGtidSet } from '../../topology/gtid-set.js';
import { mainChannel, type Server } from '../../topology/server.js';
import { formatRank, seriesOf } from './rank.js';

export interface ReplicationRules {
  /** LowerReplicaVersionAllowed. */
  readonly lowerVersionAllowed: boolean;
  /** VerifyReplicationFilters. */
  readonly verifyFilters: boolean;
  /** ReasonableMaintenanceReplicationLagSeconds: a shorter delay than this keeps nobody back. */
  readonly maintenanceLagSeconds: number;
}

/** What holds unless operators have said otherwise. */
export const USUAL_RULES: ReplicationRules = {
  lowerVersionAllowed: false,
  verifyFilters: false,
  maintenanceLagSeconds: 20,
};

type Rule = (replica: Server, source: Server, rules: ReplicationRules) => string | null;

const RULES: readonly Rule[] = [
  (replica, source) => (replica.id === source.id ? 'a server cannot replicate from itself' : null),
  (_, { facts }) => (facts.binlogEnabled ? null : 'the source writes no binary log'),
  (_, { facts }) =>
    mainChannel(facts) === null || facts.logReplicaUpdates
      ? null
      : 'the source does not write what it replicates into its binary log (log_slave_updates)',
  ({ facts }, { facts: source }) =>
    (facts.flavor === 'MariaDB') === (source.flavor === 'MariaDB') || source.isBinlogServer
      ? null
      : `${facts.flavor} does not follow ${source.flavor}`,
  ({ facts: { gtidMode } }, { facts: source }) =>
    [gtidMode, source.gtidMode].sort().join() === 'OFF,ON'
      ? `its gtid_mode is ${gtidMode}, and ${source.gtidMode} on the source`
      : null,
  (replica, source, { lowerVersionAllowed }) =>
    lowerVersionAllowed || source.facts.isBinlogServer || seriesOf(replica) >= seriesOf(source)
      ? null
      : `its version ${replica.facts.version.text} is lower than ${source.facts.version.text} of the source`,
  (replica, source) =>
    replica.facts.logReplicaUpdates && formatRank(replica) < formatRank(source)
      ? `its binlog_format ${replica.facts.binlogFormat} cannot hold ${source.facts.binlogFormat} of the source`
      : null,
  (_, { facts }, { verifyFilters }) =>
    verifyFilters && facts.channels.some(({ hasFilters }) => hasFilters) ? 'the source has replication filters' : null,
  ({ facts }, { facts: source }) =>
    source.isBinlogServer || facts.serverNumber !== source.serverNumber
      ? null
      : `both have the server_id ${String(source.serverNumber)}`,
  ({ facts }, { facts: source }, { maintenanceLagSeconds }) => {
    const delay = mainChannel(source)?.delaySeconds ?? 0;
    return delay > (mainChannel(facts)?.delaySeconds ?? 0) && delay > maintenanceLagSeconds
      ? `the source is delayed by ${String(delay)} s, which is more than the replica may be`
      : null;
  },
];

/** Null when it could; else why not, as a sentence. */
export function whyCannotReplicate(replica: Server, source: Server, rules: ReplicationRules): string | null {
  const reason = objectionTo(replica, source, rules);
  if (reason === null) return null;
  return `${addressText(replica.address)} cannot replicate from ${addressText(source.address)}: ${reason}`;
}

/** The reason alone. */
export function objectionTo(replica: Server, source: Server, rules: ReplicationRules): string | null {
  for (const rule of RULES) {
    const reason = rule(replica, source, rules);
    if (reason !== null) return reason;
  }
  return null;
}

/**
 * What the source has thrown away already and the replica has not executed: with any of that it could not begin. Null when
 * there is nothing of the kind; the sets are as they were last seen.
 */
export function whyCannotBeginByGtid(
  replica: { readonly server: Server; readonly executedGtids: string },
  source: { readonly server: Server; readonly purgedGtids: string },
): string | null {
  // MariaDB names where it stands, and its source finds that place or says so; its sets cannot be subtracted here.
  if (source.server.facts.flavor === 'MariaDB') return null;
  const names = `${addressText(replica.server.address)} cannot replicate from ${addressText(source.server.address)} by GTID`;
  for (const { server } of [replica, source]) {
    const { gtidMode } = server.facts;
    if (gtidMode === '' || gtidMode === 'OFF') return `${names}: ${addressText(server.address)} does not use GTID`;
  }
  const executed = parseGtidSet(replica.executedGtids);
  const purged = parseGtidSet(source.purgedGtids);
  if (!executed.ok || !purged.ok) return `${names}: their GTID sets cannot be read`;
  const missing = subtractGtids(purged.value, executed.value);
  return isEmptyGtidSet(missing) ? null : `${names}: the source has purged ${formatGtidSet(missing)}`;
}
