/** Probe results for tests, as a prober would bring them home. */
import {
  type FailureKind,
  NOTHING_DETECTED,
  type ProbeResult,
  type ServerReport,
} from '../../src/core/topology/report.js';
import type { Channel, ServerFacts } from '../../src/core/topology/server.js';
import type { ChannelVitals, Vitals } from '../../src/core/topology/vitals.js';
import { addressOf, factsOf, serverId } from './facts.js';

export function vitalsOf(changes: Partial<Vitals> = {}): Vitals {
  return {
    uptimeSeconds: 1000,
    executedGtids: '',
    purgedGtids: '',
    binlog: { file: 'binlog.000001', position: 157 },
    channels: [],
    lagSeconds: 0,
    semiSyncClients: 0,
    latencyMs: 1,
    ...changes,
  };
}

export function channelVitals(changes: Partial<ChannelVitals> = {}): ChannelVitals {
  return {
    name: '',
    read: { file: 'binlog.000001', position: 157 },
    executed: { file: 'binlog.000001', position: 157 },
    relay: null,
    retrievedGtids: '',
    secondsBehind: 0,
    quietMs: 100,
    ...changes,
  };
}

export interface SeenAt {
  readonly atMs: number;
  readonly facts?: Partial<ServerFacts>;
  readonly vitals?: Partial<Vitals>;
}

export function goodProbe(name: string, { atMs, facts = {}, vitals = {} }: SeenAt): ProbeResult {
  const report: ServerReport = {
    id: serverId(name),
    address: addressOf(name),
    facts: factsOf(facts),
    vitals: vitalsOf(vitals),
    detected: NOTHING_DETECTED,
    replicaAddresses: [],
  };
  return { ok: true, startedAtMs: atMs, finishedAtMs: atMs + 1, report };
}

export function failedProbe(name: string, kind: FailureKind, atMs: number, tookMs = 1): ProbeResult {
  return {
    ok: false,
    startedAtMs: atMs,
    finishedAtMs: atMs + tookMs,
    address: addressOf(name),
    failure: { kind, code: kind === 'refused' ? 'ECONNREFUSED' : kind, message: `${name}:3306: ${kind}` },
  };
}

/** A replica with one channel, as it was read at that instant. */
export function replicaProbe(
  name: string,
  channel: Channel,
  atMs: number,
  vitals: Partial<ChannelVitals> = {},
): ProbeResult {
  return goodProbe(name, { atMs, facts: { channels: [channel] }, vitals: { channels: [channelVitals(vitals)] } });
}
