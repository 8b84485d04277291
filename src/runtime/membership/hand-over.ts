/**
 * A leader that stops names its successor first, so that a rolling restart costs no election timeout. It has a limited time
 * for that: a node that cannot hand over still stops.
 */
import type { Clock } from '../ports/clock.js';
import type { Consensus } from '../ports/consensus.js';
import { bestSuccessor } from './live-voters.js';

const HAND_OVER_MS = 2000;

/** Resolves with what there is to tell; null when this node does not lead, or leads alone. Never rejects. */
export async function handOver(consensus: Consensus, clock: Clock): Promise<string | null> {
  if (consensus.leadership().role !== 'leader') return null;
  const deadlineMs = clock.nowMs() + HAND_OVER_MS;
  try {
    const status = await consensus.status();
    const to = bestSuccessor(status);
    if (to === null) return null;
    await consensus.transferLeadership(to, deadlineMs);
    return `leadership is handed over to ${to}`;
  } catch (error) {
    return `leadership could not be handed over: ${error instanceof Error ? error.message : String(error)}`;
  }
}
