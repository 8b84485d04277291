/** Who of the voters answers, as the leader sees it, and who of them should lead next. */
import type { NodeId } from '../../core/raft/message.js';
import type { ConsensusStatus } from '../ports/consensus.js';

/** Several heartbeats; a busy machine is not dead. */
const SILENT_MS_MAX = 2000;

export function isLive(status: ConsensusStatus, id: NodeId): boolean {
  if (id === status.id) return status.storageTrouble === null;
  const peer = status.peers.find((other) => other.id === id);
  return (
    peer?.connected === true && peer.trouble === null && (peer.lastHeardMs ?? Number.POSITIVE_INFINITY) < SILENT_MS_MAX
  );
}

/** The live voter, other than the leader itself, that holds most of the log; null when there is none. */
export function bestSuccessor(status: ConsensusStatus): NodeId | null {
  let best: { readonly id: NodeId; readonly match: number } | null = null;
  for (const id of status.membership.voters) {
    if (id === status.id || !isLive(status, id)) continue;
    const match = status.peers.find((peer) => peer.id === id)?.matchIndex ?? 0;
    if (best === null || match > best.match) best = { id, match };
  }
  return best?.id ?? null;
}
