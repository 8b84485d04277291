/** Opens anew what was broken off for a graver recovery: the same server, looked at as things stand now. */
import type { Problem } from '../../analysis/problem.js';
import type { Belief } from '../belief.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Recovery } from '../recovery.js';
import type { Sights } from '../sights.js';
import { openMoveResumed } from './move-resumed.js';
import { openDeadGroupMember } from './dead-group-member.js';
import { openDeadIntermediate } from './dead-intermediate.js';
import type { Opening, OpeningContext } from './opening.js';

export function openAgain(
  belief: Belief,
  policy: RecoveryPolicy,
  recovery: Recovery,
  sights: Sights,
  context: OpeningContext,
): Opening {
  const { kind, failed, clusterId, code, description } = recovery;
  if (kind === 'move') return openMoveResumed(belief, recovery, context);
  const server = belief.servers.get(failed);
  // Its tree may hang in another cluster by now.
  const home = server?.clusterId ?? clusterId;
  const request = { problem: { server: failed, clusterId: home, code: code as Problem['code'], description }, sights };
  const open = kind === 'dead-group-member' ? openDeadGroupMember : openDeadIntermediate;
  return open(belief, policy, request, context);
}
