/**
 * From what lies on the disk to what the core may believe at start. Snapshot and log are written one after the other and
 * either may be damaged, so they are held against each other here. Whatever does not fit is thrown away and owned up to:
 * a node that forgot takes part without a vote until a leader has brought it up to date, which only a cluster of one cannot.
 */
import type { Membership, NodeId, Term } from '../../core/raft/message.js';
import type { RaftStart } from '../../core/raft/node.js';
import type { HardState } from '../../core/raft/ready.js';
import { OperationalError } from '../errors.js';
import type { ConsensusEvent } from '../ports/consensus.js';
import type { LogStore, OpenedLog } from '../ports/log-store.js';
import type { SnapshotStore, StoredSnapshot } from '../ports/snapshot-store.js';

export interface Restart {
  readonly start: RaftStart;
  readonly snapshot: StoredSnapshot | null;
  /** The disk never held anything: see birth.ts. */
  readonly fresh: boolean;
  readonly events: readonly ConsensusEvent[];
}

/** Rejects with STORAGE when there is damage that no other node can make good, or the disk fails. */
export async function readDisk(
  self: NodeId,
  birth: Membership,
  store: LogStore,
  snapshots: SnapshotStore,
): Promise<Restart> {
  const { snapshot, damaged } = await snapshots.newest();
  const log = await store.open();
  const mark = snapshot?.mark ?? { index: 0, term: 0, membership: birth };
  const lost = lossOf(log, snapshot, damaged);
  const { voters } = mark.membership;
  if (lost !== null && voters.length === 1 && voters[0] === self) {
    throw new OperationalError(
      'STORAGE',
      `the Raft data of this node is damaged (${lost}) and it is the only voter, so nobody can make it good: restore RaftDataDir from a backup, or empty it to begin anew (topologies are discovered again, the history of recoveries is lost)`,
    );
  }
  const usable = log.base <= mark.index && fits(log, mark.index, mark.term);
  if (lost !== null && log.forgot === null) await store.setForgot(true);
  if (!usable && (log.base > 0 || log.entries.length > 0)) {
    await store.append({ hardState: log.hardState, restart: { index: mark.index, term: mark.term }, entries: [] });
  }
  return {
    snapshot,
    fresh: log.fresh && snapshot === null && lost === null,
    start: {
      hardState: atLeast(log.hardState, mark.term),
      snapshot: mark,
      entries: usable ? log.entries : [],
      learnerOnly: lost !== null,
    },
    events: eventsOf(lost, damaged),
  };
}

/** Whether the log holds the snapshot's last entry, or begins right after it. */
function fits(log: OpenedLog, index: number, term: number): boolean {
  return log.base === index || log.entries[index - log.base - 1]?.term === term;
}

/** A snapshot of a newer term may have been named before the term itself was written. No vote was given in it, then. */
function atLeast(hardState: HardState, term: Term): HardState {
  return hardState.term >= term ? hardState : { ...hardState, term, vote: null };
}

function lossOf(log: OpenedLog, snapshot: StoredSnapshot | null, damaged: readonly string[]): string | null {
  if (log.forgot !== null) return log.forgot;
  if (log.base <= (snapshot?.mark.index ?? 0)) return null;
  const reason = damaged.length > 0 ? `damaged: ${damaged.join(', ')}` : 'none is left';
  return `the log begins after entry ${log.base}, and no snapshot reaches that far (${reason})`;
}

function eventsOf(lost: string | null, damaged: readonly string[]): ConsensusEvent[] {
  const events: ConsensusEvent[] = damaged.map((name) => ({
    level: 'warn',
    kind: 'damaged-snapshot',
    text: `${name} is damaged and was passed over; it can be deleted`,
  }));
  if (lost !== null) {
    const text = `the Raft data of this node is damaged: ${lost}. It takes part without a vote until the leader has brought it up to date; nothing needs to be done`;
    events.push({ level: 'error', kind: 'damaged-log', text });
  }
  return events;
}
