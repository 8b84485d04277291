/**
 * What a failover would cost, as far as the last looks tell: transactions that only the primary has, replicas that could not
 * follow the new primary, and transactions that replicas have and should not.
 */
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import { isGtidSet, isNone, minus, sizeOf, unionOf, withoutServer } from '../progress/gtids.js';
import { followsByPlace } from '../progress/seen-progress.js';
import type { Recovery } from '../recovery.js';
import type { LastLook, Sights } from '../sights.js';

export interface Loss {
  /**
   * Transactions that the primary had executed and no replica that the plan keeps had received when each was last looked at: at most these,
   * because a replica may have been looked at earlier. Null when that cannot be told.
   */
  readonly unreceived: { readonly gtids: string; readonly count: number } | null;
  /** Replicas that the plan would leave behind, and why. */
  readonly setApart: readonly { readonly server: ServerId; readonly name: string; readonly reason: string }[];
  /** Transactions of replicas that did not come from the primary. */
  readonly errant: readonly { readonly server: ServerId; readonly name: string; readonly gtids: string }[];
}

export function lossOf(primary: Server, replicas: readonly Server[], sights: Sights, lost: Recovery['lost']): Loss {
  const executed = followsByPlace(primary.facts) ? null : gtidsOf(sights(primary.id));
  const names = new Map(replicas.map(({ id, address }) => [id, addressText(address)]));
  return {
    unreceived: unreceived(executed, keptOf(replicas, lost), sights),
    setApart: lost.map(({ server, reason }) => ({
      server,
      name: names.get(server) ?? server,
      reason,
    })),
    errant: replicas.flatMap((replica) => {
      const { id, address } = replica;
      const own = gtidsOf(sights(id));
      if (executed === null || own === null) return [];
      // What the primary numbers itself may have been received after the look at the primary.
      const gtids = withoutOtherChannels(minus(withoutServer(own, primary.id), executed), replica, sights);
      return isNone(gtids) ? [] : [{ server: id, name: addressText(address), gtids }];
    }),
  };
}

/** What only somebody has who would be left behind is as good as lost. */
function keptOf(replicas: readonly Server[], lost: Recovery['lost']): readonly Server[] {
  return replicas.filter(({ id }) => lost.every(({ server }) => server !== id));
}

/** Of a replica with several sources: what came from the others, or through them, is not for this primary to have. */
function withoutOtherChannels(gtids: string, { facts: { channels } }: Server, sights: Sights): string {
  if (channels.length < 2) return gtids;
  return channels.reduce((left, { sourceId }) => {
    if (sourceId === null || isNone(left)) return left;
    return minus(withoutServer(left, sourceId), gtidsOf(sights(sourceId)) ?? '');
  }, gtids);
}

function unreceived(executed: string | null, replicas: readonly Server[], sights: Sights): Loss['unreceived'] {
  const received = replicas.map(({ id }) => gtidsOf(sights(id))).filter((gtids) => gtids !== null);
  if (executed === null || received.length === 0) return null;
  const gtids = minus(executed, unionOf(...received));
  return { gtids, count: sizeOf(gtids) };
}

/** Executed or received; null when it is not known. Of places nobody could say how many transactions lie between two. */
function gtidsOf({ vitals }: LastLook): string | null {
  if (vitals === null) return null;
  const sets = [vitals.executedGtids, ...vitals.channels.map(({ retrievedGtids }) => retrievedGtids)];
  return sets.every(isGtidSet) ? unionOf(...sets) : null;
}
