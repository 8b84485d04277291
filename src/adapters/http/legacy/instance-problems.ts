/**
 * What is wrong with one server as the incumbent's lists name it; the first group has a priority, the rest add to it. What
 * the probe could not see comes last, with the statement that mends it: without that, nobody would know what is missing.
 */
import {
  type BlindSpot,
  isReplicating,
  mainChannel,
  type Server,
  type ServerFacts,
} from '../../../core/topology/server.js';
import type { Vitals } from '../../../core/topology/vitals.js';
import type { PublicSettings, Sighting } from '../../../runtime/ports/service.js';
import type { Freshness } from './freshness.js';

export type InstanceProblem =
  | 'last_check_invalid'
  | 'not_recently_checked'
  | 'not_replicating'
  | 'replication_lag'
  | 'errant_gtid'
  | 'group_replication_member_not_online'
  | `shared_server_uuid: ${string}`
  | `missing_right: ${string}`
  | `not_visible: ${string}`;

export interface Suspect {
  readonly server: Server;
  readonly sighting: Sighting | null;
  readonly errantGtids: string;
  /** Where others answer with this server's identity; '' when nobody does. */
  readonly copies: string;
  readonly settings: PublicSettings;
}

export function instanceProblems(
  { server, sighting, errantGtids, copies, settings }: Suspect,
  fresh: Freshness,
): readonly InstanceProblem[] {
  const { facts } = server;
  const first = firstProblem(facts, sighting?.vitals ?? null, fresh, settings);
  const problems: InstanceProblem[] = first === null ? [] : [first];
  if (errantGtids !== '') problems.push('errant_gtid');
  if (facts.group !== null && facts.group.state !== 'ONLINE') problems.push('group_replication_member_not_online');
  if (copies !== '') problems.push(`shared_server_uuid: ${copies}`);
  const lacking = sighting?.lacking ?? null;
  // The facts are those of the last good probe; what keeps the next from succeeding comes first.
  const missing: readonly InstanceProblem[] = lacking === null ? [] : [`missing_right: ${lacking}`];
  return [...problems, ...new Set([...missing, ...facts.blindSpots.map(blindness)])];
}

/** Several statements may need the same right; it is named once. */
function blindness({ what, mend }: BlindSpot): InstanceProblem {
  return mend.startsWith('GRANT ') ? `missing_right: ${mend}` : `not_visible: ${what}`;
}

function firstProblem(
  facts: ServerFacts,
  vitals: Vitals | null,
  fresh: Freshness,
  settings: PublicSettings,
): InstanceProblem | null {
  if (!fresh.valid) return 'last_check_invalid';
  if (!fresh.recentlyChecked) return 'not_recently_checked';
  const channel = mainChannel(facts);
  if (channel === null) return null;
  if (!isReplicating(channel)) return 'not_replicating';
  const lag = vitals?.lagSeconds ?? null;
  // A delayed replica lags by intent: what counts is how far it is from its delay, to either side.
  const excess = lag === null ? 0 : Math.abs(lag - channel.delaySeconds);
  return excess > settings.reasonableReplicationLagSeconds ? 'replication_lag' : null;
}
