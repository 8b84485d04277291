/**
 * Opens a recovery of replicas that lost their source, whatever the source was: who takes part, who could lead the others,
 * and where they could go, in order. An operator's stopped replica is pointed elsewhere and stays stopped.
 */
import type { Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import { mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { type Belief, refusal, type Refusal } from '../belief.js';
import { channelTo } from '../channels.js';
import { goneParticipant, judgeCandidates, participantsOf, placeParticipant } from '../choice/candidates.js';
import { gaveWay, stoppedBy } from '../interrupted.js';
import type { RecoveryPolicy } from '../policy.js';
import type { RecoveryKind } from '../recovery.js';
import { endsSeen } from '../progress/seen-progress.js';
import type { Sights } from '../sights.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export interface PlaceFor {
  readonly server: Server;
  /** 0: beside the lost source; 1: further off, and then better below one of their own. */
  readonly tier: 0 | 1;
}

export interface OrphansRequest {
  readonly kind: RecoveryKind;
  readonly problem: Pick<Problem, 'code' | 'description'>;
  readonly failed: Server;
  readonly orphans: readonly Server[];
  readonly places: readonly PlaceFor[];
  readonly sights: Sights;
}

export function openOrphans(
  belief: Belief,
  policy: RecoveryPolicy,
  { kind, problem, failed, orphans, places, sights }: OrphansRequest,
  context: OpeningContext,
): Opening {
  const cluster = belief.clusters.get(failed.clusterId);
  const objections = objectionsTo(belief, failed, orphans, places);
  if (cluster === undefined || objections.length > 0) return refused(...objections);
  const servers = places.map(({ server }) => server);
  // Where replicas of one branch may go is no question of geography: they are not promoted.
  const anywhere = { ...policy, preventCrossDataCenter: false, preventCrossRegion: false };
  const candidacies = judgeCandidates(belief, failed, orphans, anywhere);
  const stopped = interruptedAt(belief, failed);
  return opened(
    context,
    { kind, clusterId: cluster.id, code: problem.code, description: problem.description, failed: failed.id },
    {
      participants: [
        goneParticipant(failed),
        ...participantsOf(candidacies, failed, servers, policy.replication).map((participant) => ({
          ...participant,
          start: participant.start && (stopped.has(participant.id) || isWanted(belief, failed, participant.id)),
        })),
        ...places.map(({ server, tier }, preference) => placeParticipant(server, preference, tier)),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      // A place that is further behind than a candidate of a takeover may be is no place to wait for.
      applyLimitMs: Math.min(policy.applyLimitMs, policy.maintenanceLagSeconds * 1000),
      semiSync: null,
      forced: false,
      ...endsSeen([...orphans, ...servers], sights),
    },
  );
}

function objectionsTo(
  belief: Belief,
  failed: Server,
  orphans: readonly Server[],
  places: readonly PlaceFor[],
): readonly Refusal[] {
  const name = addressText(failed.address);
  if (orphans.length === 0) {
    const nobody = `${name} has no replica that could be given another source`;
    return [refusal('no-replicas', nobody, 'move those that replicate over another channel too by hand')];
  }
  const resting = orphans.every(({ id }) => (belief.downtimes.get(id)?.endsAtMs ?? 0) > belief.nowMs);
  if (resting)
    return [refusal('downtime', `all replicas of ${name} are in downtime`, 'end the downtime of one of them')];
  if (places.length > 0) return [];
  return [refusal('no-place', `no server answers that the replicas of ${name} could follow`, 'bring one back')];
}

/** Its IO thread runs, or would if it could: nobody stopped it on purpose. */
function isWanted({ servers }: Belief, failed: Server, id: ServerId): boolean {
  const server = servers.get(id);
  const channel = server === undefined ? null : (channelTo(server, failed) ?? mainChannel(server.facts));
  return channel !== null && (channel.ioThread !== 'stopped' || channel.ioError !== null);
}

/** Those whose IO threads an earlier recovery of the same source stopped before it gave way. */
function interruptedAt({ recoveries }: Belief, failed: Server): ReadonlySet<ServerId> {
  const own = [...recoveries.values()].filter((recovery) => recovery.failed === failed.id && gaveWay(recovery));
  return new Set(own.flatMap((recovery) => [...stoppedBy(recovery)]));
}
