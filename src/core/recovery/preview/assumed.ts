/** What a server would say if a plan came to it now, had nothing happened since it was last seen. */
import { withOwnSeenAt, withoutPlaces } from '../progress/gtids.js';
import { mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import type { Belief } from '../belief.js';
import { progressSeen } from '../progress/seen-progress.js';
import type { Sights } from '../sights.js';
import type { StepFindings } from '../step.js';

/** Null: it does not answer. `name`: of the channel that the plan is about, where it has several. */
export function assumedOf(
  { servers }: Pick<Belief, 'servers'>,
  sights: Sights,
  id: ServerId,
  byPlace = false,
  name: string | null = null,
): StepFindings | null {
  const { answers, vitals } = sights(id);
  const server = servers.get(id);
  if (!answers || server === undefined) return null;
  const channel = server.facts.channels.find((one) => one.name === name) ?? mainChannel(server.facts);
  const error = channel?.sqlError ?? null;
  return {
    readOnly: server.facts.readOnly,
    ...(error === null ? {} : { applierError: `error ${String(error.number)}: ${error.text}` }),
    ...(vitals === null
      ? null
      : progressSeen(server, vitals, byPlace ? followed(servers, server) : undefined, channel)),
  };
}

/**
 * Servers are seen at different moments: others were seen with more of a primary's own transactions than itself, and none of
 * these does it lack.
 */
export function withOthersSeen(
  primary: ServerId,
  findings: StepFindings | null,
  others: readonly (StepFindings | null)[],
): StepFindings | null {
  const own = findings?.executedGtids;
  if (findings === null || own === undefined) return findings;
  const seen = others.map((other) => withoutPlaces(other?.executedGtids ?? ''));
  return { ...findings, executedGtids: withOwnSeenAt(primary, own, seen) };
}

/** A replica of MariaDB does not know who its source is. */
function followed(servers: Belief['servers'], server: Server): ServerId | null {
  return sourceOf(indexServers(servers.values()), server)?.id ?? null;
}
