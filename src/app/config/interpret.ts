/** From checked values, in the incumbent's words, to our configuration, in ours. */
import { type Address, parseAddress } from '../../core/topology/address.js';
import { readAuthentication } from './sections/authentication.js';
import type {
  Authentication,
  Config,
  GrpcConfig,
  HttpConfig,
  LogConfig,
  MysqlConfig,
  ProbingConfig,
  RaftConfig,
  RecoveryConfig,
} from './config.js';
import { readCredentials } from './sections/credentials.js';
import { bornAs, chooseDataDirectory, type Environment } from './sections/data-directory.js';
import { overlap, urlHost } from './sections/endpoints.js';
import type { Findings } from './findings.js';
import type { Values } from './keys/keys.js';
import { type Membership, readMembership, type Resolve } from './sections/membership.js';
import { readIdentity } from './sections/identity.js';
import { readOutlets } from './sections/outlets.js';
import { readHttpTls } from './sections/http-tls.js';
import { readMysqlTls } from './sections/mysql-tls.js';
import { readPublishing } from './sections/publishing.js';
import { readRaftTls } from './sections/raft-tls.js';
import { readHooks } from './sections/hooks.js';
import { readQuestions, readServers } from './sections/servers.js';

export interface Surroundings {
  readonly environment: Environment;
  readonly resolve: Resolve;
  /** From the command line; null leaves it to the file. */
  readonly logLevel: LogConfig['level'] | null;
  readonly stacks: boolean;
  /** From the command line; the file may say so as well. */
  readonly observesOnly: boolean;
}

/** Null when a fault stands in the way; the other parts are read all the same, for their own faults. */
export async function interpret(
  values: Values,
  surroundings: Surroundings,
  findings: Findings,
): Promise<Config | null> {
  const mysql = await readMysql(values, surroundings.environment, findings);
  const probing = readProbing(values, findings);
  const recovery = readRecovery(values, findings);
  const publishing = readPublishing(values, findings);
  const authentication = readAuthentication(values, findings);
  const outlets = readOutlets(values, findings);
  const identity = await readIdentity(values, findings);
  const dataDir = await chooseDataDirectory(values, surroundings.environment, findings);
  const membership = await readMembership(values, findings, surroundings.resolve, await bornAs(dataDir));
  if (membership === null) return null;
  const tls = await readRaftTls(values, hostOf(membership.advertise), new Date(), findings);
  const httpTls = await readHttpTls(values, new Date(), findings);
  const raft: RaftConfig = { enabled: values.RaftEnabled, ...membership, dataDir, tls };
  checkRaftPort(raft, values, findings);
  return {
    observesOnly: observesOnly(values, surroundings, findings),
    log: {
      level: surroundings.logLevel ?? (values.Debug ? 'debug' : 'info'),
      stacks: surroundings.stacks || values.Debug,
    },
    raft,
    http: { ...readHttp(values, membership, authentication), tls: httpTls, identity },
    grpc: readGrpc(values, membership),
    mysql,
    probing,
    lag: {
      reasonableSeconds: values.ReasonableReplicationLagSeconds,
      maintenanceSeconds: values.ReasonableMaintenanceReplicationLagSeconds,
    },
    recovery,
    hooks: readHooks(values),
    publishing,
    views: {
      hideProblemsOf: values.ProblemIgnoreHostnameFilters,
      noControlReplicas: values.OSCIgnoreHostnameFilters,
      lowerReplicaVersionAllowed: values.LowerReplicaVersionAllowed,
      verifyReplicationFilters: values.VerifyReplicationFilters,
      textRemovedFromHosts: values.RemoveTextFromHostnameDisplay,
      webMessage: values.WebMessage,
      fuzzyPoolHosts: values.SupportFuzzyPoolHostnames,
    },
    ...readServers(values),
    outlets,
  };
}

function observesOnly(values: Values, surroundings: Surroundings, findings: Findings): boolean {
  if (!values.ObserveOnly && !surroundings.observesOnly) return false;
  const how = surroundings.observesOnly ? '--observe-only was given' : 'ObserveOnly is true';
  findings.warn(
    `${how}: NOTHING IS EVER CHANGED while this node leads, whatever fails; its log says what it would have done. It has ` +
      'to be so on every node, because the one that leads decides',
  );
  return true;
}

async function readMysql(values: Values, environment: Environment, findings: Findings): Promise<MysqlConfig> {
  return {
    ...(await readCredentials(values, environment, findings)),
    tls: await readMysqlTls(values, findings),
    tlsMemoryMs: values.TLSCacheTTLFactor * values.InstancePollSeconds * 1000,
    questions: readQuestions(values),
    replicationCredentialsQuery: values.ReplicationCredentialsQuery,
    defaultPort: values.DefaultInstancePort,
    connectTimeoutMs: values.MySQLConnectTimeoutSeconds * 1000,
    probeTimeoutMs: values.MySQLDiscoveryReadTimeoutSeconds * 1000,
    statementTimeoutMs: values.MySQLTopologyReadTimeoutSeconds * 1000,
  };
}

