/** Server facts for tests: a healthy MySQL 9.7 server with GTID, to be changed where a test looks. */
import type { ServerObserved } from '../../src/core/ledger/command.js';
import type { Address } from '../../src/core/topology/address.js';
import { type Channel, PLAIN_TRANSPORT, type ServerFacts, type ServerId } from '../../src/core/topology/server.js';

export function serverId(name: string): ServerId {
  return name as ServerId;
}

export function addressOf(name: string): Address {
  return { host: name, port: 3306 };
}

export function channelTo(source: string, changes: Partial<Channel> = {}): Channel {
  return {
    name: '',
    source: addressOf(source),
    sourceId: serverId(source),
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
    ...changes,
  };
}

export function factsOf(changes: Partial<ServerFacts> = {}): ServerFacts {
  const isReplica = (changes.channels ?? []).length > 0;
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
    channels: [],
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
    ...changes,
  };
}

/** A server that was seen: a primary without `source`, a replica with it. */
export function observed(
  name: string,
  source: string | null = null,
  changes: Partial<ServerFacts> = {},
): ServerObserved {
  const channels = source === null ? [] : [channelTo(source)];
  return { id: serverId(name), address: addressOf(name), facts: factsOf({ channels, ...changes }) };
}
