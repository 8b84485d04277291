/**
 * What this node says of itself to a node that it meets: who it is, whether it has a log and votes, which founding it
 * belongs to, and where it finds the others, which may be newer than what the log says.
 */
import type { Membership } from '../../core/raft/message.js';
import { membersOf } from '../../core/raft/membership.js';
import type { Introduction, NodeInfo } from '../ports/peer-transport.js';
import type { RaftDriver } from './raft-driver.js';
import type { Restart } from './restart.js';

export interface OwnState {
  readonly info: NodeInfo;
  readonly instance: string;
  /** Null where none is known yet. */
  readonly founding: string | null;
  /** The members before there is a log. */
  readonly birth: Membership;
  readonly restart: Restart | null;
  readonly driver: RaftDriver | null;
  /** Where the others were found. */
  readonly foundAt: ReadonlyMap<string, string>;
}

export function introductionOf(own: OwnState): Introduction {
  const { info, instance, birth, driver, foundAt } = own;
  const known = driver?.committedMembership() ?? { index: 0, membership: birth };
  const addresses: Record<string, string> = {};
  for (const id of membersOf(known.membership)) {
    const found = id === info.id ? info.raftAddress : foundAt.get(id);
    addresses[id] = found ?? known.membership.addresses[id] ?? '';
  }
  const votes = driver !== null && !driver.status().recovering;
  const founding = own.founding === null ? {} : { founding: own.founding };
  return { info, instance, hasLog: hasLog(own), votes, ...founding, cluster: { index: known.index, addresses } };
}

function hasLog({ driver, restart }: OwnState): boolean {
  if (driver !== null && driver.status().lastIndex > 0) return true;
  const start = restart?.start;
  // One that lost its log still knows that there was one.
  return start !== undefined && (start.learnerOnly === true || start.snapshot.index + start.entries.length > 0);
}
