/** How far a server can be believed right now: when this node last tried, and when it last had an answer. */
import type { PublicSettings, Sighting } from '../../../runtime/ports/service.js';

export interface Freshness {
  /** The last look brought everything home. */
  readonly valid: boolean;
  /** Looked at within one poll interval, and within five. */
  readonly upToDate: boolean;
  readonly recentlyChecked: boolean;
  /** Whole seconds; null when it was never seen by this node. */
  readonly secondsSinceSeen: number | null;
}

const RECENT_POLLS = 5;

export function freshness(sighting: Sighting | null, settings: PublicSettings, nowMs: number): Freshness {
  if (sighting === null) return { valid: false, upToDate: false, recentlyChecked: false, secondsSinceSeen: null };
  const sinceAttemptMs =
    sighting.lastAttemptAtMs === null ? Number.POSITIVE_INFINITY : nowMs - sighting.lastAttemptAtMs;
  const pollMs = settings.instancePollSeconds * 1000;
  return {
    valid: sighting.valid,
    upToDate: sinceAttemptMs <= pollMs,
    recentlyChecked: sinceAttemptMs <= RECENT_POLLS * pollMs,
    secondsSinceSeen:
      sighting.lastSeenAtMs === null ? null : Math.max(0, Math.floor((nowMs - sighting.lastSeenAtMs) / 1000)),
  };
}
