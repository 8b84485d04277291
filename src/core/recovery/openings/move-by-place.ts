/**
 * The way of a replica that follows by place: up to a source that it shares with the destination, and down from there, each
 * hop to a server whose own log can be compared with the log that is left (playbooks/hop.ts). Whoever has to stand still for
 * it must replicate, by place and from one source, and must not take writes that come around in a ring.
 */
import { addressText } from '../../topology/address.js';
import { type Channel, isReplicating, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import { type Belief, inMaintenanceOf } from '../belief.js';
import { objectionTo } from '../choice/can-replicate.js';
import type { Leg } from '../requests/movement.js';
import type { RecoveryPolicy } from '../policy.js';
import type { SoftState } from './graceful-takeover.js';

export interface Ground {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly soft: SoftState;
}

/** The legs, or a sentence why there is no such way. */
export type Route = { readonly legs: readonly Leg[] } | { readonly why: string };

export function followsPlaces(channel: Channel | null): boolean {
  return channel?.autoPosition === false;
}

export function routeBetween(ground: Ground, server: Server, to: Server): Route {
  const index = indexServers(ground.belief.servers.values());
  const parentOf = (one: Server): Server | null => sourceOf(index, one);
  const source = parentOf(server);
  if (source === null) return { why: `the source of ${name(server)} is not known` };
  const above = lineage(to, parentOf);
  const legs: Leg[] = [];
  let at: Server = source;
  const seen = new Set<ServerId>();
  while (at.id !== to.id && !above.some(({ id }) => id === at.id)) {
    const next = seen.has(at.id) ? null : parentOf(at);
    if (next === null) return { why: `${name(server)} and ${name(to)} have no source in common` };
    seen.add(at.id);
    legs.push({ kind: 'up', from: at.id, to: next.id });
    at = next;
  }
  if (at.id !== to.id) {
    const down = [
      to,
      ...above.slice(
        0,
        above.findIndex(({ id }) => id === at.id),
      ),
    ].reverse();
    for (const next of down) {
      legs.push({ kind: 'beside', from: at.id, to: next.id });
      at = next;
    }
  }
  const why = whyNot(ground, server, legs);
  return why === null ? { legs } : { why };
}

/** From its source on. A ring ends where it closes. */
function lineage(server: Server, parentOf: (one: Server) => Server | null): readonly Server[] {
  const found: Server[] = [];
  for (let at = parentOf(server); at !== null && at.id !== server.id && !found.includes(at); at = parentOf(at)) {
    found.push(at);
  }
  return found;
}

function whyNot(ground: Ground, server: Server, legs: readonly Leg[]): string | null {
  const own = whyNotStand(ground, server);
  if (own !== null) return own;
  for (const { kind, from, to } of legs) {
    const [pivot, next] = [ground.belief.servers.get(kind === 'up' ? from : to), ground.belief.servers.get(to)];
    if (pivot === undefined || next === undefined) return 'a server on the way is not known';
    const why = whyNotPivot(ground, pivot);
    if (why !== null) return why;
    const objection = objectionTo(server, next, ground.policy.replication);
    if (objection !== null) return `on its way ${name(server)} would follow ${name(next)}: ${objection}`;
  }
  return null;
}

/** Who moves and who stands still for it are both told where they are by their status. */
function whyNotStand({ soft, policy }: Ground, server: Server): string | null {
  const channel = mainChannel(server.facts);
  if (channel === null) return `${name(server)} does not replicate`;
  if (channel.autoPosition) return `${name(server)} follows by GTID`;
  if (server.facts.channels.length > 1) return `${name(server)} has several sources`;
  if (!soft.answers(server.id)) return `${name(server)} does not answer`;
  if (!isReplicating(channel)) return `the replication of ${name(server)} does not run`;
  const lag = soft.lagSeconds(server.id);
  const limit = policy.maintenanceLagSeconds + channel.delaySeconds;
  if (lag === null || lag <= limit) return null;
  return `${name(server)} is ${String(lag)} s behind, and more than ${String(limit)} s is too much (ReasonableMaintenanceReplicationLagSeconds)`;
}

function whyNotPivot(ground: Ground, pivot: Server): string | null {
  const why = whyNotStand(ground, pivot);
  if (why !== null) return why;
  const { belief } = ground;
  const { facts, id } = pivot;
  if (!facts.binlogEnabled || !facts.logReplicaUpdates) return `${name(pivot)} does not log what it replicates`;
  const held = inMaintenanceOf(belief, id);
  if (held !== null) return `${name(pivot)} would have to stand still, and is in maintenance: ${held.reason}`;
  const index = indexServers(belief.servers.values());
  const source = sourceOf(index, pivot);
  if (facts.readOnly || source === null || sourceOf(index, source)?.id !== id) return null;
  return `${name(pivot)} and ${name(source)} follow each other, and ${name(pivot)} takes writes: make it read-only first`;
}

function name({ address }: Server): string {
  return addressText(address);
}
