/** What does not keep a plan from being begun, and who asks for it should know before: found from its opening. */
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import { isAtLeast } from '../../topology/version.js';
import { type Belief, followersOf, refusal, type Refusal, serverName } from '../belief.js';
import { EFFECTIVELY_INFINITE_MS } from '../durability/durability.js';
import { channelBelow, stoppedThreads } from '../openings/left-stopped.js';
import type { Recovery } from '../recovery.js';
import type { Movement } from '../requests/movement.js';

export function planWarnings(belief: Belief, recovery: Recovery): readonly Refusal[] {
  if (recovery.inputs.movement?.manner === 'co-primary') return aloneWithoutAccount(belief, recovery);
  if (recovery.inputs.movement !== undefined) return filtered(belief, recovery.inputs.movement.moves);
  if (recovery.inputs.switching?.command === 'purge-binary-logs') return uncounted(belief, recovery);
  if (recovery.kind !== 'graceful-takeover') return [];
  return [
    ...withoutAccount(belief, recovery),
    ...waitingOnce(belief, recovery),
    ...privilegedWriters(belief, recovery),
    ...startedAgain(belief, recovery),
  ];
}

/** One that filters has a part of the data, and so would whoever goes below it; VerifyReplicationFilters refuses it. */
function filtered(belief: Belief, moves: readonly Movement[]): readonly Refusal[] {
  const newcomers = moves.filter(({ to, from }) => from !== to);
  return [...new Set(newcomers.map(({ to }) => to))].flatMap((to) => {
    const place = belief.servers.get(to);
    if (place === undefined || !place.facts.channels.some(({ hasFilters }) => hasFilters)) return [];
    const below = newcomers.filter((one) => one.to === to).map(({ server }) => serverName(belief, server));
    const text = `${addressText(place.address)} filters what it replicates: ${below.join(', ')} would get no more than it has`;
    return [refusal('filtered-source', text, 'go below a server that has all data, or set VerifyReplicationFilters')];
  });
}

/** Somebody had stopped them, and they cannot be left so; see openings/left-stopped.ts. */
function startedAgain(belief: Belief, { failed, inputs }: Recovery): readonly Refusal[] {
  const primary = belief.servers.get(failed);
  if (primary === undefined) return [];
  return inputs.participants.flatMap(({ id, role, start, rests }) => {
    const server = belief.servers.get(id);
    if (server === undefined || role !== 'replica' || !start || rests !== undefined) return [];
    if (id === inputs.requestedCandidate) return [];
    const threads = stoppedThreads(channelBelow(server, primary));
    if (threads === '') return [];
    const name = addressText(server.address);
    const text = `${threads} of ${name} stood, and the takeover starts its replication`;
    const whole = threads === 'both threads';
    const mend = whole
      ? `stop it again afterwards: orchestrator-client -c stop-replica -i ${name}`
      : `one that is stopped wholly is left so: orchestrator-client -c stop-replica -i ${name}`;
    return [refusal('starts-stopped', text, mend)];
  });
}

/**
 * Neither MariaDB nor MySQL before 5.7.8 can close a server to everybody. Who may do that cannot be read from the server
 * without a right on its tables of accounts, so whoever plans the takeover is told what to see to.
 */
function privilegedWriters(belief: Belief, { failed }: Recovery): readonly Refusal[] {
  const primary = belief.servers.get(failed);
  if (primary === undefined) return [];
  const { flavor, version } = primary.facts;
  if (flavor !== 'MariaDB' && isAtLeast(version, 5, 7, 8)) return [];
  const name = addressText(primary.address);
  const right = flavor === 'MariaDB' && isAtLeast(version, 10, 5) ? 'READ_ONLY ADMIN' : 'SUPER';
  const text = `accounts with ${right} write to ${name} also when it is closed, over connections that stay open: what they write after the takeover would be on ${name} alone, and set it apart`;
  const mend = `let no application log in with ${right}, or end its sessions (SHOW PROCESSLIST on ${name}) when it is done`;
  return [refusal('privileged-writers', text, mend)];
}

/** A replica of a replica fetches from that; only should that die would it need what is deleted here. */
function uncounted(belief: Belief, { failed }: Recovery): readonly Refusal[] {
  const server = belief.servers.get(failed);
  if (server === undefined) return [];
  const direct = followersOf(belief, server);
  const seen = new Set<ServerId>([failed, ...direct.map(({ id }) => id)]);
  const below: Server[] = [];
  const from = [...direct];
  for (let source = from.shift(); source !== undefined; source = from.shift()) {
    const next = followersOf(belief, source).filter(({ id }) => !seen.has(id));
    for (const one of next) seen.add(one.id);
    below.push(...next);
    from.push(...next);
  }
  if (below.length === 0) return [];
  const names = below.map(({ address }) => addressText(address)).join(', ');
  const text = `counted are the replicas that follow ${addressText(server.address)} themselves; ${names} fetch from those, and could not be moved up here if they lack what is deleted`;
  return [refusal('not-counted', text, 'let them catch up first')];
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
