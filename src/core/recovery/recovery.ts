/**
 * A recovery as the ledger holds it: opened before any server is touched, every step's intent and outcome beside it,
 * closed once. A new leader reads this record and nothing else to go on where the old one stood, so whatever a step
 * depends on is in here: a resumed step uses the inputs committed with it, never recomputed ones (SAFETY.md, 15).
 */
import type { Brand } from '../base/brand.js';
import type { ClusterId, ServerId } from '../topology/server.js';
import type { BinlogPosition } from '../topology/vitals.js';
import type { DurabilityTerms } from './durability/durability-terms.js';
import type { HookTerms } from './telling/hook-terms.js';
import type { MoveTerms } from './requests/movement.js';
import type { Beginning, Resting, SemiSyncDuty, Step, StepOutcome } from './step.js';
import type { SwitchTerms } from './requests/switching.js';

/** `<unix milliseconds>:<hex>`, unique in the cluster; the incumbent's UID. */
export type RecoveryId = Brand<string, 'RecoveryId'>;

/**
 * dead-primary: the primary is gone, a replica takes over. dead-co-primary: the other of the two that replicated from each
 * other takes over. graceful-takeover: an operator moves the primary's role. former-primary: a demoted primary answers
 * again and is fenced, then rejoined or set apart. dead-intermediate, dead-group-member: replicas lost their source, which
 * is no primary, and are given another. read-only-primary: the primary of the committed epoch takes no writes and is
 * opened. semi-sync: who acknowledges to the primary is changed. lost-replica: one that a failover left behind answers
 * again. inject-empty, reset-gtids, rebuild: an operator brings back one that was set apart. move: an operator gives replicas
 * another source, see movement.ts. switch: an operator changes one server, beside whatever goes on elsewhere in its cluster,
 * see switching.ts.
 */
export type RecoveryKind =
  | 'dead-primary'
  | 'dead-co-primary'
  | 'graceful-takeover'
  | 'former-primary'
  | 'dead-intermediate'
  | 'dead-group-member'
  | 'read-only-primary'
  | 'semi-sync'
  | 'lost-replica'
  | 'inject-empty'
  | 'reset-gtids'
  | 'rebuild'
  | 'move'
  | 'switch';

export interface StepRecord {
  /** Unique within the recovery; steps are numbered in the order of their intents. */
  readonly number: number;
  readonly step: Step;
  readonly intendedAtMs: number;
  /** Term of the leader that meant to do it. */
  readonly term: number;
  readonly attempt: number;
  readonly finishedAtMs: number | null;
  readonly outcome: StepOutcome | null;
}

export type Verdict =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string }
  /**
   * Nothing was changed, or all that was is back as it stood. One that gave way to another recovery was left as it stood at
   * that moment, and is taken up again when that one has ended.
   */
  | { readonly kind: 'undone'; readonly reason: string; readonly gaveWayTo?: RecoveryId };

export interface Recovery {
  readonly id: RecoveryId;
  readonly kind: RecoveryKind;
  readonly clusterId: ClusterId;
  /** The problem that called for it (analysis code), and its sentence. */
  readonly code: string;
  readonly description: string;
  /** The server that failed or is to give its role away. */
  readonly failed: ServerId;
  /** Kind-specific, committed at the opening; see the playbook of the kind. */
  readonly inputs: RecoveryInputs;
  readonly openedAtMs: number;
  readonly openedBy: string;
  readonly steps: readonly StepRecord[];
  /** The epoch that `Promoting` committed: the point of no return. Null before it. */
  readonly promotion: { readonly server: ServerId; readonly epoch: number } | null;
  readonly successor: ServerId | null;
  /** Servers that could not follow, and why. */
  readonly lost: readonly LostServer[];
  readonly closedAtMs: number | null;
  readonly verdict: Verdict | null;
  readonly acknowledged: { readonly atMs: number; readonly by: string; readonly comment: string } | null;
  /** What has begun is brought to its end, and nothing else is begun. */
  readonly cancelled?: { readonly atMs: number; readonly by: string };
}

export interface LostServer {
  readonly server: ServerId;
  readonly reason: string;
  /** What it has and the new primary lacks; '' when nothing or when that is not why it was lost. */
  readonly gtids: string;
  /** Those of them that were provably never acknowledged to a client; absent where that is proven of none. */
  readonly unacknowledged?: string;
}

/** What a former primary's return knows of the failover that replaced it; see unacknowledged.ts. */
export interface ReplacedBy {
  readonly recovery: RecoveryId;
  /** Why an acknowledged transaction may have been lost with it; empty: none was. */
  readonly doubts: readonly string[];
  /** All that the replicas that were reached had received. */
  readonly received: string;
  /** It was fenced beside that failover, and waited for acknowledgements until then. */
  readonly waitedForAcks?: boolean;
}

