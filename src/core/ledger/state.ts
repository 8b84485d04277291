/**
 * The replicated state: the same on every node that has applied the same entries, byte for byte. `apply` alone changes
 * it; everybody else holds it as a `LedgerState`, which is read-only. Records are values and are replaced, never edited;
 * the maps belong to the ledger and are edited in place, because copying them for every entry would cost more than
 * everything else a node does.
 */
import type { Detection } from '../recovery/telling/detections.js';
import type { Recovery, RecoveryId } from '../recovery/recovery.js';
import type { Address } from '../topology/address.js';
import type { ClusterId, Server, ServerId } from '../topology/server.js';
import type {
  AccessToken,
  Candidate,
  Maintenance,
  Pool,
  RequestRecord,
  SharedIdentity,
  Silence,
  Tag,
  Tombstone,
  Unresolve,
} from './records.js';
import type { TopologySnapshot } from './topology-snapshot.js';

/** An address worth probing, known before (or without) an answer. */
export interface Target {
  readonly address: Address;
  readonly origin: 'seed' | 'operator' | 'replica' | 'source';
  readonly addedAtMs: number;
}

export interface Cluster {
  readonly id: ClusterId;
  /** The server that is, or was last, the primary. Its address names the cluster for users of the incumbent. */
  readonly primary: ServerId;
  /** Rises by one with each promotion; 0 for the primary that was found. */
  readonly epoch: number;
  /** Addresses of former primaries: an operator may still use an old name as a hint. */
  readonly formerNames: readonly string[];
  /** In force: what an operator set, else what the primary suggests; '' when there is neither. */
  readonly alias: string;
  /** An operator set the alias: suggestions do not touch it. */
  readonly aliasIsManual: boolean;
  /** As the primary suggests; '' when it never did. */
  readonly domain: string;
}

/** A former primary that must not take writes again until a committed epoch says so. */
export interface Demotion {
  readonly server: ServerId;
  readonly clusterId: ClusterId;
  readonly epoch: number;
  readonly recoveryId: RecoveryId;
  readonly sinceMs: number;
  /** owed: not yet seen fenced. apart: it has transactions the new primary lacks; an operator decides. */
  readonly state: 'owed' | 'fenced' | 'rejoined' | 'apart';
  /** What it has that the new primary lacks; '' when nothing or not known yet. */
  readonly extraGtids: string;
  /** A takeover that is not -auto leaves replication stopped: rejoin skips it. */
  readonly keepStopped: boolean;
}

export interface Downtime {
  readonly server: ServerId;
  readonly owner: string;
  readonly reason: string;
  readonly beganAtMs: number;
  readonly endsAtMs: number;
}

/** A problem with one server from its first sight to its end. What must not be done twice in it is recorded here. */
export interface Incident {
  readonly id: string;
  readonly server: ServerId;
  readonly clusterId: ClusterId;
  readonly openedAtMs: number;
  readonly code: string;
  /** The replica whose IO thread was restarted to find out; at most one for each incident. */
  readonly canary: ServerId | null;
}

/** A member of our own cluster, as it says itself; addresses are data. */
export interface NodeRecord {
  readonly id: string;
  readonly raftAddress: string;
  readonly httpAddress: string;
  readonly grpcAddress: string;
  readonly version: string;
  /** The highest schema version of commands that it can read; programs that do not say so read the first. */
  readonly schema?: number;
}

export interface AuditLine {
  readonly number: number;
  readonly atMs: number;
  readonly kind: string;
  readonly server: ServerId | null;
  readonly clusterId: ClusterId | null;
  readonly text: string;
}

/** Automatic recovery stopped itself, because too many clusters failed at once; an operator lets it go on. */
export interface Brake {
  readonly sinceMs: number;
  readonly reason: string;
}

export interface LedgerState {
  /** The last applied entry. */
  readonly index: number;
  /** Which founding of the cluster this log goes back to (founding.ts); null until a leader has named it. */
  readonly founding: string | null;
  /** The leader's stamps, never going back: the wall clock as far as this state knows it, milliseconds. */
  readonly nowMs: number;
  readonly targets: ReadonlyMap<string, Target>;
  readonly servers: ReadonlyMap<ServerId, Server>;
  readonly clusters: ReadonlyMap<ClusterId, Cluster>;
  readonly recoveries: ReadonlyMap<RecoveryId, Recovery>;
  readonly demotions: ReadonlyMap<ServerId, Demotion>;
  readonly downtimes: ReadonlyMap<ServerId, Downtime>;
  readonly incidents: ReadonlyMap<ServerId, Incident>;
  /** The last of each server and sort that hooks were told of; see detectionKey. */
  readonly detections: ReadonlyMap<string, Detection>;
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  /** What operators registered; in `facts.promotionRule` as long as it stands. */
  readonly candidates: ReadonlyMap<ServerId, Candidate>;
  /** Sorted by name; absent when a server has none. */
  readonly tags: ReadonlyMap<ServerId, readonly Tag[]>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly maintenances: ReadonlyMap<ServerId, Maintenance>;
  /** By host. */
  readonly unresolves: ReadonlyMap<string, Unresolve>;
  /** By server id, else by address text. */
  readonly tombstones: ReadonlyMap<string, Tombstone>;
  readonly silences: ReadonlyMap<ServerId, Silence>;
  /** By address text of the server that is not the one we know under the id. */
  readonly sharedIdentities: ReadonlyMap<string, SharedIdentity>;
  /** Oldest first. */
  readonly history: readonly TopologySnapshot[];
  /** By key. */
  readonly requests: ReadonlyMap<string, RequestRecord>;
  /** By their public half. */
  readonly accessTokens: ReadonlyMap<string, AccessToken>;
  readonly lastMaintenance: number;
  readonly recoveriesEnabled: boolean;
  /** Null when it is off. */
  readonly brake: Brake | null;
  /** What failed before does not count towards the next one; 0 when it was never released. */
  readonly brakeReleasedAtMs: number;
  readonly audit: readonly AuditLine[];
}
