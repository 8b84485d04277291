/**
 * Log matching (Raft paper, figure 3): two logs that hold an entry with the same index and term are the same up to there. By
 * induction it is enough that an entry, named by index and term, has one content and one predecessor in all logs.
 */
import type { Check } from '../observer.js';
import type { Server } from '../server.js';
import { Violation } from '../observer.js';

export function logMatching(): Check<Server> {
  const seen = new Map<string, string>();
  return {
    ready(server, ready) {
      for (const entry of ready.entries) {
        const previous = server.mirror.termAt(entry.index - 1);
        // The predecessor's term is unknown only at the very edge of what a restarted node kept.
        if (previous === undefined) continue;
        const name = `${entry.index}/${entry.term}`;
        const content = `${entry.kind} ${Buffer.from(entry.payload).toString('hex')} after term ${previous}`;
        const known = seen.get(name) ?? content;
        if (known !== content) {
          throw new Violation(`log matching: entry ${name} is "${content}" at ${server.id}, elsewhere "${known}"`);
        }
        seen.set(name, content);
      }
    },
  };
}
