/**
 * How far a server had come when it was last looked at, in the words of the records (gtids.ts), for what is told before
 * anything is asked of the servers themselves. Null where it is not known.
 */
import { logMarkText } from '../../topology/log-marks.js';
import { type Channel, mainChannel, type Server, type ServerFacts, type ServerId } from '../../topology/server.js';
import type { BinlogPosition, Vitals } from '../../topology/vitals.js';
import { isGtidSet, logOf } from './gtids.js';
import type { RecoveryInputs } from '../recovery.js';
import type { Sights } from '../sights.js';
import type { StepFindings } from '../step.js';

/** `follows`: whom, where the places of a server are asked for that counts transactions, too; null: nobody that is known. */
export function progressSeen(
  { id, facts }: Pick<Server, 'id' | 'facts'>,
  vitals: Vitals,
  follows?: ServerId | null,
  channel: Channel | null = mainChannel(facts),
): StepFindings | null {
  if (follows !== undefined || followsByPlace(facts)) {
    return placesSeen({ id, facts }, vitals, follows ?? null, channel);
  }
  const seen = vitals.channels.find(({ name }) => name === (channel?.name ?? ''));
  const sets = {
    executedGtids: vitals.executedGtids,
    receivedGtids: seen?.retrievedGtids ?? '',
    purgedGtids: vitals.purgedGtids,
  };
  return Object.values(sets).every(isGtidSet) ? sets : null;
}

function placesSeen(
  { id }: Pick<Server, 'id' | 'facts'>,
  vitals: Vitals,
  follows: ServerId | null,
  channel: Channel | null,
): StepFindings {
  const ownEnd = vitals.binlog === null ? {} : { ownEnd: vitals.binlog };
  if (channel === null) {
    return { executedGtids: placeIn(id, vitals.binlog), receivedGtids: '', purgedGtids: '', ...ownEnd };
  }
  const source = channel.sourceId ?? follows;
  const seen = vitals.channels.find(({ name }) => name === channel.name);
  return {
    executedGtids: placeIn(source, seen?.executed ?? null),
    receivedGtids: placeIn(source, seen?.read ?? null),
    purgedGtids: '',
    ...ownEnd,
  };
}

/** MySQL without GTID; MariaDB numbers its transactions whatever its replicas follow by. */
export function followsByPlace({ flavor, gtidMode }: ServerFacts): boolean {
  return flavor !== 'MariaDB' && gtidMode === 'OFF';
}

function placeIn(log: ServerId | null, place: BinlogPosition | null): string {
  return log === null || place === null ? '' : logMarkText(place, logOf(log));
}

/** Where their own logs stood; nothing where they follow by GTID. */
export function endsSeen(servers: readonly Server[], sights: Sights): Pick<RecoveryInputs, 'seenEnds'> {
  const ends = servers.flatMap(({ id, facts }) => {
    const at = followsByPlace(facts) ? (sights(id).vitals?.binlog ?? null) : null;
    return at === null ? [] : [{ server: id, at }];
  });
  return ends.length === 0 ? {} : { seenEnds: ends };
}
