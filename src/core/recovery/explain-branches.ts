/**
 * Sources in the middle of the tree: would their replicas be given another one, were they to die now? By the decision that
 * would be made in earnest. It does not concern the failover of the primary, so that it is a warning and no refusal.
 */
import { addressText } from '../topology/address.js';
import type { ClusterId, Server } from '../topology/server.js';
import { directReplicasOf, refusal, type Refusal } from './belief.js';
import { type DecisionQuestion, decide } from './decision.js';
import type { OpeningContext } from './openings/opening.js';

/** More of them would hide what else is to be said. */
const TOLD_MAX = 5;

export function branchWarnings(
  question: Omit<DecisionQuestion, 'problem'>,
  clusterId: ClusterId,
  primary: Server,
  context: OpeningContext,
): readonly Refusal[] {
  const { belief } = question;
  const told: Refusal[] = [];
  for (const server of belief.servers.values()) {
    if (server.clusterId !== clusterId || server.id === primary.id) continue;
    const replicas = directReplicasOf(belief, server).filter(({ id }) => id !== primary.id);
    if (replicas.length === 0) continue;
    const death = server.facts.group === null ? DEAD_INTERMEDIATE : DEAD_MEMBER;
    const problem = { server: server.id, clusterId, description: 'what if it died now', ...death };
    const { refusals } = decide({ ...question, problem }, context);
    // What concerns the cluster as a whole is said of its primary.
    const own = refusals.filter(({ code }) => !OF_ALL.has(code));
    const [first] = own;
    if (first === undefined) continue;
    const why = own.map(({ message }) => message).join('; ');
    const text = `if ${addressText(server.address)} died, its ${String(replicas.length)} replicas would not be given another source: ${why}`;
    told.push(refusal('branch', text, first.mend || 'see to that server and its replicas'));
  }
  return told.slice(0, TOLD_MAX);
}

const DEAD_INTERMEDIATE = { code: 'DeadIntermediateMaster', reaction: 'recover-dead-intermediate' } as const;
const DEAD_MEMBER = {
  code: 'DeadReplicationGroupMemberWithReplicas',
  reaction: 'recover-dead-group-member',
} as const;

const OF_ALL: ReadonlySet<string> = new Set(['no-quorum', 'recoveries-disabled', 'brake', 'open-recovery', 'crowded']);
