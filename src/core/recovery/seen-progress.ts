/**
 * How far a server had come when it was last looked at, in the words of the records (gtids.ts), for what is told before
 * anything is asked of the servers themselves. Null where it is not known.
 */
import { logMarkText } from '../topology/log-marks.js';
import { mainChannel, type Server, type ServerFacts, type ServerId } from '../topology/server.js';
import type { BinlogPosition, Vitals } from '../topology/vitals.js';
import { isGtidSet, logOf } from './gtids.js';
import type { StepFindings } from './step.js';

export function progressSeen({ id, facts }: Pick<Server, 'id' | 'facts'>, vitals: Vitals): StepFindings | null {
  const channel = mainChannel(facts);
  const seen = vitals.channels.find(({ name }) => name === (channel?.name ?? ''));
  if (followsByPlace(facts)) {
    const source = channel === null ? id : channel.sourceId;
    const executed = channel === null ? vitals.binlog : (seen?.executed ?? null);
    return {
      executedGtids: placeIn(source, executed),
      receivedGtids: channel === null ? '' : placeIn(source, seen?.read ?? null),
      purgedGtids: '',
      ...(vitals.binlog === null ? {} : { ownEnd: vitals.binlog }),
    };
  }
  const sets = {
    executedGtids: vitals.executedGtids,
    receivedGtids: seen?.retrievedGtids ?? '',
    purgedGtids: vitals.purgedGtids,
  };
  return Object.values(sets).every(isGtidSet) ? sets : null;
}

/** MySQL without GTID; MariaDB numbers its transactions whatever its replicas follow by. */
export function followsByPlace({ flavor, gtidMode }: ServerFacts): boolean {
  return flavor !== 'MariaDB' && gtidMode === 'OFF';
}

function placeIn(log: ServerId | null, place: BinlogPosition | null): string {
  return log === null || place === null ? '' : logMarkText(place, logOf(log));
}
