/**
 * Who stands where the failed server stood, where nobody was promoted: for whoever asks what became of it, as users of the
 * incumbent do by the successor of a recovery.
 */
import type { ServerId } from '../topology/server.js';
import { familyOf } from './kinds.js';
import type { Recovery, RecoveryKind } from './recovery.js';

/** Null when that question does not apply to the kind, or nothing was done. */
export function heirOf(recovery: Recovery): ServerId | null {
  switch (familyOf(recovery.kind)) {
    case 'intermediate':
      return mostFollowed(recovery);
    case 'read-only':
    case 'semi-sync':
      return recovery.failed;
    default:
      return null;
  }
}

/** The server that most were pointed at; of several the first. */
function mostFollowed({ steps, failed }: Recovery): ServerId | null {
  const followers = new Map<ServerId, number>();
  for (const { step, outcome } of steps) {
    if (step.kind !== 'repoint' || step.source === failed || outcome?.ok !== true) continue;
    followers.set(step.source, (followers.get(step.source) ?? 0) + 1);
  }
  const [most] = [...followers].sort(([, one], [, other]) => other - one);
  return most?.[0] ?? null;
}

export function roleWords(kind: RecoveryKind, successor: string): string {
  return familyOf(kind) === 'intermediate' ? `${successor} takes its place` : `${successor} is the primary`;
}
