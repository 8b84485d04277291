/**
 * What comes before a failover that an operator forced: the primary may be alive, whatever the operator believes. It is met
 * first; if it answers it is fenced before anything else is changed, and those who may be promoted get a moment to receive
 * what it had. If it cannot be reached the failover goes on and the committed demotion fences it when it answers. If it
 * answers and cannot be fenced, nothing is promoted: two primaries would take writes (invariant 6).
 *
 * A failover that comes to nothing gives the primary back as it was found: under the epoch it always had, with the
 * semi-sync that the fence took from it.
 */
import { standingOf } from '../patience.js';
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { Step, StepFailure } from '../step.js';
import { nameOf, pendingOf, replicasOf } from './next.js';

/** What was on its way when the primary was fenced is there within milliseconds, or it does not come. */
const RECEIVE_LIMIT_MS = 2_000;

export type FencedFirst =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  /** Nothing may be promoted. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It is fenced, or gone, or was known to be dead. */
  | { readonly kind: 'settled' };

const SETTLED: FencedFirst = { kind: 'settled' };

/** Changes nothing: what an operator's hooks could still hold back comes after it. */
export function meetFirst(recovery: Recovery): FencedFirst {
  if (recovery.inputs.fencesFirst !== true) return SETTLED;
  const look: Step = { kind: 'look', server: recovery.failed };
  const met = standingOf(recovery, look);
  if (met.kind === 'pending') return { kind: 'steps', steps: [look] };
  return met.kind === 'given-up' && !isGone(met.code) ? alive(recovery, met.error) : SETTLED;
}

export function fenceFirst(recovery: Recovery): FencedFirst {
  if (recovery.inputs.fencesFirst !== true) return SETTLED;
  if (standingOf(recovery, { kind: 'look', server: recovery.failed }).kind !== 'done') return SETTLED;
  const fence: Step = { kind: 'fence', server: recovery.failed };
  const fenced = standingOf(recovery, fence);
  if (fenced.kind === 'pending') return { kind: 'steps', steps: [fence] };
  if (fenced.kind === 'given-up') return isGone(fenced.code) ? SETTLED : alive(recovery, fenced.error);
  const waits = pendingOf(recovery, arrivals(recovery, fenced.findings.executedGtids ?? ''));
  return waits.length === 0 ? SETTLED : { kind: 'steps', steps: waits };
}

/** It does not answer, or another server answers in its place. Every other failure is the word of a server that lives. */
export function isGone(code: StepFailure): boolean {
  return code === 'unreachable' || code === 'replaced';
}

function alive(recovery: Recovery, error: string): FencedFirst {
  const name = nameOf(recovery, recovery.failed);
  return { kind: 'refused', reason: `${name} is alive and could not be fenced, so nobody is promoted: ${error}` };
}

function arrivals(recovery: Recovery, gtids: string): readonly Step[] {
  const { requestedCandidate } = recovery.inputs;
  return replicasOf(recovery)
    .filter(({ id, promotable }) => promotable && (requestedCandidate === null || requestedCandidate === id))
    .map(({ id }): Step => ({ kind: 'await-received', server: id, gtids, limitMs: RECEIVE_LIMIT_MS }));
}

/** Opens the primary again; null where it was not touched, or took no writes before. */
export function reopening(recovery: Recovery): Step | null {
  const { failed, inputs } = recovery;
  if (recordOf(recovery, { kind: 'fence', server: failed }) === undefined) return null;
  const met = standingOf(recovery, { kind: 'look', server: failed });
  if (met.kind !== 'done' || met.findings.readOnly !== false) return null;
  return { kind: 'open', server: failed, epoch: inputs.epoch - 1, semiSync: dutyBefore(recovery) };
}

/** One who was to become the primary acknowledges again. */
function dutyBefore({ inputs }: Recovery): Extract<Step, { kind: 'open' }>['semiSync'] {
  if (inputs.semiSync === null) return null;
  return { ...inputs.semiSync, ackers: inputs.semiSync.ackers + 1 };
}

/** Why the primary stays closed although nobody was promoted; null when it does not. */
export function stuckClosed(recovery: Recovery, reopen: Step | null): string | null {
  if (reopen === null) return null;
  const standing = standingOf(recovery, reopen);
  if (standing.kind !== 'given-up') return null;
  return `${nameOf(recovery, reopen.server)} could not be opened again: ${standing.error}`;
}
