/**
 * The ledger's own, editable face of the state. Only `apply` and its parts hold a Draft; the rest of the program sees
 * `LedgerState`, where the same maps cannot be edited.
 */
import type { Detection } from '../recovery/telling/detections.js';
import type { Recovery, RecoveryId } from '../recovery/recovery.js';
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
import type { AuditLine, Cluster, Demotion, Downtime, Incident, LedgerState, NodeRecord, Target } from './state.js';
import type { TopologySnapshot } from './topology-snapshot.js';

export interface Draft extends LedgerState {
  index: number;
  founding: string | null;
  nowMs: number;
  readonly targets: Map<string, Target>;
  readonly servers: Map<ServerId, Server>;
  readonly clusters: Map<ClusterId, Cluster>;
  readonly recoveries: Map<RecoveryId, Recovery>;
  readonly demotions: Map<ServerId, Demotion>;
  readonly downtimes: Map<ServerId, Downtime>;
  readonly incidents: Map<ServerId, Incident>;
  readonly detections: Map<string, Detection>;
  readonly nodes: Map<string, NodeRecord>;
  readonly candidates: Map<ServerId, Candidate>;
  readonly tags: Map<ServerId, readonly Tag[]>;
  readonly pools: Map<string, Pool>;
  readonly maintenances: Map<ServerId, Maintenance>;
  readonly unresolves: Map<string, Unresolve>;
  readonly tombstones: Map<string, Tombstone>;
  readonly silences: Map<ServerId, Silence>;
  readonly sharedIdentities: Map<string, SharedIdentity>;
  history: TopologySnapshot[];
  readonly requests: Map<string, RequestRecord>;
  readonly accessTokens: Map<string, AccessToken>;
  lastMaintenance: number;
  recoveriesEnabled: boolean;
  brake: LedgerState['brake'];
  brakeReleasedAtMs: number;
  audit: AuditLine[];
}

export function emptyDraft(): Draft {
  return {
    index: 0,
    founding: null,
    nowMs: 0,
    targets: new Map(),
    servers: new Map(),
    clusters: new Map(),
    recoveries: new Map(),
    demotions: new Map(),
    downtimes: new Map(),
    incidents: new Map(),
    detections: new Map(),
    nodes: new Map(),
    candidates: new Map(),
    tags: new Map(),
    pools: new Map(),
    maintenances: new Map(),
    unresolves: new Map(),
    tombstones: new Map(),
    silences: new Map(),
    sharedIdentities: new Map(),
    history: [],
    requests: new Map(),
    accessTokens: new Map(),
    lastMaintenance: 0,
    recoveriesEnabled: true,
    brake: null,
    brakeReleasedAtMs: 0,
    audit: [],
  };
}

/** What an entry changed, in a sentence; the audit and the streams are made of these. */
export interface Fact {
  readonly kind: string;
  readonly server: ServerId | null;
  readonly clusterId: ClusterId | null;
  readonly text: string;
}

export function fact(kind: string, text: string, server: ServerId | null, clusterId: ClusterId | null): Fact {
  return { kind, server, clusterId, text };
}

/**
 * An entry that no longer fits the state it meets (two leaders, one after the other, may both open a recovery) changes
 * nothing. It is not an error: every node refuses it alike, and the proposer looks at the state to learn what became of it.
 */
export function rejected(
  text: string,
  server: ServerId | null = null,
  clusterId: ClusterId | null = null,
): readonly Fact[] {
  return [fact('rejected', text, server, clusterId)];
}
