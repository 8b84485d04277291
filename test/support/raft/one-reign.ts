/**
 * What a test says of one leader and its term. On a busy machine a leader that stands still for less than half a second loses
 * the lead, rightly, and nothing that was said of it holds any more: then the stage is set anew. Whatever fails while it leads
 * on is a failure.
 */
import type { RaftProcess } from './raft-process.js';

const PATIENCE_MS = 180_000;

export interface Stage {
  /** A new cluster; resolved with its leader. */
  readonly begin: () => Promise<RaftProcess>;
  readonly end: () => Promise<void>;
}

/** The leader under which it was done. */
export async function inOneReign(
  { begin, end }: Stage,
  act: (leader: RaftProcess) => Promise<void>,
): Promise<RaftProcess> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const leader = await begin();
    const before = await leader.leadership();
    try {
      await act(leader);
      return leader;
    } catch (error) {
      const now = await leader.leadership().catch(() => null);
      const ledOn = now === null || (before.role === 'leader' && now.role === 'leader' && now.term === before.term);
      if (ledOn || Date.now() > deadline) throw error;
    }
    await end();
  }
}
