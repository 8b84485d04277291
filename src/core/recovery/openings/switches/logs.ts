/**
 * Binary logs and connections of one server. A log that a replica has yet to fetch or to apply is not deleted: where a
 * replica stands only moves on, so what was last seen of it errs on the safe side, and one that was never seen needs all.
 */
import { addressText } from '../../../topology/address.js';
import { isBinlogName, logsBetween } from '../../../topology/binlog-position.js';
import type { Channel } from '../../../topology/server.js';
import { indexServers, sourceOfChannel } from '../../../topology/sources.js';
import type { Vitals } from '../../../topology/vitals.js';
import { refusal, type Refusal } from '../../belief.js';
import type { SwitchCommand } from '../../requests/switching.js';
import { type Asked, type Judge, step, when } from './wish.js';

export const LOGS: Readonly<
  Record<Extract<SwitchCommand, 'flush-binary-logs' | 'purge-binary-logs' | 'kill-query'>, Judge>
> = {
  'flush-binary-logs': flush,
  'purge-binary-logs': purge,
  'kill-query': kill,
};

function noBinaryLog({ server, name }: Asked): Refusal | null {
  return when(!server.facts.binlogEnabled, 'no-binary-log', `${name} writes no binary log`, 'set log_bin there');
}

/** Beyond that a name is mistyped. */
const FLUSHED_MAX = 100;

function flush(asked: Asked): ReturnType<Judge> {
  const { wish, name } = asked;
  const current = ownLog(asked);
  const isName = wish.binaryLog === '' || isBinlogName(wish.binaryLog);
  const gap = wish.binaryLog === '' || current === '' ? 0 : logsBetween(current, wish.binaryLog);
  const never = `${name} writes ${current}, and never ${wish.binaryLog}`;
  const far = `${name} writes ${current}, and ${wish.binaryLog} is ${String(gap)} logs away`;
  return {
    steps: [step(asked, { do: 'flush-logs', to: wish.binaryLog })],
    refusals: [
      noBinaryLog(asked),
      when(!isName, 'bad-log', `"${wish.binaryLog}" is no name of a binary log`, 'name one like binlog.000042'),
      when(isName && gap === null, 'bad-log', never, 'name one that follows'),
      when(gap !== null && gap > FLUSHED_MAX, 'too-many-logs', far, `name one of the next ${String(FLUSHED_MAX)}`),
    ],
  };
}

function purge(asked: Asked): ReturnType<Judge> {
  const { wish, name } = asked;
  const isLatest = wish.binaryLog === 'latest';
  const mend = 'name the first log that is to stay, or latest';
  return {
    steps: [step(asked, { do: 'purge-logs', before: isLatest ? '' : wish.binaryLog })],
    refusals: [
      noBinaryLog(asked),
      when(
        !isLatest && !isBinlogName(wish.binaryLog),
        'bad-log',
        `"${wish.binaryLog}" is no name of a binary log of ${name}`,
        mend,
      ),
      ...(wish.force ? [] : neededBy(asked, isLatest ? ownLog(asked) : wish.binaryLog)),
    ],
  };
}

function ownLog({ sights, server }: Asked): string {
  return sights(server.id).vitals?.binlog?.file ?? '';
}

/** Replicas of any of its channels, also those that are stopped, detached or away. */
function neededBy({ belief, sights, server, name }: Asked, first: string): readonly Refusal[] {
  const index = indexServers(belief.servers.values());
  const follows = (channel: Channel): boolean =>
    channel.sourceId === server.id || sourceOfChannel(index, channel)?.id === server.id;
  const links = [...belief.servers.values()]
    .filter(({ id }) => id !== server.id)
    .flatMap((replica) => replica.facts.channels.filter(follows).map((channel) => ({ replica, channel })));
  return links.flatMap(({ replica, channel }) => {
    const needs = neededLog(sights(replica.id).vitals, channel);
    if ((logsBetween(first, needs) ?? -1) >= 0) return [];
    const why = needs === '' ? 'was not seen, so that it may need all of them' : `still needs ${needs}`;
    const text = `${addressText(replica.address)} replicates from ${name} and ${why}`;
    return [refusal('needed', text, 'let it catch up first, or ask with --force (force=true over HTTP)')];
  });
}

/** What it has fetched and not applied it may have to fetch again (relay_log_recovery). */
function neededLog(vitals: Vitals | null, { name }: Channel): string {
  const seen = vitals?.channels.find((one) => one.name === name);
  return (seen?.executed ?? seen?.read)?.file ?? '';
}

function kill(asked: Asked): ReturnType<Judge> {
  const { wish } = asked;
  const connection = wish.connection ?? -1;
  const isNumber = Number.isSafeInteger(connection) && connection > 0;
  return {
    steps: [step(asked, { do: 'see-query', connection })],
    refusals: [
      when(!isNumber, 'bad-connection', 'a connection is a number', 'take it from SHOW PROCESSLIST of that server'),
    ],
  };
}
