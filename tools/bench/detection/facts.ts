// Servers as a probe of MySQL 9.7 describes them: healthy, with GTID.
import { type Channel, PLAIN_TRANSPORT, type ServerFacts, type ServerId } from '../../../src/core/topology/server.js';

export function channelTo(host: string): Channel {
  return {
    name: '',
    source: { host, port: 3306 },
    sourceId: host as ServerId,
    ioThread: 'running',
    sqlThread: 'running',
    ioError: null,
    sqlError: null,
    autoPosition: true,
    user: 'repl',
    delaySeconds: 0,
    tls: false,
    hasFilters: false,
    heartbeatIntervalMs: 1000,
    transport: PLAIN_TRANSPORT,
  };
}

export function factsWith(channels: readonly Channel[]): ServerFacts {
  const isReplica = channels.length > 0;
  return {
    serverNumber: 1,
    version: { text: '9.7.0', major: 9, minor: 7, patch: 0 },
    versionComment: 'MySQL Community Server',
    flavor: 'MySQL',
    hostname: 'db',
    reportHost: '',
    readOnly: isReplica,
    superReadOnly: isReplica,
    offlineMode: false,
    binlogEnabled: true,
    binlogFormat: 'ROW',
    binlogRowImage: 'FULL',
    logReplicaUpdates: true,
    gtidMode: 'ON',
    channels,
    semiSync: {
      sourceAvailable: false,
      replicaAvailable: false,
      sourceEnabled: false,
      replicaEnabled: false,
      sourceActive: false,
      replicaActive: false,
      timeoutMs: 0,
      waitCount: 0,
      waitNoReplica: false,
      waitPoint: 'unknown',
      sourcePluginIsNew: false,
      replicaPluginIsNew: false,
    },
    group: null,
    clone: null,
    isBinlogServer: false,
    givesReplicationAccount: false,
    dataCenter: '',
    region: '',
    environment: '',
    alias: '',
    promotionRule: 'neutral',
    semiSyncPriority: 0,
    suggestedClusterAlias: '',
    suggestedClusterDomain: '',
    blindSpots: [],
  };
}
