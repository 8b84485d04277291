/**
 * A leader that stops names its successor first, so that a rolling restart costs no election timeout. It has a limited time
 * for that: a node that cannot hand over still stops.
 */
import type { Clock } from '../ports/clock.js';
import type { Consensus } from '../ports/consensus.js';
import type { NodeId } from '../../core/raft/message.js';
import { bestSuccessor, isLive } from './live-voters.js';

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

/** Fewer than arrive within a heartbeat or two: who is further behind would keep the cluster waiting. */
const BEHIND_MAX = 256;

/** To the first of these that votes, answers and is up to date. Resolves with what came of it, a sentence. Never rejects. */
export async function handOverTo(consensus: Consensus, clock: Clock, nodes: readonly string[]): Promise<string> {
  try {
    const status = await consensus.status();
    const to = nodes.find((node) => {
      const id = node as NodeId;
      const match = status.peers.find((peer) => peer.id === id)?.matchIndex ?? 0;
      return status.membership.voters.includes(id) && isLive(status, id) && status.lastIndex - match <= BEHIND_MAX;
    }) as NodeId | undefined;
    if (to === undefined) return 'none of those who do is up to date, so it leads on';
    await consensus.transferLeadership(to, clock.nowMs() + HAND_OVER_MS);
    return `leadership goes to ${to}`;
  } catch (error) {
    return `leadership could not be handed over: ${error instanceof Error ? error.message : String(error)}`;
  }
}
