/**
 * What the cluster believes about one MySQL server. The ledger holds these facts; they change rarely, and each change
 * is an entry of the log. What changes with every transaction (coordinates, GTID sets, lag) is in `vitals.ts` and never
 * enters the log. Facts are values: a change makes a new one.
 */
import type { Brand } from '../base/brand.js';
import type { Address } from './address.js';

/** `server_uuid`; where a server has none (MariaDB, 5.5) the probe builds one that is as stable. */
export type ServerId = Brand<string, 'ServerId'>;

/** A replication topology. Born as the id of its first primary, and stays when the primary changes. */
export type ClusterId = Brand<string, 'ClusterId'>;

export type Flavor = 'MySQL' | 'Percona' | 'MariaDB' | 'unknown';

export interface Version {
  /** As the server says it: `9.7.0`, `5.7.36-log`, `10.11.6-MariaDB-0+deb12u1-log`. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** `connecting` is neither: the thread exists and has no link. The incumbent counts it as not running. */
export type IoThread = 'running' | 'connecting' | 'stopped';
export type SqlThread = 'running' | 'stopped';

/** One replication channel; a server without channels is no replica. The default channel's name is ''. */
export interface Channel {
  readonly name: string;
  readonly source: Address;
  /** The source's server_uuid as the replica knows it; null until it has connected once. */
  readonly sourceId: ServerId | null;
  readonly ioThread: IoThread;
  readonly sqlThread: SqlThread;
  /** Error number and text with counters and times taken out, so that a retry is no change; null when there is none. */
  readonly ioError: ReplicationError | null;
  readonly sqlError: ReplicationError | null;
  /** MySQL: SOURCE_AUTO_POSITION. MariaDB: Using_Gtid is not No. */
  readonly autoPosition: boolean;
  readonly user: string;
  readonly delaySeconds: number;
  readonly tls: boolean;
  readonly hasFilters: boolean;
  /** How often the source sends a sign of life when it has nothing else to send; 0 when never, null when unknown. */
  readonly heartbeatIntervalMs: number | null;
  readonly transport: ChannelTransport;
}

/** How a replica reaches its source: paths and names on the replica's own disk, '' where none is set, null where the version has no such setting. */
export interface ChannelTransport {
  readonly caFile: string;
  readonly caPath: string;
  readonly certificate: string;
  readonly cipher: string;
  readonly crlFile: string;
  readonly crlPath: string;
  readonly key: string;
  readonly verifiesServer: boolean | null;
  readonly tlsVersion: string;
  readonly cipherSuites: string;
  readonly publicKeyPath: string;
  readonly getsPublicKey: boolean | null;
}

/** What most channels have: nothing set. One value for all of them. */
export const PLAIN_TRANSPORT: ChannelTransport = {
  caFile: '',
  caPath: '',
  certificate: '',
  cipher: '',
  crlFile: '',
  crlPath: '',
  key: '',
  verifiesServer: null,
  tlsVersion: '',
  cipherSuites: '',
  publicKeyPath: '',
  getsPublicKey: null,
};

export interface ReplicationError {
  readonly number: number;
  readonly text: string;
}

export interface SemiSync {
  readonly sourceAvailable: boolean;
  readonly replicaAvailable: boolean;
  readonly sourceEnabled: boolean;
  readonly replicaEnabled: boolean;
  /** Status, not setting: OFF after a time-out although enabled. */
  readonly sourceActive: boolean;
  readonly replicaActive: boolean;
  readonly timeoutMs: number;
  readonly waitCount: number;
  readonly waitNoReplica: boolean;
  readonly waitPoint: 'after-sync' | 'after-commit' | 'unknown';
  /** The plugins that say source and replica (8.0.26 and later), which have variables of other names. */
  readonly sourcePluginIsNew: boolean;
  readonly replicaPluginIsNew: boolean;
}

/** A member of a replication group, as it sees itself. */
export interface GroupMembership {
  /** group_replication_group_name, a UUID. */
  readonly name: string;
  readonly singlePrimary: boolean;
  readonly state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR' | 'UNREACHABLE' | 'unknown';
  /** '' while the group has not told this member. */
  readonly role: 'PRIMARY' | 'SECONDARY' | '';
  /** The other members, sorted by address. */
  readonly others: readonly Address[];
  /** Null where every member is one, or none is known. */
  readonly primary: Address | null;
}

/** The last time this server was filled from another by the clone plugin. */
export interface CloneState {
  readonly state: 'not-started' | 'in-progress' | 'completed' | 'failed';
  /** `host:port` of the donor, or LOCAL INSTANCE. */
  readonly donor: string;
  readonly error: ReplicationError | null;
}

export type PromotionRule = 'must' | 'prefer' | 'neutral' | 'prefer_not' | 'must_not';

/** Everything material that one successful probe says of a server. */
export interface ServerFacts {
  readonly serverNumber: number;
  readonly version: Version;
  readonly versionComment: string;
  readonly flavor: Flavor;
  /** `@@hostname` and `@@report_host`, as data: neither is trusted as an address. */
  readonly hostname: string;
  readonly reportHost: string;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  readonly offlineMode: boolean;
  readonly binlogEnabled: boolean;
  readonly binlogFormat: string;
  readonly binlogRowImage: string;
  readonly logReplicaUpdates: boolean;
  /** ON, OFF, ON_PERMISSIVE, OFF_PERMISSIVE; '' where the server knows no such thing. */
  readonly gtidMode: string;
  readonly channels: readonly Channel[];
  readonly semiSync: SemiSync;
  /** Null where the server is no member of a group. */
  readonly group: GroupMembership | null;
  /** Null where the clone plugin is not loaded, or never cloned into this server. */
  readonly clone: CloneState | null;
  /** Relays binary logs and holds no data (MaxScale): it has replicas and is never promoted. */
  readonly isBinlogServer: boolean;
  /** The account with which this server replicates can be read from it, or is configured. */
  readonly givesReplicationAccount: boolean;
  readonly dataCenter: string;
  readonly region: string;
  readonly environment: string;
  readonly alias: string;
  readonly promotionRule: PromotionRule;
  /** DetectSemiSyncEnforcedQuery: 0 asynchronous, else the higher the sooner it becomes a semi-sync replica. */
  readonly semiSyncPriority: number;
  /** What this server suggests for its cluster; only the primary's suggestion counts. */
  readonly suggestedClusterAlias: string;
  readonly suggestedClusterDomain: string;
  /** What a missing grant or an absent table hides, each with the statement that would mend it. */
  readonly blindSpots: readonly BlindSpot[];
  /** What the account of the nodes may not do there and a recovery would have to; absent where nothing is known to be missing. */
  readonly missingRights?: readonly MissingRight[];
  /** What the account of the nodes may not do there and a copy to or from it would have to; absent as above. */
  readonly missingCopyRights?: readonly Omit<MissingRight, 'stops'>[];
  /** What it may do without, and a failover then waits; absent as above. */
  readonly missingPromptRights?: readonly Omit<MissingRight, 'stops'>[];
}

/** A part of the report that could not be read. */
export interface MissingRight {
  readonly privilege: string;
  /** Completes "for ...". */
  readonly purpose: string;
  /** promotion: the server could not be promoted. fence: it could only not be closed as it should be. */
  readonly stops: 'promotion' | 'fence';
  /** A whole statement. */
  readonly mend: string;
}

export interface BlindSpot {
  readonly what: string;
  readonly error: string;
  readonly mend: string;
}

/** A server as the ledger holds it. */
export interface Server {
  readonly id: ServerId;
  /** The address that the cluster uses for it. */
  readonly address: Address;
  /** Other addresses that were seen to lead to this same server. */
  readonly aliases: readonly Address[];
  readonly clusterId: ClusterId;
  readonly facts: ServerFacts;
  /** Wall clock of the leader, milliseconds, when these facts were first believed. */
  readonly changedAtMs: number;
  readonly firstSeenAtMs: number;
  /** An operator closed it, or cut it loose, or wants to open it after a failover: it is not opened without being asked. Absent where nobody did. */
  readonly keptClosed?: { readonly by: string; readonly command: string; readonly sinceMs: number };
}

/** The channel that places a server in the tree: the default one if it has it, else its first. */
export function mainChannel(facts: ServerFacts): Channel | null {
  return facts.channels.find((channel) => channel.name === '') ?? facts.channels[0] ?? null;
}

export function isReplicating(channel: Channel): boolean {
  return channel.ioThread === 'running' && channel.sqlThread === 'running';
}

/** A server that would take writes from a client that has no special right. */
export function isWritable(facts: ServerFacts): boolean {
  return !facts.readOnly && !facts.superReadOnly && !facts.offlineMode;
}

/** A group says itself who takes its writes. One that says OFFLINE has a group's name in its settings and is in none. */
export function isGroupMember({ group }: ServerFacts): boolean {
  return group !== null && group.state !== 'OFFLINE';
}

/** A member that takes no writes because another one of its group does. */
export function isGroupSecondary({ group }: ServerFacts): boolean {
  return group !== null && group.singlePrimary && group.role === 'SECONDARY';
}
