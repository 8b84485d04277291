/**
 * Opens a planned takeover, or says why not, before anything is touched. The sentences that users of the incumbent know
 * are kept. Where the incumbent moves replicas first and checks afterwards, this does it the other way round.
 */
import { addressText } from '../../topology/address.js';
import { type ClusterId, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { type Belief, type BelievedCluster, followersOf, refusal, type Refusal } from '../belief.js';
import { type Candidacy, judgeCandidates, participantsOf, primaryParticipant } from '../choice/candidates.js';
import type { RecoveryPolicy } from '../policy.js';
import { EFFECTIVELY_INFINITE_MS } from '../durability/durability.js';
import { followsByPlace } from '../progress/seen-progress.js';
import { semiSyncDuty } from '../durability/semi-sync.js';
import { restingAsTheyWere } from './left-stopped.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';
import { withinGroup } from './replication-group.js';

export interface TakeoverWish {
  readonly clusterId: ClusterId;
  /** Null: the only replica, or with `auto` the best one. */
  readonly candidate: ServerId | null;
  readonly auto: boolean;
}

/** What is known of the servers at this moment, by the eyes of this node. */
export interface SoftState {
  /** The last look at it succeeded, and not long ago. */
  answers(server: ServerId): boolean;
  /** Null when unknown. */
  lagSeconds(server: ServerId): number | null;
}

const PREFIX = 'GracefulMasterTakeover:';

export function openTakeover(
  belief: Belief,
  policy: RecoveryPolicy,
  wish: TakeoverWish,
  soft: SoftState,
  context: OpeningContext,
): Opening {
  const cluster = belief.clusters.get(wish.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  if (cluster === undefined || primary === undefined) {
    return refused(
      refusal(
        'unknown-cluster',
        `Cannot deduce cluster master for ${wish.clusterId}. Found 0 potential masters`,
        'discover its primary: orchestrator-client -c discover -i HOST:PORT',
      ),
    );
  }
  const name = addressText(primary.address);
  const candidacies = judgeCandidates(belief, primary, followersOf(belief, primary), policy);
  const hasReplicas = candidacies.length > 0;
  const leaving = hasReplicas ? '-d HOST:PORT' : '';
  const inGroup = withinGroup({ belief, primary, candidate: wish.candidate, leaving, prefix: PREFIX });
  if (inGroup !== null) return refused(inGroup);
  if (!hasReplicas) {
    return refused(refusal('no-replicas', `Master ${name} doesn't seem to have replicas`, 'add a replica'));
  }
  const standing = candidacies.filter(
    ({ server }) =>
      !isInDowntime(belief, server.id) || (soft.answers(server.id) && staysBehind(server, policy) === null),
  );
  const objectTo = (one: Candidacy): readonly Refusal[] => objectionsTo(one, standing, primary, policy, soft);
  // Left to choose, whoever nothing speaks against comes before the better ranked.
  const ranked = [...candidacies].sort(
    (one, other) => Math.sign(objectTo(one).length) - Math.sign(objectTo(other).length),
  );
  const chosen = designate(belief, primary, ranked, wish);
  if ('code' in chosen) return refused(chosen);
  const objections = [...objectTo(chosen), ...leftWaiting(primary, chosen.server, standing, wish)];
  if (objections.length > 0) return refused(...objections);
  return takeover(belief, { cluster, primary, candidate: chosen.server, standing }, policy, wish, context);
}

interface Cast {
  readonly cluster: BelievedCluster;
  readonly primary: Server;
  readonly candidate: Server;
  readonly standing: readonly Candidacy[];
}

function takeover(
  belief: Belief,
  { cluster, primary, candidate, standing }: Cast,
  policy: RecoveryPolicy,
  wish: TakeoverWish,
  context: OpeningContext,
): Opening {
  const name = addressText(primary.address);
  const servers = standing.map(({ server }) => server);
  return opened(
    context,
    {
      kind: 'graceful-takeover',
      clusterId: cluster.id,
      code: 'DeadMaster',
      description: `planned takeover: ${addressText(candidate.address)} becomes the primary in place of ${name}`,
      failed: primary.id,
    },
    {
      participants: [
        primaryParticipant(primary, servers, policy.replication),
        ...restingAsTheyWere(
          belief,
          { primary, candidate, replicas: servers, auto: wish.auto },
          participantsOf(standing, primary, [], policy.replication),
        ),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate: candidate.id,
      startFormerPrimary: wish.auto,
      applyLimitMs: policy.maintenanceLagSeconds * 1000,
      semiSync: semiSyncDuty(primary, [primary, ...servers]),
      forced: true,
    },
  );
}

function designate(
  belief: Belief,
  primary: Server,
  candidacies: readonly Candidacy[],
  { candidate, auto }: TakeoverWish,
): Candidacy | Refusal {
  const name = addressText(primary.address);
  if (candidate !== null) {
    const found = candidacies.find(({ server }) => server.id === candidate);
    if (found !== undefined) return found;
    const server = belief.servers.get(candidate);
    const text = server === undefined ? candidate : addressText(server.address);
    const message = `${PREFIX} indicated designated instance ${text} must be directly replicating from the master ${name}`;
    return refusal('not-a-replica', message, 'name one of its direct replicas');
  }
  const [best] = candidacies;
  if (best !== undefined && (auto || candidacies.length === 1)) return best;
  return refusal(
    'not-indicated',
    `${PREFIX} target instance not indicated, auto=false, and master ${name} has multiple replicas. orchestrator cannot choose where to failover to. Aborting`,
    'name the new primary with -d, or use graceful-master-takeover-auto',
  );
}

function objectionsTo(
  { server, refusals }: Candidacy,
  standing: readonly Candidacy[],
  primary: Server,
  policy: RecoveryPolicy,
  soft: SoftState,
): readonly Refusal[] {
  const name = addressText(server.address);
  const found: Refusal[] = refusals.map(({ code, message, mend }) =>
    refusal(code, `${PREFIX} ${name} ${message}`, mend),
  );
  // In a downtime it is not among those who take part, and takes part as the candidate.
  const others = new Set([server, ...standing.map((one) => one.server)]);
  for (const one of [primary, ...others]) {
    if (soft.answers(one.id)) continue;
    const silent = `${PREFIX} ${addressText(one.address)} does not answer`;
    found.push(
      refusal(
        'does-not-answer',
        silent,
        one === primary ? ifDead(primary) : 'bring it back, or begin a downtime on it',
      ),
    );
  }
  for (const one of others) found.push(...behindForLong(one, primary, policy));
  if (soft.answers(server.id)) found.push(...laggingBehind(server, policy, soft));
  return found;
}

/**
 * Without GTID everybody has to come to the place at which the primary closes. One whose applier somebody stopped would be
 * started for that, and apply what it was perhaps to be kept from; one that applies late would be waited for in vain.
 */
function behindForLong(server: Server, primary: Server, policy: RecoveryPolicy): readonly Refusal[] {
  const why = staysBehind(server, policy);
  if (why === null) return [];
  const text = `${PREFIX} ${addressText(server.address)} ${why}, and without GTID it would have to come as far as the others`;
  const stays = `begin a downtime on it: it stays below ${addressText(primary.address)}`;
  return [refusal('stays-behind', text, `see to that, or ${stays}`)];
}

function staysBehind({ facts }: Server, { maintenanceLagSeconds }: RecoveryPolicy): string | null {
  const channel = mainChannel(facts);
  if (channel === null || !followsByPlace(facts)) return null;
  if (channel.delaySeconds > maintenanceLagSeconds) return `applies ${String(channel.delaySeconds)} s late`;
  if (channel.sqlThread !== 'stopped' || channel.ioThread === 'stopped') return null;
  const { sqlError } = channel;
  return sqlError === null
    ? 'does not apply: its applier was stopped'
    : `does not apply: error ${String(sqlError.number)}: ${sqlError.text}`;
}

/**
 * Where the former primary is the one whose acknowledgement the new one needs, leaving its replication stopped would stop
 * every client for good. A time limit of semi-sync ends such a wait, and is its owner's choice.
 */
function leftWaiting(
  primary: Server,
  candidate: Server,
  standing: readonly Candidacy[],
  { auto }: TakeoverWish,
): readonly Refusal[] {
  const servers = standing.map(({ server }) => server);
  const duty = semiSyncDuty(primary, [primary, ...servers]);
  if (auto || duty === null || duty.timeoutMs < EFFECTIVELY_INFINITE_MS || duty.ackers < duty.waitCount) return [];
  const others = servers.filter(({ id, facts }) => id !== candidate.id && facts.semiSync.replicaEnabled).length;
  if (others >= duty.waitCount) return [];
  const waits = `${addressText(candidate.address)} would wait for ${String(duty.waitCount)} acknowledgements`;
  const few = `${String(others)} of the others can give one while the replication of ${addressText(primary.address)} is left stopped`;
  const mend = 'graceful-master-takeover-auto starts it; or switch semi-sync off on the primary first';
  return [refusal('few-acknowledgers', `${PREFIX} ${waits}, and ${few}`, mend)];
}

function ifDead({ address }: Server): string {
  return `bring it back, or if it is dead: orchestrator-client -c force-master-failover -i ${addressText(address)}`;
}

function laggingBehind(server: Server, { maintenanceLagSeconds }: RecoveryPolicy, soft: SoftState): readonly Refusal[] {
  const lag = soft.lagSeconds(server.id);
  const name = addressText(server.address);
  if (lag === null) {
    const error = mainChannel(server.facts)?.sqlError ?? mainChannel(server.facts)?.ioError ?? null;
    const why = error === null ? 'does not run' : `has stopped with error ${error.number}: ${error.text}`;
    const message = `${PREFIX} the lag of ${name} is not known: its replication ${why}`;
    return [refusal('lag-unknown', message, 'mend its replication and start it')];
  }
  if (lag <= maintenanceLagSeconds) return [];
  const limit = `${maintenanceLagSeconds} s (ReasonableMaintenanceReplicationLagSeconds)`;
  return [
    refusal(
      'lagging',
      `${PREFIX} ${name} is ${lag} s behind, and more than ${limit} is too much`,
      'wait until it has caught up',
    ),
  ];
}

function isInDowntime(belief: Belief, server: ServerId): boolean {
  const downtime = belief.downtimes.get(server);
  return downtime !== undefined && downtime.endsAtMs > belief.nowMs;
}
