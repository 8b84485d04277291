/**
 * About this node: what balancers, people and scripts ask to learn whom they are talking to. Never forwarded, or a
 * balancer would hear the leader's answer from a follower; `routed-leader-check` is there for those who want just that.
 */
import {
  isHealthy,
  isLeading,
  leaderRaftAddress,
  legacyHealth,
  legacyRaftStatus,
  raftState,
} from '../legacy/node-status.js';
import { bare, done, plain, type Reply, refused } from '../reply.js';
import { aboutNode, type Call, type Door, each, type Route } from '../route.js';
import type { Standing } from '../../../runtime/ports/membership.js';
import type { NodeStatus } from '../../../runtime/ports/service.js';

export const NODE_ROUTES: readonly Route[] = [
  ...each(['/api/lb-check', '/api/_ping'], (path) => aboutNode(path, () => bare('OK'))),
  ...each(['/api/leader-check', '/api/leader-check/:errorStatusCode'], (path) => aboutNode(path, leaderCheck)),
  { path: '/api/routed-leader-check', access: 'relayed', role: 'viewer', answer: leaderCheck },
  ...each(['/api/health', '/api/status'], (path) => aboutNode(path, health)),
  aboutNode(
    '/api/raft-health',
    raft('raft-health', (node) => (isHealthy(node) ? bare('healthy') : refused('unhealthy'))),
  ),
  aboutNode(
    '/api/raft-leader',
    raft('raft-leader', (node) => bare(leaderRaftAddress(node))),
  ),
  aboutNode(
    '/api/raft-state',
    raft('raft-state', (node) => bare(raftState(node))),
  ),
  aboutNode(
    '/api/raft-status',
    raft('raft-status', (node) => bare(legacyRaftStatus(node))),
  ),
  aboutNode(
    '/api/raft-peers',
    raft('raft-peers', (node) => bare(node.members.map((member) => member.raftAddress))),
  ),
  // Of two nodes on one backend, which is active; without Raft there is but this one, and it is.
  { ...aboutNode('/api/grab-election', grabElection), role: 'admin' },
  aboutNode('/api/headers', (call) => bare(Object.fromEntries(call.headers))),
  aboutNode('/health/live', () => plain('live\n')),
  aboutNode('/health/ready', (_call, door) => yesOrNo(isHealthy(door.service.node()), 'ready', 'not part of a quorum')),
  aboutNode('/health/leader', (_call, door) => yesOrNo(isLeading(door.service.node()), 'leader', 'not the leader')),
];

export function health(call: Call, door: Door): Reply {
  const node = door.service.node();
  const { recoveriesEnabled, brake } = door.service.state;
  const details = legacyHealth(node, { recoveriesEnabled, brake: brake?.reason ?? null }, call.nowMs);
  return isHealthy(node)
    ? done('Application node is healthy', details)
    : refused(`Application node is unhealthy: ${WHY[door.membership.standing()]}`, details);
}

const OUTSIDE = 'it is not part of a quorum';
const WHY: Readonly<Record<Standing, string>> = {
  voter: OUTSIDE,
  learner: OUTSIDE,
  recovering: OUTSIDE,
  waiting: 'it is no member of a cluster yet, and waits to be added ("orchestrator raft add" at a member)',
  removed: 'it was removed from its cluster, and answers from what it knew; it can be stopped',
};

const NOT_LEADER_STATUS = 404;

function leaderCheck(call: Call, door: Door): Reply {
  if (isLeading(door.service.node())) return bare('OK');
  const asked = /^\d{3}$/.test(call.param('errorStatusCode')) ? Number(call.param('errorStatusCode')) : 0;
  return bare('Not leader', asked >= 200 && asked <= 599 ? asked : NOT_LEADER_STATUS);
}

function raft(route: string, answer: (node: NodeStatus) => Reply): Route['answer'] {
  return (_call, door) => {
    const node = door.service.node();
    return node.raftEnabled ? answer(node) : refused(`${route}: not running with raft setup`);
  };
}

function grabElection(_call: Call, door: Door): Reply {
  const node = door.service.node();
  return node.raftEnabled
    ? refused('grab-election: not in a cluster of nodes; "orchestrator raft transfer" and raft-yield choose who leads')
    : done(`${node.hostname} is the active node`, null);
}

function yesOrNo(yes: boolean, word: string, otherwise: string): Reply {
  return yes ? plain(`${word}\n`) : plain(`${otherwise}\n`, 503);
}
