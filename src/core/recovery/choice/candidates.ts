/**
 * Who may become the primary, and if not, why: every reason at once, because an operator who mends one only to meet the
 * next is not helped. Only facts that change rarely are looked at here; who has received most is asked of the servers
 * themselves when it matters.
 */
import type { Channel, MissingRight, Server, ServerFacts, ServerId } from '../../topology/server.js';
import { mainChannel } from '../../topology/server.js';
import { addressText } from '../../topology/address.js';
import { type Belief, refusal, type Refusal } from '../belief.js';
import { objectionTo, type ReplicationRules, USUAL_RULES } from './can-replicate.js';
import { channelTo, namedIn } from '../channels.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Participant } from '../recovery.js';
import { followsByPlace } from '../progress/seen-progress.js';
import { compareSuccessors, formatRank, seriesOf, tierOf } from './rank.js';
import type { Resting } from '../step.js';

export interface Candidacy {
  readonly server: Server;
  /** A former primary whose replication is to stay stopped, as an operator wants it. */
  readonly keptStopped: boolean;
  /** Empty: it may be promoted. */
  readonly refusals: readonly Refusal[];
}

type Check = (server: Server, context: Context) => Refusal | null;

interface Context {
  readonly demotions: Belief['demotions'];
  readonly failed: Server;
  readonly policy: RecoveryPolicy;
  /** The release series and the format that most replicas can follow. */
  readonly series: number;
  readonly format: number;
}

/** Replicas of `failed`, the best candidate first, those who may not be promoted last. */
export function judgeCandidates(
  { demotions }: Pick<Belief, 'demotions'>,
  failed: Server,
  replicas: readonly Server[],
  policy: RecoveryPolicy,
): readonly Candidacy[] {
  const context: Context = {
    demotions,
    failed,
    policy,
    series: majorityOf(replicas.map(seriesOf)),
    format: majorityOf(replicas.map(formatRank)),
  };
  return replicas
    .map((server): Candidacy => {
      const keptStopped = demotions.get(server.id)?.keepStopped === true;
      return { server, keptStopped, refusals: CHECKS.flatMap((check) => check(server, context) ?? []) };
    })
    .sort(
      (one, other) =>
        Number(one.refusals.length > 0) - Number(other.refusals.length > 0) ||
        compareSuccessors(one.server, other.server, failed),
    );
}

/**
 * In the order given, which is that of preference. `others`: whom they may be pointed at besides each other. `channelOf`: over
 * which channel, of those who have several.
 */
export function participantsOf(
  candidacies: readonly Candidacy[],
  failed: Server,
  others: readonly Server[] = [],
  rules: ReplicationRules = USUAL_RULES,
  channelOf: (server: Server) => Channel | null = (server) => channelTo(server, failed) ?? mainChannel(server.facts),
): readonly Participant[] {
  const servers = [failed, ...candidacies.map(({ server }) => server), ...others];
  return candidacies.map(({ server, keptStopped, refusals }, preference) => ({
    id: server.id,
    host: server.address.host,
    port: server.address.port,
    role: 'replica',
    promotable: refusals.length === 0,
    reason: refusals.map(({ message }) => message).join('; '),
    preference,
    tier: tierOf(server, failed),
    servesOthers: server.facts.binlogEnabled && server.facts.logReplicaUpdates,
    ...countingOf(server.facts),
    start: !keptStopped,
    ...(wasStopped(channelOf(server)) ? { wasStopped: true } : {}),
    ...namedIn(server.facts, channelOf(server)),
    cannotFollow: unfollowable(server, servers, rules),
  }));
}

/** The one thread that somebody, and no error, has stopped; null where both run, both stand or an error did it. */
export function restingThread(channel: Channel | null): Resting | null {
  if (channel === null) return null;
  const { ioThread, sqlThread, ioError, sqlError } = channel;
  if (ioThread === 'stopped') return ioError === null && sqlThread === 'running' ? 'io' : null;
  return sqlThread === 'stopped' && sqlError === null ? 'sql' : null;
}

