/**
 * What was last seen of servers, by whoever looked: soft state. It may keep an automatic failover from beginning, and it
 * tells people what one would find; what is done rests on what the servers say when they have been stopped.
 */
import type { ServerId } from '../topology/server.js';
import type { Vitals } from '../topology/vitals.js';

export interface LastLook {
  /** The last look at it succeeded, and not long ago. */
  readonly answers: boolean;
  /** Why it could not be read although MySQL answers there; absent where that is not so. */
  readonly unread?: string;
  /** Wall clock, milliseconds, of the last answer; null when there was none. */
  readonly seenAtMs: number | null;
  /** Of that answer. */
  readonly vitals: Vitals | null;
}

export type Sights = (server: ServerId) => LastLook;
