/** The keys that work, in the order of `docs/configuration.md`, which a test compares with this table. */
import { CLASSIFICATION_KEYS } from './classification.js';
import { QUESTION_KEYS } from './questions.js';
import { OUTLET_KEYS } from './outlets.js';
import { RECOVERY_KEYS } from './recovery.js';
import { DOOR_KEYS } from './doors.js';
import { DISCOVERY_KEYS } from './discovery.js';
import { HOOK_LIST_KEYS } from './hooks.js';
import { PUBLISHING_KEYS } from './publishing.js';
import { works, worksHidden } from './key.js';
import {
  baseUrl,
  bool,
  clusterFilters,
  integer,
  listen,
  number,
  patterns,
  seconds,
  secondsByCluster,
  secret,
  text,
  texts,
} from './kinds.js';

const port = integer(1, 65_535);

export const WORKING_KEYS = {
  MySQLTopologyUser: works(text, '', 'Account on every monitored server; `orchestrator grants` prints what it needs'),
  MySQLTopologyPassword: worksHidden(secret, '', 'Its password; `${NAME}` takes it from the environment'),
  MySQLTopologyCredentialsConfigFile: works(
    text,
    '',
    'File in the form of my.cnf; user and password of its [client] section replace the two above',
  ),
  ReplicationCredentialsQuery: worksHidden(
    secret,
    '',
    'Query that gives user and password for replication, for a server that never was a replica',
  ),
  MySQLTopologyUseMixedTLS: works(bool, true, 'Connect without TLS, and with it to the servers that require it'),
  MySQLTopologyUseMutualTLS: works(bool, false, 'Connect with TLS and a client certificate to all servers'),
  MySQLTopologySSLCAFile: works(text, '', 'Certificate authority that signed the certificates of the servers'),
  MySQLTopologySSLCertFile: works(text, '', 'Client certificate'),
  MySQLTopologySSLPrivateKeyFile: works(text, '', 'Key of the client certificate'),
  MySQLTopologySSLSkipVerify: works(bool, false, 'Do not verify the certificates of the servers'),
  TLSCacheTTLFactor: works(
    integer(0),
    100,
    'It is remembered for so many InstancePollSeconds that a server requires TLS',
  ),
  MySQLConnectTimeoutSeconds: works(seconds(0.1, 3600), 2, 'Time limit of a connection attempt, seconds'),
  MySQLDiscoveryReadTimeoutSeconds: works(seconds(0.1, 3600), 10, 'Time limit of a probe, seconds'),
  MySQLTopologyReadTimeoutSeconds: works(
    seconds(0.1, 86_400),
    600,
    'Time limit of a statement that changes a server, seconds, where a step has no limit of its own',
  ),

  DiscoverySeeds: works(
    texts,
    [],
    'Servers to look at first, `host` or `host:port`; their topologies are found from them',
  ),
  DefaultInstancePort: works(port, 3306, 'Port of a MySQL server that is written without one'),
  InstancePollSeconds: works(seconds(0.05, 3600), 5, 'Interval between two probes of a server, seconds'),
  DiscoveryMaxConcurrency: works(integer(1, 10_000), 300, 'Probes that may run at the same time'),
  // The incumbent does not back off unless it is told to, and then up to 300 s: a primary that returns is seen late.
  DeadInstancePollSecondsMultiplyFactor: works(
    number,
    1.5,
    'A server that does not answer is probed at intervals that grow by this factor; 1: they do not grow',
  ),
  DeadInstancePollSecondsMax: works(integer(0), 30, '... up to this interval, seconds'),
  DeadInstanceDiscoveryMaxConcurrency: works(
    integer(0, 10_000),
    0,
    'Probes of servers that do not answer that may run at the same time, beside the others; 0: a third of ' +
      'DiscoveryMaxConcurrency',
  ),
  DeadInstanceDiscoveryLogsEnabled: works(
    bool,
    false,
    'Log every probe of a server that does not answer, not only the first',
  ),
  ReasonableInstanceCheckSeconds: works(
    seconds(0, 3600),
    1,
    'A probe that takes longer is shown as invalid, and no longer keeps others waiting, seconds',
  ),
  DiscoveryCollectionRetentionSeconds: works(
    integer(0, 3600),
    120,
    'How long the figures of `discovery-metrics-raw` and its kin are kept, seconds',
  ),
  DataCenter: works(
    text,
    '',
    'Where this node stands: it probes the servers of that data centre, where nodes of it are up. New here',
  ),
  ReasonableReplicationLagSeconds: works(integer(0), 10, 'More lag than this is shown as a problem, seconds'),
  ReasonableMaintenanceReplicationLagSeconds: works(
    integer(0),
    20,
    'More lag than this keeps a replica from being taken over to, seconds',
  ),
  ReduceReplicationAnalysisCount: works(
    bool,
    true,
    'Problems are found at once where something changed, whatever is said here: there is no analysis to be kept short',
  ),
  ProblemIgnoreHostnameFilters: works(
    patterns,
    [],
    'Servers whose problems are not listed by `problems`: patterns on `host:port`',
  ),
  OSCIgnoreHostnameFilters: works(
    patterns,
    [],
    'Servers that do not count where the lag of a cluster is measured: patterns on `host:port`',
  ),

  ...DISCOVERY_KEYS,

  ...CLASSIFICATION_KEYS,

  ...QUESTION_KEYS,

  RecoverMasterClusterFilters: works(
    clusterFilters,
    [],
    'Clusters whose dead primary is replaced automatically: `*`, a name, an alias, `alias=X`, `alias~=PATTERN` or a ' +
      'pattern on the name. Empty: none',
  ),
  PrimaryRestartGraceSeconds: works(
    secondsByCluster,
    0,
    'A primary that is gone for no longer than this is being restarted and not dead, seconds: one number for all, or ' +
      'an object from cluster filters (as above) to numbers, of which the first that matches counts. New here',
  ),
  RecoverSilentDataCenterClusterFilters: works(
    clusterFilters,
    [],
    'Clusters whose primary is replaced also when all of its data centre is silent while others are well. Empty: none, ' +
      'because it may be cut off and go on writing. New here',
  ),
  RecoveryPeriodBlockSeconds: works(
    integer(0),
    3600,
    'No second automatic recovery of a cluster within this time, seconds',
  ),
  // The incumbent's default is 60, so that its zero seconds still block for an hour; here zero means zero.
  RecoveryPeriodBlockMinutes: works(integer(0), 0, 'Old form of the above; only when RecoveryPeriodBlockSeconds is 0'),
  PromotionIgnoreHostnameFilters: works(patterns, [], 'Servers that are never promoted: patterns on `host:port`'),
  PreventCrossDataCenterMasterFailover: works(
    bool,
    false,
    'Promote nobody in another data centre than that of the primary; see DataCenterPattern',
  ),
  PreventCrossRegionMasterFailover: works(bool, false, 'Promote nobody in another region; see RegionPattern'),
  ...RECOVERY_KEYS,
  ...HOOK_LIST_KEYS,
  ...PUBLISHING_KEYS,

  UseSuperReadOnly: works(
    bool,
    false,
    'Set super_read_only wherever read_only is set; fencing always sets both, and a former primary keeps both when it has rejoined',
  ),

  RaftEnabled: works(bool, false, 'Be one of several nodes; without it the node is a cluster of one'),
  RaftNodes: works(texts, [], 'All nodes of the cluster, this one too, `host` or `host:port`; the same list on each'),
  RaftJoin: works(
    bool,
    false,
    'A new node that joins a cluster: it founds none, asks the nodes in RaftNodes which it is, and waits to be added. New here',
  ),
  RaftBind: works(text, '127.0.0.1:10008', 'Where this node listens for the others, `host` or `host:port`'),
  RaftAdvertise: works(text, '', 'Where the others reach this node, if that is not RaftBind: its entry in RaftNodes'),
  DefaultRaftPort: works(port, 10_008, 'Port of an entry that is written without one'),
  RaftDataDir: works(
    text,
    '',
    'Folder for the state, which goes to `orchestrator-log` in it; required with RaftEnabled',
  ),
  RaftTLSCAFile: works(
    text,
    '',
    'Certificate authority of the nodes. With this and the next two, Raft and gRPC take only callers with a certificate of it. New here',
  ),
  RaftTLSCertFile: works(text, '', "This node's certificate, for the host under which the others reach it. New here"),
  RaftTLSKeyFile: works(text, '', 'Key of that certificate, without a passphrase. New here'),

  ListenAddress: works(listen, ':3000', 'Where the web page and the HTTP API are served, `host:port` or `:port`'),
  ListenSocket: works(text, '', 'Unix socket on which they are served instead; ListenAddress is then not opened'),
  URLPrefix: works(text, '', 'Path under which they are served, behind a proxy that passes it on'),
  StatusEndpoint: works(text, '/api/status', 'One more path of the health check, as it stands, without URLPrefix'),
  HTTPAdvertise: works(
    baseUrl,
    '',
    'Base URL at which the other nodes reach this HTTP API; default: host of Raft, port of ListenAddress',
  ),
  ...DOOR_KEYS,
  GRPCListenAddress: works(listen, ':3001', 'Where the gRPC API is served, `host:port` or `:port`. New here'),

  ...OUTLET_KEYS,

  Debug: works(bool, false, 'Log more'),
} as const;
