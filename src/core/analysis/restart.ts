/**
 * Is a primary closed because it was restarted? Its settings file is that of a replica, as it was when we promoted it, so it
 * comes back closed, and the log knows better. An operator who closes a running primary means it: that one is left alone.
 * The two are told apart by the time: it was first seen closed no later after its start than it may take to come back.
 */
import type { ServerFacts } from '../topology/server.js';

export interface RestartQuestion {
  /** As the cluster believes it. */
  readonly server: { readonly facts: ServerFacts; readonly changedAtMs: number };
  /** Wall clock of the last answer, and how long it had run then; null when it has not been seen. */
  readonly seen: { readonly atMs: number; readonly uptimeSeconds: number } | null;
  /** PrimaryRestartGraceSeconds of its cluster, milliseconds; 0: there is no such time. */
  readonly graceMs: number;
}

/** UPTIME counts whole seconds, and the wall clocks of two nodes differ a little. */
const IMPRECISION_MS = 2000;

export function isClosedByRestart({ server, seen, graceMs }: RestartQuestion): boolean {
  if (seen === null || graceMs === 0 || !server.facts.readOnly) return false;
  const startedAtMs = seen.atMs - seen.uptimeSeconds * 1000;
  const sinceStartMs = server.changedAtMs - startedAtMs;
  return sinceStartMs >= -IMPRECISION_MS && sinceStartMs <= graceMs + IMPRECISION_MS;
}
