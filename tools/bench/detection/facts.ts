// Servers as a probe of MySQL 9.7 describes them: healthy, with GTID. Tests change them where they look.
export type Channel = ReturnType<typeof channelTo>;

export type Facts = ReturnType<typeof factsWith<Channel>>;

export function channelTo(host: string) {
  return {
    name: '',
    source: { host, port: 3306 },
    sourceId: host,
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
    transport: {},
  } as const;
}

export function factsWith<OneChannel>(channels: readonly OneChannel[]) {
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
  } as const;
}
