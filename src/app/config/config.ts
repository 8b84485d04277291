/**
 * The configuration as the rest of the program knows it: our own words, milliseconds, parsed addresses, nothing
 * optional. The incumbent's names end at the door (`keys/`); each room is handed the slice it needs.
 */
import type { Address } from '../../core/topology/address.js';
import type { DurabilityRule } from '../../core/recovery/durability/durability-terms.js';
import type { HookList } from '../../core/recovery/telling/hook-terms.js';
import type { BrakeLimits } from '../../core/recovery/policy.js';
import type { ClusterFilter } from '../../core/recovery/guards/filters.js';
import type { ClassificationRules } from '../../core/topology/classification.js';
import type { DiscoveryFilters } from '../../core/topology/discovery-filters.js';
import type { Detected } from '../../core/topology/report.js';
import type { ListenAddress } from './sections/endpoints.js';
import type { Secret } from './secret.js';

export interface Config {
  /** Everything is judged, and neither a server nor the world outside is touched. */
  readonly observesOnly: boolean;
  readonly log: LogConfig;
  readonly raft: RaftConfig;
  readonly http: HttpConfig;
  readonly grpc: GrpcConfig;
  readonly mysql: MysqlConfig;
  readonly probing: ProbingConfig;
  readonly lag: LagConfig;
  readonly recovery: RecoveryConfig;
  readonly hooks: HooksConfig;
  readonly publishing: PublishingConfig;
  readonly views: ViewsConfig;
  readonly discovery: DiscoveryConfig;
  readonly classification: ClassificationRules;
  readonly lifetimes: LifetimesConfig;
  readonly outlets: OutletsConfig;
}

/** Where what happens is told besides the log and the doors. */
export interface OutletsConfig {
  /** The log, to the system's log as well. */
  readonly syslog: boolean;
  readonly auditToSystemLog: boolean;
  /** '' for none. */
  readonly auditFile: string;
  readonly graphite: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly everyMs: number;
  } | null;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogConfig {
  readonly level: LogLevel;
  /** Errors are logged with their stacks. */
  readonly stacks: boolean;
}

export interface RaftMember {
  /** The normalised `host:port` of its entry at the cluster's birth. It names the node for life, wherever it moves. */
  readonly id: string;
  readonly address: string;
}

export interface RaftConfig {
  /** False: a cluster of one that listens for nobody. */
  readonly enabled: boolean;
  /** This node: what its data directory says, whatever its address is now; at its first start, its address. */
  readonly id: string;
  /** `host:port` at which the others reach this node now. */
  readonly advertise: string;
  /** A new node waits to be added to the cluster of RaftNodes, and founds none. */
  readonly joins: boolean;
  /** Those who found the cluster, at birth; what the log says later holds. Sorted by id; empty for one that joins. */
  readonly members: readonly RaftMember[];
  /** Addresses of others, where they may be asked. */
  readonly places: readonly string[];
  /** Made of the members' ids, so that all come to the same one. Null for a cluster of one: made up at its first start. */
  readonly clusterId: string | null;
  readonly bind: ListenAddress;
  /** Our own folder inside RaftDataDir. */
  readonly dataDir: string;
  /** Null: whoever reaches the ports is believed. */
  readonly tls: RaftTls | null;
}

/** PEM files, of which each node has its own certificate and key, all of one authority; and what was found in them. */
export interface RaftTls {
  readonly authorityFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: Secret;
}

export interface HttpConfig {
  /** What its errors are signed with; '' for nothing. */
  readonly identity: string;
  readonly listen: ListenAddress | { readonly socket: string };
  /** Base URL for the other nodes, without the prefix and without a slash at its end. */
  readonly advertiseUrl: string;
  /** '' or `/path`. */
  readonly urlPrefix: string;
  readonly statusEndpoint: string;
  readonly readOnly: boolean;
  /** Pages of other sites may give commands. */
  readonly crossSiteWrites: boolean;
  /** Of one address; 0: any number. */
  readonly writesPerSecond: number;
  readonly authentication: Authentication;
  /** Null: without TLS. */
  readonly tls: HttpTls | null;
  readonly tokens: { readonly useWithinMs: number; readonly lifetimeMs: number };
}

