/** What does not keep a plan from being begun, and who asks for it should know before: found from its opening. */
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import { type Belief, refusal, type Refusal, serverName } from '../belief.js';
import { EFFECTIVELY_INFINITE_MS } from '../durability/durability.js';
import type { Recovery } from '../recovery.js';

export function planWarnings(belief: Belief, recovery: Recovery): readonly Refusal[] {
  if (recovery.inputs.movement?.manner === 'co-primary') return aloneWithoutAccount(belief, recovery);
  if (recovery.kind !== 'graceful-takeover') return [];
  return [...withoutAccount(belief, recovery), ...waitingOnce(belief, recovery)];
}

/** A former primary that never replicated has no account, and MariaDB shows nobody's: it would be left closed and alone. */
function withoutAccount(belief: Belief, { failed, inputs }: Recovery): readonly Refusal[] {
  return unableToFollow(belief, failed, serversOf(belief, inputs), 'so it would stay closed, with no source');
}

/** A primary that is to follow its replica; whoever replicates in its cluster is asked. */
function aloneWithoutAccount(belief: Belief, { inputs, clusterId }: Recovery): readonly Refusal[] {
  const primary = inputs.movement?.moves[0]?.server;
  const others = [...belief.servers.values()].filter((one) => one.clusterId === clusterId);
  return primary === undefined ? [] : unableToFollow(belief, primary, others, 'so nothing would be changed');
}

function unableToFollow(
  belief: Belief,
  server: ServerId,
  others: readonly Server[],
  outcome: string,
): readonly Refusal[] {
  const known = belief.servers.get(server);
  if (known === undefined || known.facts.channels.length > 0) return [];
  if (others.some(({ facts }) => facts.givesReplicationAccount)) return [];
  const name = addressText(known.address);
  const text = `${name} could not be made to follow: no account is known with which it could log in to its new source`;
  return [refusal('no-replication-account', `${text}, ${outcome}`, 'set ReplicationCredentialsQuery')];
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
