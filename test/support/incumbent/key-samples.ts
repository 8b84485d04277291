/** A value other than its default for every key that works, with what it needs beside it: a test tries each. */
import { fileURLToPath } from 'node:url';
import { KEYS, type KeyName } from '../../../src/app/config/keys/keys.js';

const pem = (name: string): string =>
  fileURLToPath(new URL(`../../adapters/http/certificates/${name}.pem`, import.meta.url));

const TLS = { UseSSL: true, SSLCertFile: pem('nodes'), SSLPrivateKeyFile: pem('nodes-key') };
const MUTUAL = { ...TLS, SSLCAFile: pem('authority'), UseMutualTLS: true };
const MYSQL_TLS = { MySQLTopologySSLCertFile: pem('dba'), MySQLTopologySSLPrivateKeyFile: pem('dba-key') };
const BASIC = { AuthenticationMethod: 'basic', HTTPAuthUser: 'ann', HTTPAuthPassword: 'open sesame' };
const PROXY = { AuthenticationMethod: 'proxy', PowerAuthUsers: ['ann'] };
const CONSUL = { ConsulAddress: 'consul:8500' };
const NODES = { RaftEnabled: true, RaftDataDir: '/nowhere', RaftNodes: ['127.0.0.1:10008', '127.0.0.1:10009'] };
const raftPem = (name: string): string =>
  fileURLToPath(new URL(`../../adapters/grpc/certificates/${name}.pem`, import.meta.url));
const RAFT_TLS = {
  RaftTLSCAFile: raftPem('authority'),
  RaftTLSCertFile: raftPem('node'),
  RaftTLSKeyFile: raftPem('node-key'),
};
const OTHER_CERTIFICATE = { SSLCertFile: pem('dba'), SSLPrivateKeyFile: pem('dba-key') };
const GRAPHITE = { GraphiteAddr: 'graphite:2003', GraphitePath: 'orc.{hostname}' };
const SEMI_SYNC = { RecoverLockedSemiSyncMaster: true };

/** What has to stand beside a key for it to matter; where that is more than the rest of the file. */
const BESIDE: Readonly<Record<string, object>> = {
  HTTPAuthUser: BASIC,
  HTTPAuthPassword: BASIC,
  AuthUserHeader: PROXY,
  PowerAuthUsers: PROXY,
  PowerAuthGroups: PROXY,
  AdminAuthUsers: PROXY,
  AdminAuthGroups: PROXY,
  SSLPrivateKeyFile: TLS,
  SSLCertFile: TLS,
  SSLCAFile: MUTUAL,
  SSLSkipVerify: TLS,
  UseMutualTLS: { ...MUTUAL, UseMutualTLS: false },
  SSLValidOUs: MUTUAL,
  StatusOUVerify: MUTUAL,
  UseSSL: { ...TLS, UseSSL: false },
  MySQLTopologySSLCertFile: MYSQL_TLS,
  MySQLTopologySSLPrivateKeyFile: MYSQL_TLS,
  MySQLTopologyUseMutualTLS: MYSQL_TLS,
  ConsulScheme: CONSUL,
  ConsulAclToken: CONSUL,
  ConsulCrossDataCenterDistribution: CONSUL,
  ConsulKVStoreProvider: CONSUL,
  ConsulMaxKVsPerTransaction: { ...CONSUL, ConsulKVStoreProvider: 'consul-txn' },
  GraphiteAddr: { GraphitePath: 'orc.{hostname}' },
  GraphitePath: GRAPHITE,
  GraphiteConvertHostnameDotsToUnderscores: GRAPHITE,
  GraphitePollSeconds: GRAPHITE,
  FailMasterPromotionOnLagMinutes: { ReplicationLagQuery: 'select 1' },
  ReasonableLockedSemiSyncMasterSeconds: SEMI_SYNC,
  RecoveryPeriodBlockMinutes: { RecoveryPeriodBlockSeconds: 0 },
  DetachLostSlavesAfterMasterFailover: {},
  DetachLostReplicasAfterMasterFailover: { DetachLostSlavesAfterMasterFailover: false },
  RaftEnabled: { RaftNodes: ['127.0.0.1:10008'], RaftDataDir: '/nowhere' },
  RaftNodes: NODES,
  RaftJoin: NODES,
  DefaultRaftPort: { ...NODES, RaftNodes: ['127.0.0.1', '127.0.0.2'], RaftBind: '127.0.0.1' },
  RaftAdvertise: { RaftNodes: ['127.0.0.1:10009'] },
  CustomOrcIdentity: { PrependMessagesWithOrcIdentity: 'custom', CustomOrcIdentity: 'here' },
  PrependMessagesWithOrcIdentity: { CustomOrcIdentity: 'here' },
};

const SAMPLES: Readonly<Record<string, unknown>> = {
  AuthenticationMethod: 'token',
  ListenAddress: '127.0.0.1:4000',
  GRPCListenAddress: '127.0.0.1:4001',
  HTTPAdvertise: 'http://127.0.0.1:4000',
  HTTPAuthUser: 'bob',
  HTTPAuthPassword: 'another',
  SSLCAFile: pem('dba'),
  MySQLTopologySSLCertFile: pem('nodes'),
  MySQLTopologySSLPrivateKeyFile: pem('nodes-key'),
  MySQLTopologySSLCAFile: pem('authority'),
  ClusterNameToAlias: { '^db': 'shop' },
  PrimaryRestartGraceSeconds: 30,
  DurabilityPolicies: { '*': 'semi-sync' },
  ConsulAddress: 'consul:8500',
  ConsulScheme: 'https',
  ConsulKVStoreProvider: 'consul-txn',
  ConsulMaxKVsPerTransaction: 10,
  ZkAddress: 'zk:2181',
  GraphiteAddr: 'graphite:2004',
  MySQLTopologyCredentialsConfigFile: fileURLToPath(new URL('client.cnf', import.meta.url)),
  HostnameResolveMethod: 'cname',
  MySQLHostnameResolveMethod: '@@report_host',
  PrependMessagesWithOrcIdentity: 'custom',
  DataCenterPattern: '^(db)',
  RegionPattern: '^(db)',
  PhysicalEnvironmentPattern: '^(db)',
  DeadInstancePollSecondsMax: 100,
  DeadInstancePollSecondsMultiplyFactor: 3,
  GraphitePollSeconds: 7,
  RaftBind: '127.0.0.1:10010',
  RaftAdvertise: '127.0.0.1:10009',
  RaftNodes: ['127.0.0.1:10008', '127.0.0.1:10009', '127.0.0.1:10011'],
  URLPrefix: '/orc',
  StatusEndpoint: '/status-here',
  ProcessesShellCommand: 'sh',
};

/** Keys of which one means nothing without the others. */
const TOGETHER: Readonly<Record<string, object>> = {
  SSLCertFile: OTHER_CERTIFICATE,
  SSLPrivateKeyFile: OTHER_CERTIFICATE,
  RaftTLSCAFile: RAFT_TLS,
  RaftTLSCertFile: RAFT_TLS,
  RaftTLSKeyFile: RAFT_TLS,
};

/** The file around it, with and without the key. */
export function sampleOf(name: KeyName): { readonly before: object; readonly after: object } {
  const before = { ...BESIDE[name] } as Record<string, unknown>;
  const standard = before[name] ?? KEYS[name].standard;
  return { before, after: { ...before, ...(TOGETHER[name] ?? { [name]: SAMPLES[name] ?? another(standard) }) } };
}

function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}x`;
  return ['^x'];
}
