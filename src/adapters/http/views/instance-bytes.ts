/**
 * The JSON of each server, kept until something in it changes. Lists of servers are concatenations of these buffers:
 * writing an object anew for every request costs five times as much as all the rest of the request.
 */
import type { Downtime } from '../../../core/ledger/state.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { Sighting } from '../../../runtime/ports/service.js';
import { type Freshness, freshness } from '../legacy/freshness.js';
import { type InstanceFacts, legacyInstance } from '../legacy/instance.js';
import { legacyJson } from '../legacy/json.js';

interface Rendered {
  readonly facts: InstanceFacts;
  readonly fresh: Freshness;
  readonly downtimeSeconds: number;
  readonly bytes: Buffer;
}

export class InstanceBytes {
  readonly #rendered = new Map<ServerId, Rendered>();

  bytes(facts: InstanceFacts): Buffer {
    const fresh = freshness(facts.sighting, facts.settings, facts.nowMs);
    const downtimeSeconds = secondsOf(facts.downtime, facts.nowMs);
    const kept = this.#rendered.get(facts.server.id);
    if (kept !== undefined && kept.downtimeSeconds === downtimeSeconds && unchanged(kept, facts, fresh)) {
      return kept.bytes;
    }
    const bytes = Buffer.from(legacyJson(legacyInstance(facts)));
    this.#rendered.set(facts.server.id, { facts, fresh, downtimeSeconds, bytes });
    return bytes;
  }

  /** Lets go of servers that are known no more. */
  keepOnly(known: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#rendered.keys()) {
      if (!known.has(id)) this.#rendered.delete(id);
    }
  }
}

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

export function jsonList(items: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [OPEN];
  for (const [position, item] of items.entries()) {
    if (position > 0) parts.push(COMMA);
    parts.push(item);
  }
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

function unchanged(kept: Rendered, facts: InstanceFacts, fresh: Freshness): boolean {
  const before = kept.facts;
  return (
    before.server === facts.server &&
    before.placement === facts.placement &&
    before.downtime === facts.downtime &&
    before.errantGtids === facts.errantGtids &&
    before.copies === facts.copies &&
    before.unresolvedName === facts.unresolvedName &&
    sameSighting(before.sighting, facts.sighting) &&
    kept.fresh.valid === fresh.valid &&
    kept.fresh.upToDate === fresh.upToDate &&
    kept.fresh.recentlyChecked === fresh.recentlyChecked &&
    kept.fresh.secondsSinceSeen === fresh.secondsSinceSeen
  );
}

/** By content: a service may build the object anew at each call. */
function sameSighting(one: Sighting | null, other: Sighting | null): boolean {
  if (one === other) return true;
  if (one === null || other === null) return false;
  return one.vitals === other.vitals && one.lastSeenAtMs === other.lastSeenAtMs && one.valid === other.valid;
}

function secondsOf(downtime: Downtime | null, nowMs: number): number {
  return downtime === null ? -1 : Math.floor((nowMs - downtime.beganAtMs) / 1000);
}
