/**
 * Switches of replication: its threads, what it skips, how late it applies, how it finds its place and logs in. The sentences
 * that users of the incumbent know are kept.
 */
import { isLogMark } from '../../../topology/log-marks.js';
import { directReplicasOf, refusal, type Refusal, serverName } from '../../belief.js';
import { readProgress } from '../../progress/gtids.js';
import { followsByPlace } from '../../progress/seen-progress.js';
import type { Step } from '../../step.js';
import type { SwitchCommand } from '../../requests/switching.js';
import {
  type Asked,
  canRefetch,
  channelNamed,
  channelOf,
  type Judge,
  noReplica,
  startAgain,
  step,
  threadsOf,
  unclearChannel,
  when,
  withoutGroup,
} from './wish.js';

type Own = Extract<
  SwitchCommand,
  | `${'start' | 'stop' | 'restart' | 'reset'}-replica`
  | 'stop-replica-nice'
  | 'skip-query'
  | `${'enable' | 'disable'}-gtid`
  | 'delay-replication'
  | 'change-master-credentials'
>;

export const REPLICATION: Readonly<Record<Own, Judge>> = {
  'start-replica': (asked) => ({
    steps: [start(asked)],
    channels: 'any',
    refusals: [noReplica(asked), ...notToBeStarted(asked), badEnd(asked)],
  }),
  'stop-replica': (asked) => ({
    steps: [stop(asked)],
    channels: 'any',
    refusals: [noReplica(asked)],
  }),
  'stop-replica-nice': (asked) => ({
    steps: [step(asked, { do: 'drain', limitMs: asked.policy.applyLimitMs, ...channelNamed(asked) })],
    channels: 'one',
    refusals: [noReplica(asked), unclearChannel(asked)],
  }),
  'restart-replica': (asked) => ({
    steps: [stop(asked), start(asked)],
    channels: 'any',
    refusals: [noReplica(asked), ...notToBeStarted(asked)],
  }),
  'reset-replica': reset,
  'skip-query': skip,
  'enable-gtid': (asked) => byGtid(asked, true),
  'disable-gtid': (asked) => byGtid(asked, false),
  'delay-replication': delay,
  'change-master-credentials': (asked) => ({
    steps: [step(asked, { do: 'credentials', running: threadsOf(asked), ...channelNamed(asked) })],
    channels: 'one',
    refusals: [noReplica(asked), unclearChannel(asked)],
  }),
};

/** MariaDB deletes what it has not applied when it starts again: where nobody could give it that once more, it applies it first. */
function stop(asked: Asked): Step {
  const { policy, server, wish } = asked;
  const mayLose = server.facts.flavor === 'MariaDB' && !wish.force && !canRefetch(asked);
  return step(asked, { do: 'stop', channel: wish.channel, ...(mayLose ? { drainMs: policy.applyLimitMs } : {}) });
}

function start(asked: Asked): Step {
  const { facts } = asked.server;
  const { semiSync, semiSyncPriority, promotionRule } = facts;
  const acknowledges =
    semiSyncPriority > 0 && promotionRule !== 'must_not' && semiSync.replicaAvailable && !semiSync.replicaEnabled;
  const { channel, until } = asked.wish;
  return step(asked, { do: 'start', channel, until, acknowledges, refetches: canRefetch(asked) });
}

/** What it alone has would be mixed with what comes, and nobody could tell them apart afterwards. */
function notToBeStarted({ belief, server, name, wish }: Asked): readonly (Refusal | null)[] {
  const demotion = belief.demotions.get(server.id);
  const mend = `orchestrator-client -c ways-back -i ${name}`;
  const owed = `${name} is a former primary that was not seen fenced since, and replicates from nobody before that`;
  const apart = `${name} is a former primary with transactions that its cluster lacks`;
  return [
    when(demotion?.state === 'owed', 'demoted', owed, mend),
    when(demotion?.state === 'apart' && !wish.force, 'apart', apart, mend),
  ];
}

function badEnd(asked: Asked): Refusal | null {
  const { wish, name, server } = asked;
  if (wish.until === '') return null;
  const unclear = unclearChannel(asked);
  if (unclear !== null) return unclear;
  const mend = 'write file:position, or GTIDs';
  const isPlace = /^[^\s:,@]+:\d{1,18}$/.test(wish.until) && !/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(wish.until);
  if (isPlace) return null;
  const end = readProgress(wish.until);
  if (!end.ok || end.value === '' || end.value.split(',').some(isLogMark)) {
    return refusal('bad-end', `"${wish.until}" is no place at which ${name} could stop`, mend);
  }
  return when(followsByPlace(server.facts), 'no-gtid', `${name} does not follow by GTID`, 'write file:position');
}

