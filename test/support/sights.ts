/** What was last seen of servers, for what rests on soft state: each said to answer, unless a test says otherwise. */
import type { LastLook, Sights } from '../../src/core/recovery/sights.js';
import type { Vitals } from '../../src/core/topology/vitals.js';

export interface Seen {
  readonly answers?: boolean;
  readonly seenAtMs?: number;
  readonly uptimeSeconds?: number;
  readonly executed?: string;
  readonly received?: string;
  readonly lagSeconds?: number | null;
  readonly unread?: string;
}

/** Wall clock at which all were seen: long after they were started. */
export const SEEN_AT_MS = 1_700_000_000_000;

export function lookOf(seen: Seen = {}): LastLook {
  const { answers = true, seenAtMs = SEEN_AT_MS, unread } = seen;
  return { answers, seenAtMs, vitals: vitalsSeen(seen), ...(unread === undefined ? {} : { unread }) };
}

export function sightsOf(seen: Readonly<Record<string, Seen>> = {}): Sights {
  return (server) => lookOf(seen[server]);
}

function vitalsSeen({ uptimeSeconds = 86_400, executed = '', received = '', lagSeconds = 0 }: Seen): Vitals {
  return {
    uptimeSeconds,
    executedGtids: executed,
    purgedGtids: '',
    binlog: null,
    channels: [
      { name: '', read: null, executed: null, relay: null, retrievedGtids: received, secondsBehind: 0, quietMs: 0 },
    ],
    lagSeconds,
    semiSyncClients: 0,
    latencyMs: 1,
  };
}

/** For explanations: the primary is well, and its data centre is of no concern. */
export const NO_DOUBT = { emergency: null, recoversSilentSite: true } as const;
