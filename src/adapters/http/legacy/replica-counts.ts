/** What an analysis says of the replicas of its server: counted from what this node sees of each. */
import { isReplicating, mainChannel, type Server } from '../../../core/topology/server.js';
import type { Sighting } from '../../../runtime/ports/service.js';

export interface SeenReplica {
  readonly server: Server;
  readonly sighting: Sighting | null;
  readonly downtimed: boolean;
  readonly errantGtids: string;
}

export interface ReplicaCounts {
  readonly all: number;
  readonly valid: number;
  readonly replicating: number;
  readonly failingToConnect: number;
  readonly downtimed: number;
  readonly semiSyncEnabled: number;
  readonly logging: number;
  readonly statementLogging: number;
  readonly mixedLogging: number;
  readonly rowLogging: number;
  readonly loggingMajorVersions: number;
  readonly delayed: number;
  readonly lagging: number;
  readonly minGtidMode: string;
  readonly maxGtidMode: string;
  readonly maxErrant: string;
  /** Every valid replica finds its place by GTID; false without any. */
  readonly gtidThroughout: boolean;
  /** Likewise. */
  readonly binlogServersThroughout: boolean;
}

export function countReplicas(replicas: readonly SeenReplica[], reasonableLagSeconds: number): ReplicaCounts {
  const valid = replicas.filter(({ sighting }) => sighting?.valid === true);
  const logging = replicas.filter(({ server }) => server.facts.binlogEnabled && server.facts.logReplicaUpdates);
  const modes = replicas.map(({ server }) => server.facts.gtidMode).sort();
  const errant = replicas.map(({ errantGtids }) => errantGtids).sort();
  const format = (name: string): number =>
    logging.filter(({ server }) => server.facts.binlogFormat.toUpperCase() === name).length;
  return {
    all: replicas.length,
    valid: valid.length,
    replicating: valid.filter(({ server }) => replicates(server)).length,
    failingToConnect: valid.filter(({ server }) => failsToConnect(server)).length,
    downtimed: replicas.filter(({ downtimed }) => downtimed).length,
    semiSyncEnabled: valid.filter(({ server }) => server.facts.semiSync.replicaEnabled).length,
    logging: logging.length,
    statementLogging: format('STATEMENT'),
    mixedLogging: format('MIXED'),
    rowLogging: format('ROW'),
    loggingMajorVersions: new Set(logging.map(({ server }) => majorVersion(server))).size,
    delayed: replicas.filter(({ server }) => (mainChannel(server.facts)?.delaySeconds ?? 0) > 0).length,
    lagging: replicas.filter(({ sighting }) => (sighting?.vitals?.lagSeconds ?? 0) > reasonableLagSeconds).length,
    minGtidMode: modes[0] ?? '',
    maxGtidMode: modes.at(-1) ?? '',
    maxErrant: errant.at(-1) ?? '',
    gtidThroughout: valid.length > 0 && valid.every(({ server }) => mainChannel(server.facts)?.autoPosition === true),
    binlogServersThroughout: valid.length > 0 && valid.every(({ server }) => server.facts.isBinlogServer),
  };
}

/** Its applier works, its link does not, and the error says that it is the link. */
export function failsToConnect(server: Server): boolean {
  const channel = mainChannel(server.facts);
  if (channel === null || channel.ioThread === 'running' || channel.sqlThread !== 'running') return false;
  return /error.*connecting to (master|source)/i.test(channel.ioError?.text ?? '');
}

function replicates(server: Server): boolean {
  const channel = mainChannel(server.facts);
  return channel !== null && isReplicating(channel);
}

function majorVersion(server: Server): string {
  return `${String(server.facts.version.major)}.${String(server.facts.version.minor)}`;
}