/** By somebody, not by an error. */
function wasStopped(channel: Channel | null): boolean {
  return (
    channel?.ioThread === 'stopped' &&
    channel.sqlThread === 'stopped' &&
    channel.ioError === null &&
    channel.sqlError === null
  );
}

export function primaryParticipant(
  server: Server,
  others: readonly Server[],
  rules: ReplicationRules = USUAL_RULES,
): Participant {
  const participant = bystander(server, 'primary', 'it is the primary');
  return { ...participant, cannotFollow: unfollowable(server, others, rules) };
}

/** Its data is copied; nothing about it is changed but that it lets itself be copied. */
export function donorParticipant(server: Server): Participant {
  return bystander(server, 'donor', 'it is the donor');
}

export function formerParticipant(server: Server): Participant {
  return bystander(server, 'former', 'it is a former primary');
}

/** A source that failed and is no primary. */
export function goneParticipant(server: Server): Participant {
  return bystander(server, 'gone', 'it is gone');
}

/** Whom those that lost their source may follow; the first in order is preferred within its tier. */
export function placeParticipant(server: Server, preference: number, tier: number): Participant {
  return { ...bystander(server, 'place', 'it is a place for others'), preference, tier };
}

function bystander(server: Server, role: Participant['role'], reason: string): Participant {
  return {
    id: server.id,
    host: server.address.host,
    port: server.address.port,
    role,
    promotable: false,
    reason,
    preference: 0,
    tier: 0,
    servesOthers: server.facts.binlogEnabled,
    ...countingOf(server.facts),
    start: true,
    cannotFollow: [],
  };
}

function countingOf(facts: ServerFacts): Pick<Participant, 'countsBy'> {
  if (facts.flavor === 'MariaDB') return { countsBy: 'writers' };
  return followsByPlace(facts) ? { countsBy: 'places' } : {};
}

function unfollowable(server: Server, others: readonly Server[], rules: ReplicationRules): Participant['cannotFollow'] {
  return others.flatMap((source) => {
    if (source.id === server.id) return [];
    const reason = whyNotReplicateFrom(server, source, rules);
    return reason === null ? [] : [{ source: source.id, reason }];
  });
}

/** Whatever the data: versions, formats and ids that do not go together. Null when they do. */
export function whyNotReplicateFrom(replica: Server, source: Server, rules: ReplicationRules): string | null {
  const objection = objectionTo(replica, source, rules);
  return objection === null ? null : `it cannot follow ${addressText(source.address)}: ${objection}`;
}

/** The server's ids of those that may be promoted, best first. */
export function promotableOf(candidacies: readonly Candidacy[]): readonly ServerId[] {
  return candidacies.filter(({ refusals }) => refusals.length === 0).map(({ server }) => server.id);
}

const CHECKS: readonly Check[] = [
  (server, { demotions }) =>
    demotions.has(server.id)
      ? refusal(
          'demoted',
          'is a former primary that has not rejoined yet',
          'let it rejoin; one that is set apart waits for a decision about its extra transactions',
        )
      : null,
  ({ facts }) =>
    facts.promotionRule === 'must_not'
      ? refusal('must-not', 'has the promotion rule must_not', 'give it another rule')
      : null,
  (server, { policy }) =>
    policy.neverPromote.some((pattern) => pattern.test(server.address.host))
      ? refusal('ignored', 'matches PromotionIgnoreHostnameFilters', 'change that filter')
      : null,
  ({ facts }) =>
    facts.isBinlogServer
      ? refusal(
          'binlog-server',
          'is a binlog server: it relays logs and holds no data',
          'add a replica that has the data',
        )
      : null,
  ({ facts }) => (facts.binlogEnabled ? null : refusal('no-binlog', 'writes no binary log', 'start it with log_bin')),
  ({ facts }) =>
    facts.logReplicaUpdates
      ? null
      : refusal('no-replica-updates', 'does not log what it replicates', 'start it with log_replica_updates=ON'),
  ({ facts }) => lacksRights(facts.missingRights ?? []),
  tellsHowFar,
  ({ facts }) =>
    facts.channels.length > 1
      ? refusal(
          'several-sources',
          `replicates from ${String(facts.channels.length)} sources`,
          'take its other channels away (RESET REPLICA ALL FOR CHANNEL)',
        )
      : null,
  ({ facts }) =>
    facts.channels.some(({ hasFilters }) => hasFilters)
      ? refusal('filtered', 'has replication filters and so not all of the data', 'remove the filters and rebuild it')
      : null,
  ({ facts }) => delayed(Math.max(0, ...facts.channels.map(({ delaySeconds }) => delaySeconds))),
  (server, { series, policy }) =>
    seriesOf(server) > series && !policy.replication.lowerVersionAllowed
      ? refusal(
          'newer',
          `runs ${server.facts.version.text}, which most others could not follow`,
          'upgrade the others first, or set LowerReplicaVersionAllowed',
        )
      : null,
  (server, { format }) =>
    formatRank(server) > format
      ? refusal(
          'format',
          `has binlog_format ${server.facts.binlogFormat}, which most others could not follow`,
          'give all of them the same binlog_format',
        )
      : null,
  sameSite,
];

