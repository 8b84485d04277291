/** A recovery as our page shows it, step by step, while it happens and after. Servers are named by their address. */
import type { LedgerState } from '../../../core/ledger/state.js';
import { durabilityVerdict } from '../../../core/recovery/durability/durability.js';
import { type Headway, headwayOf } from '../../../core/recovery/progress/headway.js';
import type { Recovery, StepRecord } from '../../../core/recovery/recovery.js';
import { withoutName } from '../../../core/recovery/telling/naming.js';
import { describeStep } from '../../../core/recovery/step-text.js';
import { lostWords, type NameOf, namesIn, stepDetail, waitingWords } from '../step-words.js';

export interface RecoveryOverview {
  readonly id: string;
  readonly kind: string;
  readonly clusterId: string;
  readonly code: string;
  readonly description: string;
  readonly failed: string;
  readonly successor: string | null;
  readonly openedAtMs: number;
  readonly openedBy: string;
  readonly closedAtMs: number | null;
  readonly verdict: { readonly kind: string; readonly reason: string } | null;
  readonly acknowledged: boolean;
  /** Whether no acknowledged transaction was lost for certain, and if not, why; null where the question does not apply. */
  readonly durability: { readonly guaranteed: boolean; readonly because: readonly string[] } | null;
  readonly lost: readonly {
    readonly address: string;
    readonly reason: string;
    /** What it alone has. */
    readonly gtids: string;
    /** Of those, what was provably never acknowledged to a client. */
    readonly unacknowledged: string;
  }[];
  /** How many of several that it moves are where they were to go; null where it is about one. */
  readonly headway: Headway | null;
  readonly steps: readonly StepOverview[];
}

export interface StepOverview {
  readonly number: number;
  readonly kind: string;
  readonly server: string;
  readonly attempt: number;
  readonly intendedAtMs: number;
  readonly finishedAtMs: number | null;
  /** Null while it is under way. */
  readonly ok: boolean | null;
  /** What is meant, as a sentence. */
  readonly intent: string;
  /** What was found, or what went wrong; while it is under way, what a person has to know. */
  readonly detail: string;
}

export function recoveryOverview(recovery: Recovery, state: LedgerState): RecoveryOverview {
  const nameOf = namesIn(recovery, (server) => state.servers.get(server)?.address ?? null);
  const { verdict } = recovery;
  return {
    id: recovery.id,
    kind: recovery.kind,
    clusterId: recovery.clusterId,
    code: recovery.code,
    description: recovery.description,
    failed: nameOf(recovery.failed),
    successor: recovery.successor === null ? null : nameOf(recovery.successor),
    openedAtMs: recovery.openedAtMs,
    openedBy: recovery.openedBy,
    closedAtMs: recovery.closedAtMs,
    verdict:
      verdict === null ? null : { kind: verdict.kind, reason: verdict.kind === 'succeeded' ? '' : verdict.reason },
    acknowledged: recovery.acknowledged !== null,
    durability: durabilityOf(recovery),
    lost: recovery.lost.map((lost) => ({
      address: nameOf(lost.server),
      reason: withoutName(nameOf(lost.server), lostWords(lost)),
      gtids: lost.gtids,
      unacknowledged: lost.unacknowledged ?? '',
    })),
    headway: headwayOf(recovery),
    steps: recovery.steps.map((record) => stepOverview(record, nameOf)),
  };
}

function durabilityOf(recovery: Recovery): RecoveryOverview['durability'] {
  const verdict = recovery.promotion === null ? null : durabilityVerdict(recovery);
  if (verdict === null) return null;
  return { guaranteed: verdict.kind === 'guaranteed', because: verdict.kind === 'guaranteed' ? [] : verdict.because };
}

function stepOverview(record: StepRecord, nameOf: NameOf): StepOverview {
  return {
    number: record.number,
    kind: record.step.kind,
    server: nameOf(record.step.server),
    attempt: record.attempt,
    intendedAtMs: record.intendedAtMs,
    finishedAtMs: record.finishedAtMs,
    ok: record.outcome?.ok ?? null,
    intent: describeStep(record.step, nameOf),
    detail: record.outcome === null ? waitingWords(record, nameOf) : stepDetail(record.outcome),
  };
}