export interface RecoveryInputs {
  /** Every server that takes part, as it was believed at the opening: id, address and what the playbook needs of it. */
  readonly participants: readonly Participant[];
  /** The epoch that a promotion takes; the primary of the opening holds the one before it. */
  readonly epoch: number;
  /** The candidate an operator asked for; it is promoted or the request refused. */
  readonly requestedCandidate: ServerId | null;
  /** graceful-takeover-auto: the old primary's replication is started. */
  readonly startFormerPrimary: boolean;
  /** How long the relay log may take to be applied before the promotion gives up, milliseconds. */
  readonly applyLimitMs: number;
  /** Null where the primary had no semi-synchronous replication switched on. */
  readonly semiSync: SemiSyncDuty | null;
  /** An operator asked for it: ignores filters, downtime and blocks, never safety. */
  readonly forced: boolean;
  readonly requestedBy: string;
  /** Dead primaries only; records of before it was known have none. */
  readonly durability?: DurabilityTerms;
  /** Without GTID only: where the binary logs of participants stood when they were last looked at. */
  readonly seenEnds?: readonly { readonly server: ServerId; readonly at: BinlogPosition }[];
  /** Former primaries and lost replicas without GTID only: where who is level begins behind the primary of today. */
  readonly handover?: Beginning;
  /** FailMasterPromotionIfSQLThreadNotUpToDate: who has relay log left to apply is not promoted. */
  readonly promotesAppliedOnly?: boolean;
  /** former-primary only; absent where its failover's record says nothing of acknowledgements. */
  readonly replaced?: ReplacedBy;
  /** DetachLostReplicasAfterMasterFailover: who is set apart cannot go on with its old source. */
  readonly detachesLost?: boolean;
  /** ApplyMySQLPromotionAfterMasterFailover is false: the new primary keeps its source and stays closed; an operator opens it. */
  readonly leavesClosed?: boolean;
  /** MasterFailoverLostInstancesDowntimeMinutes; absent: a year. */
  readonly lostDowntimeMs?: number;
  /** Forced: the primary may be alive, so it is met and fenced before anybody else is touched. */
  readonly fencesFirst?: boolean;
  /** By its name at the incumbent's; absent where nobody asked. */
  readonly command?: OperatorCommand;
  /** recover-lite: none of the commands that the configuration names is run. */
  readonly skipHooks?: boolean;
  /** The caller's own mark of this request: the same mark again is the same request. */
  readonly requestKey?: string;
  /** All that was asked under that mark, as text; absent in records of before it was kept. */
  readonly requestFor?: string;
  /** Absent where no list that could apply is configured, or hooks are skipped. */
  readonly hooks?: HookTerms;
  /** There are key-value stores outside that are told of the new primary, and the hooks that follow wait for that. */
  readonly publishes?: boolean;
  /** move only. */
  readonly movement?: MoveTerms;
  /** switch only. */
  readonly switching?: SwitchTerms;
  /** These are in maintenance for as long as it is open. */
  readonly locks?: { readonly servers: readonly ServerId[]; readonly reason: string };
}

/** What an operator may ask for that is done by a recovery. */
export type OperatorCommand =
  | 'graceful-master-takeover'
  | 'graceful-master-takeover-auto'
  | 'force-master-failover'
  | 'force-master-takeover'
  | 'recover'
  | 'recover-lite';

export interface Participant {
  readonly id: ServerId;
  readonly host: string;
  readonly port: number;
  /**
   * primary: at the opening; in a former-primary recovery the new one, and the returning server is a replica to be.
   * former: an earlier primary that answers and is not fenced yet; in a way back, the server that returns and was one. donor:
   * whose copy the server that returns becomes. gone: a source that is no primary and failed; its
   * replicas are the replicas. place: a server that those could follow instead; it is read and not changed.
   */
  readonly role: 'primary' | 'replica' | 'former' | 'donor' | 'gone' | 'place';
  readonly promotable: boolean;
  /** Why not, when it is not promotable. */
  readonly reason: string;
  /** Lower is better; from rank(). Compared only among equally advanced candidates. */
  readonly preference: number;
  /** Lower is better. A candidate of a better tier is worth the time in which it catches up; a better preference is not. */
  readonly tier: number;
  /** Writes what it applies into its binary log, so that another server can fetch it from there. */
  readonly servesOthers: boolean;
  /** How it tells how far it has come, where that is not by sets of GTIDs: by MariaDB's writers, or by places in logs. */
  readonly countsBy?: 'writers' | 'places';
  /** Its replication is started when it has been pointed elsewhere; not so a former primary that is kept stopped. */
  readonly start: boolean;
  /** semi-sync only: whether it is to acknowledge to the primary. */
  readonly acknowledges?: boolean;
  /** Somebody had stopped its replication by the time of the opening: should it be left behind, it is left alone. */
  readonly wasStopped?: boolean;
  /** move, graceful-takeover. */
  readonly rests?: Resting;
  /** Whom it followed at the opening, where that was not the server that failed. */
  readonly follows?: ServerId;
  /** Of a server that replicates over several channels, the one that this plan is about; the others are left alone. */
  readonly channel?: string;
  /** Other participants that it cannot replicate from whatever its data (versions, formats), and why. */
  readonly cannotFollow: readonly { readonly source: ServerId; readonly reason: string }[];
}