export interface HttpTls {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: Secret;
  readonly authority: string | null;
  /** Null: callers need no certificate. */
  readonly mutual: { readonly validUnits: readonly string[]; readonly healthToo: boolean } | null;
  readonly skipsVerifying: boolean;
}

export type Authentication =
  | { readonly method: 'none' }
  /** multi: and `readonly`, who looks. token: those who issue tokens; user '': nobody. */
  | { readonly method: 'basic' | 'multi' | 'token'; readonly user: string; readonly password: Secret }
  | {
      readonly method: 'proxy';
      /** In small letters. */
      readonly userHeader: string;
      readonly power: Circle;
      /** Null: whoever may change something may change our own cluster. */
      readonly admins: Circle | null;
    };

/** People, by name or by group of the machine. */
export interface Circle {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface GrpcConfig {
  readonly listen: ListenAddress;
  /** `host:port` for the other nodes. */
  readonly advertise: string;
}

export interface MysqlConfig {
  readonly user: string;
  readonly password: Secret;
  readonly tls: MysqlTls;
  /** How long it is remembered that a server requires TLS. */
  readonly tlsMemoryMs: number;
  readonly questions: QuestionsConfig;
  /** Empty when there is none; a password may stand in it. */
  readonly replicationCredentialsQuery: Secret;
  readonly defaultPort: number;
  readonly connectTimeoutMs: number;
  readonly probeTimeoutMs: number;
  /** Of a statement that changes a server. */
  readonly statementTimeoutMs: number;
}

/** The operator's own queries; '' where there is none. */
export interface QuestionsConfig {
  readonly lag: string;
  readonly detect: { readonly [K in keyof Detected]: string };
  /** Replicas without report_host are left out as long as there are others. */
  readonly onlyReportedReplicas: boolean;
  /** 0: a connection is kept as long as it lasts. */
  readonly connectionLifetimeMs: number;
}

export type MysqlTls =
  | { readonly when: 'never' }
  | {
      readonly when: 'where-required' | 'always';
      readonly verify: boolean;
      /** PEM texts; null: the system's authorities, no client certificate. */
      readonly ca: string | null;
      readonly certificate: string | null;
      readonly key: Secret | null;
    };

export interface ProbingConfig {
  readonly seeds: readonly Address[];
  readonly intervalMs: number;
  readonly maxConcurrent: number;
  /** 1: no back-off from servers that do not answer. */
  readonly deadFactor: number;
  readonly deadIntervalMaxMs: number;
  readonly deadMaxConcurrent: number;
  /** Every attempt is logged, not only what is new. */
  readonly logDead: boolean;
  /** How long the figures of the probing are kept. */
  readonly metricsRetentionMs: number;
  /** A probe that takes longer is slow. */
  readonly slowMs: number;
  /** Where this node stands; '' when that was not told. */
  readonly dataCenter: string;
}

/** Seconds, as MySQL counts lag. */
export interface LagConfig {
  readonly reasonableSeconds: number;
  readonly maintenanceSeconds: number;
}

/** Whom to look at, and under which name. */
export interface DiscoveryConfig {
  readonly filters: DiscoveryFilters;
  /** Says once of each address that a filter keeps it out. */
  readonly logFiltered: boolean;
  /** Servers that nobody has seen for so long are forgotten; 0: never. */
  readonly forgetUnseenMs: number;
  /** Pictures of all topologies are kept so often; 0: only when somebody asks. */
  readonly recordTopologiesMs: number;
  /** The audit and recoveries that have ended are kept so long; 0: by number alone. */
  readonly keepHistoryMs: number;
  readonly names: NamesConfig;
}

export interface NamesConfig {
  /** What becomes of a host name before it is used. */
  readonly hosts: 'as-given' | 'cname' | 'ip';
  /** What a server says of itself, and is known by once it was found to answer there. */
  readonly servers: 'as-found' | 'hostname' | 'report-host';
  readonly lifetimeMs: number;
  /** Names that are not taken for an answer. */
  readonly rejected: RegExp | null;
}

/** How long words stand that are not renewed. */
export interface LifetimesConfig {
  readonly candidateMs: number;
  readonly poolMs: number;
  readonly unresolveMs: number;
}

/** What lists leave out, by patterns on `host:port`, and what is said of who could follow whom. */
export interface ViewsConfig {
  readonly hideProblemsOf: readonly RegExp[];
  readonly noControlReplicas: readonly RegExp[];
  readonly lowerReplicaVersionAllowed: boolean;
  readonly verifyReplicationFilters: boolean;
  /** Cut out of host names where people read them; '' cuts nothing. */
  readonly textRemovedFromHosts: string;
  /** On top of the page; '' when there is none. */
  readonly webMessage: string;
  readonly fuzzyPoolHosts: boolean;
}

export interface SemiSyncConfig {
  /** Replicas are made to acknowledge, and made not to, until as many do as the primary waits for. */
  readonly exactReplicas: boolean;
  /** Replicas are made to acknowledge when the primary waits for more. */
  readonly unlocksPrimary: boolean;
  readonly lockedMs: number;
}

export interface RecoveryConfig {
  readonly primaryFilters: readonly ClusterFilter[];
  readonly intermediateFilters: readonly ClusterFilter[];
  readonly detectionBlockMs: number;
  /** No second automatic recovery of a cluster within this time. */
  readonly blockMs: number;
  /** Servers whose death is answered with nothing, by patterns on the host name. */
  readonly ignoredHosts: readonly RegExp[];
  /** Servers that are never promoted, by patterns on `host:port`. */
  readonly neverPromote: readonly RegExp[];
  readonly preventCrossDataCenter: boolean;
  readonly preventCrossRegion: boolean;
  /** 0: a replica may be promoted however far it was behind. */
  readonly promotionLagMs: number;
  readonly promotesAppliedOnly: boolean;
  readonly detachesLost: boolean;
  /** A failover promotes a server that others open. */
  readonly leavesClosed: boolean;
  /** 0: a year. */
  readonly lostDowntimeMs: number;
  /** A promotion waits as long as it takes until the candidate has applied what it received. */
  readonly waitsForApplier: boolean;
  readonly durability: readonly DurabilityRule[];
  readonly concurrentMax: number;
  readonly movesAtOnce: number;
  readonly bulkWaitMs: number;
  readonly brake: BrakeLimits;
  readonly semiSync: SemiSyncConfig;
  readonly opensReadOnlyPrimary: boolean;
  readonly promotesOtherCoPrimary: boolean;
  readonly useSuperReadOnly: boolean;
  /** The first whose filters match counts; none: a primary that is gone is not waited for. */
  readonly restartGrace: readonly { readonly filters: readonly ClusterFilter[]; readonly seconds: number }[];
  /** Clusters whose primary is replaced also when its whole data centre is silent. */
  readonly silentSiteFilters: readonly ClusterFilter[];
}

/** Commands of the operator around recoveries. */
export interface HooksConfig {
  readonly shell: string;
  readonly lists: Readonly<Record<HookList, readonly Secret[]>>;
  /** For each command that a recovery waits for before its first change. */
  readonly holdingBackMs: number;
  /** For each of the others. */
  readonly followingMs: number;
}

/** Key-value stores outside that are told where primaries are. */
export interface PublishingConfig {
  readonly prefix: string;
  /** Null: there is none. */
  readonly consul: {
    readonly address: string;
    readonly scheme: 'http' | 'https';
    readonly token: Secret;
    readonly transactions: boolean;
    readonly operationsMax: number;
    readonly everyDatacenter: boolean;
  } | null;
  /** `host:port`, separated by commas; '' when there is none. */
  readonly zookeeper: string;
}
