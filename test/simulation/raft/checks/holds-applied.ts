/** What a node has applied, its own log (or the snapshot under it) holds: else it would acknowledge and then forget. */
import type { Check } from '../observer.js';
import type { Server } from '../server.js';
import { Violation } from '../observer.js';

export function holdsApplied(): Check<Server> {
  return {
    ready(server) {
      const { mirror, machine, id } = server;
      if (mirror.lastIndex < machine.index) {
        throw new Violation(
          `applied and forgotten: the log of ${id} ends at ${mirror.lastIndex}, ${machine.index} is applied`,
        );
      }
    },
  };
}
