/**
 * Opens the recovery of a primary that takes no writes. Only the server that the committed epoch makes the primary is ever
 * opened, and never while another one of its cluster takes writes: a server that was fenced must not be opened by the back
 * door. What it is to ask of its replicas before it acknowledges is what its promotion asked.
 */
import { isoTime } from '../../base/iso-time.js';
import type { Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import { isGroupMember, isWritable, mainChannel, type Server } from '../../topology/server.js';
import { type Belief, type BelievedCluster, directReplicasOf, LEFT_CLOSED, refusal, type Refusal } from '../belief.js';
import { primaryParticipant } from '../choice/candidates.js';
import type { RecoveryPolicy } from '../policy.js';
import { promisedDuty, semiSyncDuty } from '../durability/semi-sync.js';
import type { Sights } from '../sights.js';
import type { SemiSyncDuty } from '../step.js';
import { opened, type Opening, type OpeningContext, refused, unknownServer } from './opening.js';

export interface PrimaryRequest {
  readonly problem: Pick<Problem, 'server' | 'clusterId' | 'code' | 'description'>;
  readonly sights: Sights;
}

export function openReadOnlyPrimary(
  belief: Belief,
  policy: RecoveryPolicy,
  { problem, sights }: PrimaryRequest,
  context: OpeningContext,
): Opening {
  const cluster = belief.clusters.get(problem.clusterId);
  const primary = belief.servers.get(problem.server);
  if (cluster === undefined || primary === undefined) {
    return refused(unknownServer(problem));
  }
  const objections = objectionsTo(belief, cluster, primary, sights);
  if (objections.length > 0) return refused(...objections);
  return opened(
    context,
    {
      kind: 'read-only-primary',
      clusterId: cluster.id,
      code: problem.code,
      description: problem.description,
      failed: primary.id,
    },
    {
      participants: [primaryParticipant(primary, [])],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: policy.applyLimitMs,
      semiSync: dutyOf(belief, cluster, primary),
      forced: false,
    },
  );
}

function objectionsTo(belief: Belief, cluster: BelievedCluster, primary: Server, sights: Sights): readonly Refusal[] {
  const name = addressText(primary.address);
  const { facts, id } = primary;
  const found: Refusal[] = [];
  const object = (is: boolean, code: string, what: string, mend: string): void => {
    if (is) found.push(refusal(code, `${name} ${what}`, mend));
  };
  const byHand = 'open it by hand if that is right: orchestrator-client -c set-writeable';
  object(cluster.primary !== id, 'not-primary', 'is not the primary of its cluster', byHand);
  object(belief.demotions.has(id), 'demoted', 'is a former primary and stays closed', byHand);
  object(primary.keptClosed !== undefined, 'kept-closed', keptClosedText(primary), byHand);
  object(mainChannel(facts) !== null, 'replicates', 'replicates from another server', 'end its replication first');
  object(isGroupMember(facts), 'group', 'is in a group, which says itself who takes writes', 'see to the group');
  object(!sights(id).answers, 'does-not-answer', 'does not answer', 'bring it back');
  for (const other of belief.servers.values()) {
    if (other.clusterId !== cluster.id || other.id === id || !isWritable(other.facts)) continue;
    const text = `${addressText(other.address)} takes writes, and two of one cluster must not`;
    found.push(refusal('another-is-open', text, `close ${addressText(other.address)}`));
  }
  return found;
}

function keptClosedText({ keptClosed }: Server): string {
  if (keptClosed?.command === LEFT_CLOSED) {
    return `was promoted by ${keptClosed.by} and left for others to open (${LEFT_CLOSED} is false)`;
  }
  return `is closed on purpose: ${keptClosed?.by ?? ''} asked for ${keptClosed?.command ?? ''} at ${isoTime(keptClosed?.sinceMs ?? 0)}`;
}

/** After a restart its own settings may be those of a replica; the epoch's promotion knows better. */
function dutyOf(belief: Belief, cluster: BelievedCluster, primary: Server): SemiSyncDuty | null {
  const promised = promisedDuty(belief, cluster);
  if (promised !== undefined) return promised;
  return semiSyncDuty(primary, [primary, ...directReplicasOf(belief, primary)]);
}
