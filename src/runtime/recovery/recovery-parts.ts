/** Everything that acting needs from outside, in one place for whoever wires it. */
import type { SoftState } from '../../core/recovery/openings/graceful-takeover.js';
import type { Orchestrators } from '../../core/recovery/explain/death.js';
import type { Emergency } from '../../core/recovery/explain/doubt.js';
import type { RecoveryPolicy } from '../../core/recovery/policy.js';
import type { Sights } from '../../core/recovery/sights.js';
import type { Applied } from '../../core/ledger/ledger.js';
import type { LedgerState } from '../../core/ledger/state.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Leadership } from '../ports/consensus.js';
import type { Log } from '../ports/log.js';
import type { HookRunner } from '../ports/hooks.js';
import type { Authority, Prober, SessionOpener } from '../ports/mysql.js';
import type { Publishing } from '../ports/publishing.js';
import type { Proposal } from '../replicated-ledger.js';

/** The replicated ledger as the driver uses it. */
export interface RecoveryLedger {
  readonly state: LedgerState;
  /** The term that this node leads and whose past it has applied; null when it may not act. */
  readonly readyTerm: number | null;
  propose(proposal: Proposal): Promise<Applied>;
}

export interface RecoveryTimes {
  /** For a connection to a server of a plan: before a promotion every wait for a dead one is an outage. */
  readonly connectMs: number;
  /** For a barrier: as long as a killed statement of a former leader may take to end. */
  readonly barrierMs: number;
  /** Between two knocks at the door of a former primary that is to be fenced. */
  readonly vigilMs: number;
  /** How long such a knock waits for a connection: the way there and back is no longer, or the way is cut. */
  readonly vigilWaitMs: number;
  /** After the right to act was lost without the term being over. */
  readonly resumeMs: number;
}

export const RECOVERY_TIMES: RecoveryTimes = {
  connectMs: 1000,
  barrierMs: 5000,
  vigilMs: 50,
  vigilWaitMs: 400,
  resumeMs: 200,
};

export interface HookParts {
  readonly runner: HookRunner;
  /** FailureDetectionPeriodBlockMinutes: a failure that was told is not told again for so long. */
  readonly detectionBlockMs: number;
  /** What hooks are told of the configuration: is this cluster recovered without being asked? */
  automatic(cluster: ClusterId): { readonly primary: boolean; readonly intermediate: boolean };
}

export interface RecoveryParts {
  /** This node's id. */
  readonly self: string;
  readonly clock: Clock;
  readonly ledger: RecoveryLedger;
  readonly sessions: SessionOpener;
  readonly prober: Pick<Prober, 'knock' | 'probe'>;
  readonly policy: RecoveryPolicy;
  readonly times: RecoveryTimes;
  readonly log: Log;
  /** What this node's eyes say of the servers now. */
  readonly soft: SoftState;
  readonly sights: Sights;
  readonly hooks: HookParts;
  readonly publishing: Publishing;
  authorityFor(term: number): Authority;
  leadership(): Leadership;
  /** The voters of our own cluster, as this node knows them. */
  orchestrators(): Orchestrators;
  /** For what is explained: what goes on about a primary now; null when nobody doubts that it lives. */
  emergencyOf(server: ServerId): Emergency | null;
  recoversSilentSite(cluster: ClusterId): boolean;
  /** Does this node see a quorum of the orchestrators? For what is shown; what is done asks the quorum itself. */
  hasQuorum(): boolean;
  /** Eight hexadecimal digits that nobody else makes up. */
  randomHex(): string;
  /** A step has changed, or may have changed, this server: worth a probe now. */
  onTouched(server: ServerId): void;
  /**
   * The state shows these as looks show them that began after the last step on each; those that were seen since are not
   * looked at again. Resolves after a few seconds at the latest, whatever was seen by then; never rejects.
   */
  seeAnew(servers: readonly ServerId[]): Promise<void>;
  /** What keeps this node from acting has changed. */
  onRestraint(): void;
}
