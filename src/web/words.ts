/** How the page says times, roles and states. */
import type { ApartView, ServerView, StepView } from './overview.js';

export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h`;
  return `${String(Math.floor(seconds / 86_400))} d`;
}

export function clockText(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(undefined, { hour12: false });
}

export function durationText(fromMs: number, toMs: number): string {
  const ms = toMs - fromMs;
  return ms < 10_000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A name or `host:port` without the text; whole where nothing would be left of the host. */
export function shownHost(name: string, removed: string): string {
  if (removed === '') return name;
  const shown = name.split(removed).join('');
  return shown === '' || shown.startsWith(':') ? name : shown;
}

export type Health = 'good' | 'warning' | 'bad' | 'quiet';

/** What a person should think of a server at a glance; the words beside it say why. */
export function healthOf(server: ServerView): Health {
  if (server.apart !== null) return server.apart.state === 'apart' ? 'warning' : 'quiet';
  if (!server.valid) return server.downtime === null ? 'bad' : 'quiet';
  if (server.role === 'replica' && (server.ioThread !== 'running' || server.sqlThread !== 'running')) return 'warning';
  return 'good';
}

function apartText({ state, gtids, reason }: ApartView, valid: boolean): string {
  if (state === 'apart') return gtids === '' ? `set apart: ${reason}` : `set apart: it alone has ${gtids}`;
  if (state === 'fenced') return 'demoted and fenced';
  if (state === 'away')
    return valid ? 'left behind by a failover, being taken in' : 'left behind by a failover, does not answer';
  return valid ? 'demoted, being fenced' : 'demoted, does not answer';
}

export function stateText(server: ServerView): string {
  if (server.apart !== null) return apartText(server.apart, server.valid);
  if (!server.valid) return server.lastError ?? 'does not answer';
  if (server.role === 'primary') return server.writable ? 'takes writes' : 'is read-only';
  if (server.role !== 'replica') return server.writable ? 'takes writes' : 'stands alone, read-only';
  return replicationText(server);
}

function replicationText(server: ServerView): string {
  const { ioThread, sqlThread, lagSeconds } = server;
  if (ioThread === 'running' && sqlThread === 'running') {
    return lagSeconds === null ? 'replicates' : `replicates, ${String(lagSeconds)} s behind`;
  }
  if (ioThread === 'connecting') return 'is trying to reach its source';
  return `IO thread ${ioThread ?? 'unknown'}, SQL thread ${sqlThread ?? 'unknown'}`;
}

const STEPS: Readonly<Record<string, string>> = {
  'stop-io': 'Stop the IO thread and read what it received',
  'await-applied': 'Wait until the relay log is applied',
  'promise-promotion': 'Commit the promotion to the log',
  detach: 'End its replication for good',
  open: 'Open it for writes',
  close: 'Close it for writes',
  repoint: 'Replicate from the new primary',
  fence: 'Fence it: no client may write',
  look: 'Read its state',
  acknowledge: 'Change whether it acknowledges',
  release: 'Release commits that wait for an acknowledgement',
  'restart-io': 'Restart its IO thread to see whether the source still speaks',
  hooks: 'Run the hooks',
  sever: 'Detach it from its old source',
  'inject-empty': 'Commit empty transactions',
  'keep-binary-logs': 'Copy its binary logs aside',
  'reset-gtids': 'Let it forget what it alone has',
  'prepare-clone': 'See to the CLONE plugin',
  clone: 'Copy another server',
  switch: 'Change what an operator asked for',
  publish: 'Write it as the primary to the key-value stores',
};

export function stepText(step: StepView): string {
  return STEPS[step.kind] ?? step.intent;
}

const KINDS: Readonly<Record<string, string>> = {
  'dead-primary': 'Failover',
  'graceful-takeover': 'Planned takeover',
  'former-primary': 'Former primary came back',
  'dead-co-primary': 'Failover to the co-primary',
  'dead-intermediate': 'Lost source replaced',
  'dead-group-member': 'Lost group member replaced',
  'read-only-primary': 'Primary opened for writes',
  'semi-sync': 'Semi-sync repaired',
  'lost-replica': 'Replica came back',
  'inject-empty': 'Brought back by empty transactions',
  'reset-gtids': 'Brought back by a reset',
  rebuild: 'Brought back as a copy',
  move: 'Replicas moved',
  switch: 'One server changed',
};

export function recoveryTitle(kind: string): string {
  return KINDS[kind] ?? kind;
}
