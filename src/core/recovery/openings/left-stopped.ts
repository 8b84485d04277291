/**
 * Somebody had stopped the replication of a replica, and a planned takeover comes by: it is pointed at the new primary with
 * the others, or it would follow a server that is none any more, and it stays stopped. Started all the same, and told of
 * before, are
 *
 * - one whose acknowledgement the new primary would need: stopped, it would hold up every client, or semi-sync would stay off;
 * - one whose applier alone was stopped: what it has received would have to be applied or thrown away for the change.
 *
 * One that only fetches no more applies on below the new primary, and fetches nothing.
 *
 * One that a plan of ours has stopped and not started again goes on: nobody wanted it to stand. Without GTID everybody has to
 * come to one place first, and a replica that does not is refused, not left.
 */
import type { Channel, Server, ServerId } from '../../topology/server.js';
import type { Belief } from '../belief.js';
import { channelTo } from '../channels.js';
import { restingThread } from '../choice/candidates.js';
import { semiSyncDuty } from '../durability/semi-sync.js';
import { followsByPlace } from '../progress/seen-progress.js';
import type { Participant } from '../recovery.js';
import { leftByMoves } from '../ways-back/left-by-moves.js';
import { lostReplicasOf } from '../ways-back/lost-replicas.js';

export interface Takeover {
  readonly primary: Server;
  readonly candidate: Server;
  /** The replicas that take part, the candidate among them. */
  readonly replicas: readonly Server[];
  /** The old primary's replication is started. */
  readonly auto: boolean;
}

/** As they take part: those that are left stopped are not to be started, of some their IO thread is not. */
export function restingAsTheyWere(
  belief: Belief,
  takeover: Takeover,
  participants: readonly Participant[],
): readonly Participant[] {
  const ours = new Set<ServerId>([...leftByMoves(belief), ...lostReplicasOf(belief)].map(({ server }) => server));
  const byPlace = new Set(takeover.replicas.filter(({ facts }) => followsByPlace(facts)).map(({ id }) => id));
  const fetchless = new Set(
    takeover.replicas.filter((one) => fetchesNoMore(one, takeover.primary)).map(({ id }) => id),
  );
  const stopped = participants.filter(
    ({ id, wasStopped }) =>
      (wasStopped === true || fetchless.has(id)) && id !== takeover.candidate.id && !ours.has(id) && !byPlace.has(id),
  );
  const resting = new Set(stopped.map(({ id }) => id));
  if (resting.size === 0 || !acknowledgeWithout(takeover, resting)) return participants;
  return participants.map((one) => {
    if (!resting.has(one.id)) return one;
    return one.wasStopped === true ? { ...one, start: false } : { ...one, rests: 'io' };
  });
}

function fetchesNoMore(replica: Server, primary: Server): boolean {
  return restingThread(channelBelow(replica, primary)) === 'io';
}

function acknowledgeWithout({ primary, candidate, replicas, auto }: Takeover, resting: ReadonlySet<ServerId>): boolean {
  const duty = semiSyncDuty(primary, replicas);
  if (duty === null) return true;
  const others = replicas.filter(({ id }) => id !== candidate.id && !resting.has(id));
  const able = (auto ? [primary, ...others] : others).filter(({ facts }) => facts.semiSync.replicaEnabled);
  return able.length >= duty.waitCount;
}

/** Of those that a takeover starts, the threads that somebody had stopped; '' where both ran, or an error stopped one. */
export function stoppedThreads(channel: Channel | null): string {
  if (channel === null || channel.ioError !== null || channel.sqlError !== null) return '';
  const { ioThread, sqlThread } = channel;
  if (ioThread === 'stopped' && sqlThread === 'stopped') return 'both threads';
  if (ioThread === 'stopped') return 'the IO thread';
  return sqlThread === 'stopped' ? 'the applier' : '';
}

/** Over which it follows the primary that is replaced. */
export function channelBelow(replica: Server, primary: Server): Channel | null {
  return channelTo(replica, primary) ?? replica.facts.channels[0] ?? null;
}
