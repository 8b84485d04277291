/** Judges nothing: writes down what the protocol went through, for the tally of a run. */
import { decodeMembership } from '../../../../src/core/raft/membership-codec.js';
import type { Happenings } from '../happenings.js';
import type { Check } from '../observer.js';
import type { Server } from '../server.js';
import { holdsLease } from './lease.js';

export function witness(happened: Happenings, everyone: () => readonly Server[]): Check<Server> {
  let lastMembership = 0;
  return {
    ready(server, ready) {
      if (ready.logReset !== null && ready.logReset.index > server.disk.snapshot.mark.index)
        happened.note('snapshot installed');
      for (const { kind } of ready.events) if (kind === 'recovered') happened.note('voter recovered from a loss');
    },
    sent(_server, message) {
      if (message.type === 'timeout-now') happened.note('order to take over sent');
      else if (message.type === 'read-index-request') happened.note('read passed on by a follower');
    },
    applied(_server, entry) {
      if (entry.kind !== 'membership' || entry.index <= lastMembership) return;
      lastMembership = entry.index;
      const { outgoing } = decodeMembership(entry.payload);
      happened.note(outgoing.length > 0 ? 'joint membership committed' : 'membership committed');
    },
    leads() {
      const leading = everyone().filter((one) => one.node?.status(one.now).role === 'leader');
      if (leading.length > 1) happened.note('two believe to lead');
    },
    settled(server) {
      if (holdsLease(server)) happened.note('lease held');
    },
  };
}
