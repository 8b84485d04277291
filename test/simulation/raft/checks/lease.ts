/** At most one node holds a lease at any moment of true time, each judging by its own clock. */
import type { Check } from '../observer.js';
import { Violation } from '../observer.js';
import type { Server } from '../server.js';

export function holdsLease(server: Server): boolean {
  // A stopped process acts on nothing; it looks at its clock before it acts again.
  return server.node !== null && !server.paused && server.now < server.node.lease().until;
}

export function oneLease(everyone: () => readonly Server[]): Check<Server> {
  return {
    settled(server) {
      if (!holdsLease(server)) return;
      for (const other of everyone()) {
        if (other === server || !holdsLease(other)) continue;
        const terms = [server, other].map(({ id, node }) => `${id} (term ${node?.lease().term ?? 0})`);
        throw new Violation(`one lease: ${terms.join(' and ')} both hold one`);
      }
    },
  };
}
