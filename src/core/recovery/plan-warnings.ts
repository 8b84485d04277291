/** What does not keep a planned takeover from being done, and who asks for it should know before: found from its opening. */
import { addressText } from '../topology/address.js';
import type { Server } from '../topology/server.js';
import { type Belief, refusal, type Refusal, serverName } from './belief.js';
import { EFFECTIVELY_INFINITE_MS } from './durability.js';
import type { Recovery } from './recovery.js';

export function planWarnings(belief: Belief, recovery: Recovery): readonly Refusal[] {
  if (recovery.kind !== 'graceful-takeover') return [];
  return [...withoutAccount(belief, recovery), ...waitingOnce(belief, recovery)];
}

/** A former primary that never replicated has no account, and MariaDB shows nobody's: it would be left closed and alone. */
function withoutAccount(belief: Belief, { failed, inputs }: Recovery): readonly Refusal[] {
  const former = belief.servers.get(failed);
  if (former === undefined || former.facts.channels.length > 0) return [];
  if (serversOf(belief, inputs).some(({ facts }) => facts.givesReplicationAccount)) return [];
  const name = addressText(former.address);
  const text = `${name} could not be made to follow: no account is known with which it could log in to the new primary`;
  return [
    refusal(
      'no-replication-account',
      `${text}, so it would stay closed, with no source`,
      'set ReplicationCredentialsQuery',
    ),
  ];
}

/**
 * With the old primary's replication left stopped too few acknowledge, and semi-sync waits for its whole time limit before it
 * gives up. Without a limit such a takeover is refused; see openings/graceful-takeover.ts.
 */
function waitingOnce(belief: Belief, { failed, inputs }: Recovery): readonly Refusal[] {
  const { semiSync: duty, startFormerPrimary, requestedCandidate } = inputs;
  if (duty === null || startFormerPrimary || duty.timeoutMs >= EFFECTIVELY_INFINITE_MS) return [];
  const others = serversOf(belief, inputs).filter(
    ({ id, facts }) => id !== failed && id !== requestedCandidate && facts.semiSync.replicaEnabled,
  ).length;
  if (others >= duty.waitCount || requestedCandidate === null) return [];
  const few = `${String(others)} of ${String(duty.waitCount)} acknowledgements would come`;
  const stopped = `while the replication of ${serverName(belief, failed)} is left stopped`;
  const waits = `clients of ${serverName(belief, requestedCandidate)} may wait once for ${String(duty.timeoutMs / 1000)} s, the time limit of semi-sync`;
  return [
    refusal(
      'waits-once',
      `${waits}: ${few} ${stopped}, and then semi-sync is off`,
      'graceful-master-takeover-auto starts it',
    ),
  ];
}

function serversOf(belief: Belief, { participants }: Recovery['inputs']): readonly Server[] {
  return participants.map(({ id }) => belief.servers.get(id)).filter((one) => one !== undefined);
}
