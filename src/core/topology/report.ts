/**
 * What one probe brought home: the material facts, the vitals, and whom else the server knows. A probe that failed says
 * how: the kind of failure is evidence, and "no report" is not (SAFETY.md, invariant 8).
 */
import type { Address } from './address.js';
import type { ServerFacts, ServerId } from './server.js';
import type { Vitals } from './vitals.js';

/**
 * Raw answers of the Detect...Query keys: the first column of the first row. Null: not configured, no row, or not
 * answered (which is then one of the blind spots). What they mean is decided where reports are taken in.
 */
export interface Detected {
  readonly clusterAlias: string | null;
  readonly clusterDomain: string | null;
  readonly instanceAlias: string | null;
  readonly promotionRule: string | null;
  readonly dataCenter: string | null;
  readonly region: string | null;
  readonly environment: string | null;
  /** Priority as semi-sync replica; null too when the answer is no number. */
  readonly semiSyncEnforced: number | null;
}

export const NOTHING_DETECTED: Detected = {
  clusterAlias: null,
  clusterDomain: null,
  instanceAlias: null,
  promotionRule: null,
  dataCenter: null,
  region: null,
  environment: null,
  semiSyncEnforced: null,
};

export interface ServerReport {
  readonly id: ServerId;
  /** The address that was asked. */
  readonly address: Address;
  readonly facts: ServerFacts;
  readonly vitals: Vitals;
  readonly detected: Detected;
  /** Replicas as this server sees them (SHOW REPLICAS and the process list), to be probed in their turn. */
  readonly replicaAddresses: readonly Address[];
}

/**
 * The votes of SAFETY.md, "Is it dead?".
 * refused: a fresh connection was refused: hard. silent: time-out, host or network unreachable. alive: MySQL answered,
 * if only with an error (1040, 1045, 1129, 1203 ...). none: no opinion: the name did not resolve, TLS failed, we are at fault.
 */
export type FailureKind = 'refused' | 'silent' | 'alive' | 'none';

export interface ProbeFailure {
  readonly kind: FailureKind;
  /** errno text (ECONNREFUSED) or MySQL error number as text. */
  readonly code: string;
  /** Names the server, the statement if there was one, and the next step. */
  readonly message: string;
  /** The GRANT that gives the account what it lacks, to be run as it stands; absent where no right is known to be missing. */
  readonly mend?: string;
}

/** Times are the probing node's monotonic clock, milliseconds: a report older than an incident is no evidence in it. */
export type ProbeResult =
  | { readonly ok: true; readonly startedAtMs: number; readonly finishedAtMs: number; readonly report: ServerReport }
  | {
      readonly ok: false;
      readonly startedAtMs: number;
      readonly finishedAtMs: number;
      readonly address: Address;
      readonly failure: ProbeFailure;
    };
