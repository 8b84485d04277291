/**
 * Keys that are accepted so that an existing file can be used as it is, and that change nothing here. Each group is
 * answered with one line when the node starts.
 */
import { ignored, ignoredHidden } from './key.js';
import { bool, integer, secret, text, texts } from './kinds.js';

const anyInteger = integer();
const natural = integer(0);

/** There is no backend database: the Raft log holds the state. */
export const BACKEND_KEYS = {
  BackendDB: ignored(text, 'mysql'),
  SQLite3DataFile: ignored(text, ''),
  SkipOrchestratorDatabaseUpdate: ignored(bool, false),
  PanicIfDifferentDatabaseDeploy: ignored(bool, false),
  MySQLOrchestratorHost: ignored(text, ''),
  MySQLOrchestratorMaxPoolConnections: ignored(anyInteger, 128),
  MySQLOrchestratorPort: ignored(natural, 3306),
  MySQLOrchestratorDatabase: ignored(text, ''),
  MySQLOrchestratorUser: ignored(text, ''),
  MySQLOrchestratorPassword: ignoredHidden(secret, ''),
  MySQLOrchestratorCredentialsConfigFile: ignored(text, ''),
  MySQLOrchestratorSSLPrivateKeyFile: ignored(text, ''),
  MySQLOrchestratorSSLCertFile: ignored(text, ''),
  MySQLOrchestratorSSLCAFile: ignored(text, ''),
  MySQLOrchestratorSSLSkipVerify: ignored(bool, false),
  MySQLOrchestratorUseMutualTLS: ignored(bool, false),
  MySQLOrchestratorReadTimeoutSeconds: ignored(anyInteger, 30),
  MySQLOrchestratorRejectReadOnly: ignored(bool, false),
  MySQLOrchestratorMaxAllowedPacket: ignored(anyInteger, -1),
  InstanceWriteBufferSize: ignored(anyInteger, 100),
  BufferInstanceWrites: ignored(bool, false),
  InstanceFlushIntervalMilliseconds: ignored(anyInteger, 100),
  AuditToBackendDB: ignored(bool, false),
} as const;

/** Without effect in the incumbent, or about a mechanism that does not exist here. */
export const IDLE_KEYS = {
  MySQLTopologyMaxAllowedPacket: ignored(anyInteger, -1),
  ExpectFailureAnalysisConcensus: ignored(bool, true),
  DiscoveryQueueCapacity: ignored(natural, 100000),
  DiscoveryQueueMaxStatisticsSize: ignored(anyInteger, 120),
  OAuthClientId: ignored(text, ''),
  OAuthClientSecret: ignoredHidden(secret, ''),
  OAuthScopes: ignored(texts, []),
  SeedAcceptableBytesDiff: ignored(anyInteger, 8192),
} as const;

/** Agents, Pseudo-GTID and binlog servers. */
export const UNSUPPORTED_KEYS = {
  AgentsServerPort: ignored(text, ':3001'),
  SkipMaxScaleCheck: ignored(bool, true),
  SkipBinlogServerUnresolveCheck: ignored(bool, true),
  ServeAgentsHttp: ignored(bool, false),
  AgentsUseSSL: ignored(bool, false),
  AgentsUseMutualTLS: ignored(bool, false),
  AgentSSLSkipVerify: ignored(bool, false),
  AgentSSLPrivateKeyFile: ignored(text, ''),
  AgentSSLCertFile: ignored(text, ''),
  AgentSSLCAFile: ignored(text, ''),
  AgentSSLValidOUs: ignored(texts, []),
  AgentPollMinutes: ignored(natural, 60),
  UnseenAgentForgetHours: ignored(natural, 6),
  StaleSeedFailMinutes: ignored(natural, 60),
  SeedWaitSecondsBeforeSend: ignored(anyInteger, 2),
  AutoPseudoGTID: ignored(bool, false),
  PseudoGTIDPattern: ignored(text, ''),
  PseudoGTIDPatternIsFixedSubstring: ignored(bool, false),
  PseudoGTIDMonotonicHint: ignored(text, ''),
  DetectPseudoGTIDQuery: ignored(text, ''),
  BinlogEventsChunkSize: ignored(anyInteger, 10000),
  SkipBinlogEventsContaining: ignored(texts, []),
} as const;

/** Settings of old that the incumbent ignores as well: it took them out, or made constants of them. */
export const FORMER_NAMES: readonly string[] = [
  'DatabaselessMode__experimental',
  'BufferBinlogEvents',
  'BinlogFileHistoryDays',
  'MaintenanceOwner',
  'ReadLongRunningQueries',
  'DiscoveryPollSeconds',
  'ActiveNodeExpireSeconds',
  'AuditPageSize',
  'SlaveStartPostWaitMilliseconds',
  'MySQLTopologyMaxPoolConnections',
  'MaintenancePurgeDays',
  'MaintenanceExpireMinutes',
  'HttpTimeoutSeconds',
  'AgentAutoDiscover',
  'PseudoGTIDCoordinatesHistoryHeuristicMinutes',
  'PseudoGTIDPreferIndependentMultiMatch',
  'MaxOutdatedKeysToShow',
  'HealthPollSeconds',
  'RaftHealthPollSeconds',
  'RecoveryPollSeconds',
  'AgentHttpTimeoutSeconds',
  'DebugMetricsIntervalSeconds',
  'PseudoGTIDSchema',
  'PseudoGTIDIntervalSeconds',
  'PseudoGTIDExpireMinutes',
  'StaleInstanceCoordinatesExpireSeconds',
  'CheckAutoPseudoGTIDGrantsIntervalSeconds',
  'LostInRecoveryDowntimeSeconds',
  'ConsulKVsPerCluster',
  'ConsulMaxTransactionOps',
];
