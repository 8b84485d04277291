/**
 * Opens the repair of a primary that waits for more acknowledgements than it can get, or gets them from more replicas than
 * operators want. Which replicas are to acknowledge is said by DetectSemiSyncEnforcedQuery: the higher the number the
 * sooner, 0 never. A replica that must never be promoted is not made to acknowledge either: what it alone has is lost with
 * the primary.
 *
 * Too few are mended first and too many afterwards, and nothing is begun that would leave the primary waiting: neither is
 * its own side of semi-sync touched, which would acknowledge what no replica has (invariant 13).
 */
import { addressText } from '../../topology/address.js';
import { isReplicating, mainChannel, type Server } from '../../topology/server.js';
import { type Belief, directReplicasOf, refusal, type Refusal } from '../belief.js';
import { participantsOf, primaryParticipant } from '../choice/candidates.js';
import type { RecoveryPolicy } from '../policy.js';
import { compareRules } from '../choice/rank.js';
import type { Participant } from '../recovery.js';
import type { Sights } from '../sights.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';
import type { PrimaryRequest } from './read-only-primary.js';

export function openSemiSync(
  belief: Belief,
  policy: RecoveryPolicy,
  { problem, sights }: PrimaryRequest,
  context: OpeningContext,
): Opening {
  const cluster = belief.clusters.get(problem.clusterId);
  const primary = belief.servers.get(problem.server);
  if (cluster === undefined || primary === undefined || cluster.primary !== primary.id) {
    const mend = 'see which server is: orchestrator-client -c which-cluster-master';
    return refused(refusal('not-primary', `server ${problem.server} is not the primary of its cluster`, mend));
  }
  const wanted = wishesOf(belief, policy, primary, sights);
  if ('code' in wanted) return refused(wanted);
  const { timeoutMs, waitCount } = primary.facts.semiSync;
  return opened(
    context,
    {
      kind: 'semi-sync',
      clusterId: cluster.id,
      code: problem.code,
      description: problem.description,
      failed: primary.id,
    },
    {
      participants: [primaryParticipant(primary, []), ...wanted],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: policy.applyLimitMs,
      semiSync: { timeoutMs, waitCount, ackers: wanted.filter(({ acknowledges }) => acknowledges === true).length },
      forced: false,
    },
  );
}

/** Those that are to change, or why none does. */
function wishesOf(
  belief: Belief,
  policy: RecoveryPolicy,
  primary: Server,
  sights: Sights,
): readonly Participant[] | Refusal {
  if (policy.semiSync === 'none') {
    return refusal(
      'semi-sync-repair-off',
      'which replicas acknowledge is not changed automatically',
      'set RecoverLockedSemiSyncMaster or EnforceExactSemiSyncReplicas',
    );
  }
  const { waitCount } = primary.facts.semiSync;
  const name = addressText(primary.address);
  const usable = directReplicasOf(belief, primary).filter((server) => isUsable(server, sights));
  const possible = usable.filter(mayAcknowledge).sort(compareAckers);
  const clients = sights(primary.id).vitals?.semiSyncClients ?? 0;
  const idle = possible.filter(({ facts }) => !facts.semiSync.replicaActive);
  const chosen =
    policy.semiSync === 'exact' ? possible.slice(0, waitCount) : idle.slice(0, Math.max(0, waitCount - clients));
  const willAnswer = policy.semiSync === 'exact' ? chosen.length : clients + chosen.length;
  if (willAnswer < waitCount) {
    return refusal(
      'few-ackers',
      `${name} waits for ${String(waitCount)} replicas, and only ${String(willAnswer)} that replicate may acknowledge`,
      'bring replicas back, or let DetectSemiSyncEnforcedQuery answer more than 0 on more of them',
    );
  }
  const on = chosen.filter(({ facts }) => !facts.semiSync.replicaActive);
  const off =
    policy.semiSync === 'exact'
      ? usable.filter((server) => server.facts.semiSync.replicaEnabled && !chosen.includes(server))
      : [];
  if (on.length + off.length === 0) {
    const set = `those that are to acknowledge to ${name} are set to do so`;
    return refusal('nothing-to-change', set, 'see what keeps them from it (SHOW REPLICA STATUS)');
  }
  return [...wishes(on, primary, true), ...wishes(off, primary, false)];
}

function wishes(servers: readonly Server[], primary: Server, acknowledges: boolean): readonly Participant[] {
  const candidacies = servers.map((server) => ({ server, keptStopped: false, refusals: [] }));
  return participantsOf(candidacies, primary).map((participant) => ({ ...participant, acknowledges }));
}

function isUsable({ id, facts }: Server, sights: Sights): boolean {
  const channel = mainChannel(facts);
  return channel !== null && isReplicating(channel) && sights(id).answers;
}

function mayAcknowledge({ facts }: Server): boolean {
  return facts.semiSyncPriority > 0 && facts.semiSync.replicaAvailable && facts.promotionRule !== 'must_not';
}

function compareAckers(one: Server, other: Server): number {
  return (
    other.facts.semiSyncPriority - one.facts.semiSyncPriority ||
    compareRules(one, other) ||
    (addressText(one.address) < addressText(other.address) ? -1 : 1)
  );
}