/**
 * By GTID or by place; in between, some transactions have the one and some the other, and nothing tells how far a server has
 * come. MariaDB numbers its transactions whatever its replicas follow by.
 */
function tellsHowFar({ facts }: Server, { failed: { facts: primary } }: Context): Refusal | null {
  if ((facts.flavor === 'MariaDB') !== (primary.flavor === 'MariaDB')) {
    const message = `is ${facts.flavor}, and the primary is ${primary.flavor}: how far it has come cannot be compared`;
    return refusal('other-flavor', message, 'keep a replica of the flavour of the primary');
  }
  if (facts.flavor === 'MariaDB' || (facts.gtidMode === 'OFF' && primary.gtidMode === 'OFF')) return null;
  if (facts.gtidMode === '')
    return refusal('too-old', `runs ${facts.version.text}, which is watched and cannot be changed`, 'upgrade it');
  if (facts.gtidMode !== 'ON')
    return refusal('no-gtid', `has gtid_mode=${facts.gtidMode}`, 'set gtid_mode=ON, or OFF, on all servers');
  return mainChannel(facts)?.autoPosition === false
    ? refusal('no-auto-position', 'does not replicate with auto-position', 'set SOURCE_AUTO_POSITION=1')
    : null;
}

/** A plan that may stop a server and not open it would end with no primary at all. */
function lacksRights(missing: readonly MissingRight[]): Refusal | null {
  const needed = missing.filter(({ stops }) => stops === 'promotion');
  if (needed.length === 0) return null;
  const what = needed.map(({ privilege, purpose }) => `${privilege} for ${purpose}`).join(', and ');
  return refusal(
    'missing-grant',
    `does not let us promote it: missing is ${what}`,
    needed.map(({ mend }) => mend).join('; '),
  );
}

function delayed(seconds: number): Refusal | null {
  if (seconds === 0) return null;
  return refusal('delayed', `is delayed by ${String(seconds)} s on purpose`, 'set its SOURCE_DELAY to 0');
}

function sameSite({ facts }: Server, { failed, policy }: Context): Refusal | null {
  if (policy.preventCrossDataCenter && facts.dataCenter !== failed.facts.dataCenter) {
    return refusal(
      'cross-data-center',
      `is in data centre "${facts.dataCenter}" and not "${failed.facts.dataCenter}" (PreventCrossDataCenterMasterFailover)`,
      'keep a replica beside the primary, or switch PreventCrossDataCenterMasterFailover off',
    );
  }
  if (policy.preventCrossRegion && facts.region !== failed.facts.region) {
    return refusal(
      'cross-region',
      `is in region "${facts.region}" and not "${failed.facts.region}" (PreventCrossRegionMasterFailover)`,
      'keep a replica in the region of the primary, or switch PreventCrossRegionMasterFailover off',
    );
  }
  return null;
}

/** The commonest value; of several, the smallest, which the others can follow. */
function majorityOf(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([one, times], [other, often]) => often - times || one - other);
  return sorted[0]?.[0] ?? 0;
}