/** Who follows nobody any more is not opened by that, nor by us afterwards. */
function reset(asked: Asked): ReturnType<Judge> {
  const { belief, server, name, policy, wish } = asked;
  const primary = belief.clusters.get(server.clusterId)?.primary === server.id;
  const below = directReplicasOf(belief, server).map(({ id }) => serverName(belief, id));
  const ring = `${name} is the primary of its cluster and replicates from another: without that, the other's writes are lost to it`;
  const orphans = `${below.join(', ')} replicate from ${name} and would get nothing from the rest of their cluster`;
  const move = `orchestrator-client -c relocate-replicas -i ${name} -d HOST:PORT`;
  return {
    steps: [step(asked, { do: 'forget-source', channel: wish.channel, limitMs: policy.applyLimitMs })],
    channels: 'any',
    refusals: [
      noReplica(asked),
      withoutGroup(asked),
      when(primary && !wish.force, 'is-primary', ring, 'ask with --force (force=true over HTTP) if that is meant'),
      when(
        below.length > 0 && !wish.force,
        'has-replicas',
        orphans,
        `${move}, or ask with --force (force=true over HTTP)`,
      ),
    ],
  };
}

function skip(asked: Asked): ReturnType<Judge> {
  const { name } = asked;
  const channel = channelOf(asked);
  const runs = `Replication SQL thread is running on ${name}`;
  const fine = `No SQL error on ${name}`;
  const nothing = 'nothing is to be skipped';
  return {
    steps: [startAgain(asked)],
    channels: 'one',
    refusals: [
      noReplica(asked),
      unclearChannel(asked),
      when(channel?.sqlThread === 'running', 'replicates', runs, nothing),
      when(channel?.sqlThread === 'stopped' && channel.sqlError === null, 'no-error', fine, nothing),
    ],
  };
}

function byGtid(asked: Asked, on: boolean): ReturnType<Judge> {
  const { name, source, server } = asked;
  const is = channelOf(asked)?.autoPosition === true;
  const unknown = `whom ${name} replicates from is not known, so that nobody can say whether GTIDs would lead it on`;
  const off = [server, ...(source === null ? [] : [source])].filter(
    ({ facts }) => facts.flavor !== 'MariaDB' && facts.gtidMode !== 'ON',
  );
  const modes = off.map(({ facts, address }) => {
    return `${address.host}:${String(address.port)} has gtid_mode=${facts.gtidMode || 'OFF'}`;
  });
  return {
    steps: [step(asked, { do: 'follow-by-gtid', on, running: threadsOf(asked), ...channelNamed(asked) })],
    channels: 'one',
    others: on && source !== null ? [source] : [],
    refusals: [
      noReplica(asked),
      unclearChannel(asked),
      when(on && is, 'uses-gtid', `${name} already uses GTID`, 'nothing is to be done'),
      when(!on && !is, 'no-gtid', `${name} is not using GTID`, 'nothing is to be done'),
      when(on && source === null, 'unknown-source', unknown, 'discover its source'),
      when(on && off.length > 0, 'no-gtid', modes.join(', '), 'set gtid_mode=ON there first'),
    ],
  };
}

/** MySQL's own limit. */
const DELAY_MAX = 2 ** 31 - 1;

function delay(asked: Asked): ReturnType<Judge> {
  const { wish, name, server } = asked;
  const seconds = wish.seconds ?? -1;
  const isNumber = Number.isInteger(seconds) && seconds >= 0 && seconds <= DELAY_MAX;
  const { flavor, version } = server.facts;
  const isOld = flavor === 'MariaDB' && (version.major < 10 || (version.major === 10 && version.minor < 2));
  const knowsNone = `${name} is a MariaDB ${version.text}, which cannot delay replication`;
  return {
    steps: [step(asked, { do: 'delay', seconds, running: threadsOf(asked), ...channelNamed(asked) })],
    channels: 'one',
    refusals: [
      noReplica(asked),
      unclearChannel(asked),
      when(!isNumber, 'bad-seconds', `a delay is a whole number of seconds up to ${String(DELAY_MAX)}`, 'name one'),
      when(isOld, 'version', knowsNone, 'upgrade it to 10.2.3 or later'),
    ],
  };
}
