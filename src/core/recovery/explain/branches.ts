/**
 * Sources in the middle of the tree: would their replicas be given another one, were they to die now? By the decision that
 * would be made in earnest. It does not concern the failover of the primary, so that it is a warning and no refusal.
 */
import { addressText } from '../../topology/address.js';
import { type ClusterId, isGroupMember, type Server } from '../../topology/server.js';
import { refusal, type Refusal, replicaCounts } from '../belief.js';
import { type DecisionQuestion, decide } from '../decision.js';
import { otherCoPrimaryOf } from '../openings/dead-co-primary.js';
import type { OpeningContext } from '../openings/opening.js';

/** More of them would hide what else is to be said. */
const TOLD_MAX = 5;
/** Each is a decision; the topology of hundreds of branches is not to be weighed for a badge. */
const ASKED_MAX = 10;

export function branchWarnings(
  question: Omit<DecisionQuestion, 'problem'>,
  clusterId: ClusterId,
  primary: Server,
  context: OpeningContext,
): readonly Refusal[] {
  const { belief } = question;
  const told: Refusal[] = [];
  const counts = replicaCounts(belief, clusterId);
  const partner = otherCoPrimaryOf(belief, primary);
  let asked = 0;
  for (const [id, count] of counts) {
    const server = belief.servers.get(id);
    if (server === undefined || server.clusterId !== clusterId || id === primary.id || id === partner?.id) continue;
    // A former primary is no branch: who still follows it is told as stranded, or has not been looked at since.
    if (belief.demotions.has(id)) continue;
    if (asked === ASKED_MAX || told.length === TOLD_MAX) break;
    asked += 1;
    const death = isGroupMember(server.facts) ? DEAD_MEMBER : DEAD_INTERMEDIATE;
    const problem = { server: server.id, clusterId, description: 'what if it died now', ...death };
    const { refusals } = decide({ ...question, problem }, context);
    // What concerns the cluster as a whole is said of its primary.
    const own = refusals.filter(({ code }) => !OF_ALL.has(code));
    const [first] = own;
    if (first === undefined) continue;
    const why = own.map(({ message }) => message).join('; ');
    const text = `if ${addressText(server.address)} died, its ${String(count)} replicas would not be given another source: ${why}`;
    told.push(refusal('branch', text, first.mend || 'see to that server and its replicas'));
  }
  return told;
}

const DEAD_INTERMEDIATE = { code: 'DeadIntermediateMaster', reaction: 'recover-dead-intermediate' } as const;
const DEAD_MEMBER = {
  code: 'DeadReplicationGroupMemberWithReplicas',
  reaction: 'recover-dead-group-member',
} as const;

const OF_ALL: ReadonlySet<string> = new Set(['no-quorum', 'recoveries-disabled', 'brake', 'open-recovery', 'crowded']);