function readProbing(values: Values, findings: Findings): ProbingConfig {
  const seeds: Address[] = [];
  for (const seed of values.DiscoverySeeds) {
    const address = parseAddress(seed, values.DefaultInstancePort);
    if (address.ok) seeds.push(address.value);
    else findings.fault('DiscoverySeeds', `${JSON.stringify(seed)} is one of its entries; allowed: host or host:port`);
  }
  const maxConcurrent = values.DiscoveryMaxConcurrency;
  return {
    seeds,
    intervalMs: values.InstancePollSeconds * 1000,
    maxConcurrent,
    deadFactor: values.DeadInstancePollSecondsMultiplyFactor,
    deadIntervalMaxMs: values.DeadInstancePollSecondsMax * 1000,
    deadMaxConcurrent: values.DeadInstanceDiscoveryMaxConcurrency || Math.ceil(maxConcurrent / 3),
    logDead: values.DeadInstanceDiscoveryLogsEnabled,
    metricsRetentionMs: values.DiscoveryCollectionRetentionSeconds * 1000,
    slowMs: values.ReasonableInstanceCheckSeconds * 1000,
    dataCenter: values.DataCenter,
  };
}

function readRecovery(values: Values, findings: Findings): RecoveryConfig {
  if (values.RecoverMasterClusterFilters.length === 0) {
    findings.warn(
      'RecoverMasterClusterFilters is empty: NO AUTOMATIC RECOVERY will happen when a primary dies, it will only be ' +
        'reported. Set it to ["*"] to recover every cluster',
    );
  }
  const blockSeconds = values.RecoveryPeriodBlockSeconds;
  return {
    primaryFilters: values.RecoverMasterClusterFilters,
    intermediateFilters: values.RecoverIntermediateMasterClusterFilters,
    detectionBlockMs: values.FailureDetectionPeriodBlockMinutes * 60_000,
    // 0 seconds is how a file of old times says "see the minutes".
    blockMs: blockSeconds === 0 ? values.RecoveryPeriodBlockMinutes * 60_000 : blockSeconds * 1000,
    ignoredHosts: values.RecoveryIgnoreHostnameFilters,
    neverPromote: values.PromotionIgnoreHostnameFilters,
    preventCrossDataCenter: values.PreventCrossDataCenterMasterFailover,
    preventCrossRegion: values.PreventCrossRegionMasterFailover,
    promotionLagMs: values.FailMasterPromotionOnLagMinutes * 60_000,
    promotesAppliedOnly: values.FailMasterPromotionIfSQLThreadNotUpToDate,
    // The new name has no effect unless the old one, which is true, is given as false.
    detachesLost: values.DetachLostReplicasAfterMasterFailover || values.DetachLostSlavesAfterMasterFailover,
    leavesClosed: !values.ApplyMySQLPromotionAfterMasterFailover,
    lostDowntimeMs: values.MasterFailoverLostInstancesDowntimeMinutes * 60_000,
    waitsForApplier: values.DelayMasterPromotionIfSQLThreadNotUpToDate,
    durability: values.DurabilityPolicies,
    concurrentMax: values.RecoveryConcurrencyMax,
    movesAtOnce: values.MaxConcurrentReplicaOperations,
    bulkWaitMs: values.InstanceBulkOperationsWaitTimeoutSeconds * 1000,
    brake: { clusters: values.RecoveryBrakeClusters, withinMs: values.RecoveryBrakeSeconds * 1000 },
    semiSync: {
      exactReplicas: values.EnforceExactSemiSyncReplicas,
      unlocksPrimary: values.RecoverLockedSemiSyncMaster,
      lockedMs: (values.ReasonableLockedSemiSyncMasterSeconds || values.ReasonableReplicationLagSeconds) * 1000,
    },
    opensReadOnlyPrimary: values.RecoverNonWriteableMaster,
    promotesOtherCoPrimary: values.CoMasterRecoveryMustPromoteOtherCoMaster,
    useSuperReadOnly: values.UseSuperReadOnly,
    restartGrace: values.PrimaryRestartGraceSeconds,
    silentSiteFilters: values.RecoverSilentDataCenterClusterFilters,
  };
}

function readHttp(
  values: Values,
  membership: Membership,
  authentication: Authentication,
): Omit<HttpConfig, 'identity' | 'tls'> {
  const listen = values.ListenAddress;
  const prefix = values.URLPrefix.replace(/^\/+|\/+$/g, '');
  return {
    listen: values.ListenSocket === '' ? listen : { socket: values.ListenSocket },
    advertiseUrl:
      values.HTTPAdvertise ||
      `${values.UseSSL ? 'https' : 'http'}://${hostOf(membership.advertise)}:${String(listen.port)}`,
    urlPrefix: prefix === '' ? '' : `/${prefix}`,
    statusEndpoint: values.StatusEndpoint.startsWith('/') ? values.StatusEndpoint : `/${values.StatusEndpoint}`,
    readOnly: values.ReadOnly,
    crossSiteWrites: values.AllowCrossSiteWrites,
    writesPerSecond: values.HTTPWritesPerSecondMax,
    authentication,
    tokens: {
      useWithinMs: values.AccessTokenUseExpirySeconds * 1000,
      lifetimeMs: values.AccessTokenExpiryMinutes * 60_000,
    },
  };
}

function readGrpc(values: Values, membership: Membership): GrpcConfig {
  const listen = values.GRPCListenAddress;
  return { listen, advertise: `${hostOf(membership.advertise)}:${String(listen.port)}` };
}

/** The host of a `host:port`, as it stands in a URL. */
function hostOf(address: string): string {
  return urlHost(address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, ''));
}

function checkRaftPort(raft: RaftConfig, values: Values, findings: Findings): void {
  if (!raft.enabled) return;
  const ports =
    values.ListenSocket === '' ? (['ListenAddress', 'GRPCListenAddress'] as const) : (['GRPCListenAddress'] as const);
  for (const name of ports) {
    if (overlap(raft.bind, values[name])) {
      findings.fault(name, `port ${String(raft.bind.port)} is RaftBind's; allowed: a port of its own`);
    }
  }
}
