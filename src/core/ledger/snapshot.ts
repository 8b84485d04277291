/**
 * The whole state as bytes and back. Maps keep their order, so two nodes with the same history write the same bytes. A
 * snapshot of an older version lacks some of the maps and some of the facts; both begin empty.
 */
import { assert } from '../base/assert.js';
import type { Server } from '../topology/server.js';
import { SCHEMA_VERSION } from './codec.js';
import { type Draft, emptyDraft } from './draft.js';
import type { Cluster, LedgerState } from './state.js';
import { completeCluster, completeServer } from './upgrade.js';

type MapName = {
  [Name in keyof LedgerState]: LedgerState[Name] extends ReadonlyMap<string, unknown> ? Name : never;
}[keyof LedgerState];

const MAPS: readonly MapName[] = [
  'targets',
  'servers',
  'clusters',
  'recoveries',
  'demotions',
  'downtimes',
  'incidents',
  'nodes',
  'candidates',
  'tags',
  'pools',
  'maintenances',
  'unresolves',
  'tombstones',
  'silences',
  'sharedIdentities',
  'detections',
  'requests',
  'accessTokens',
];

interface SnapshotDocument {
  readonly schema: number;
  readonly index: number;
  readonly founding?: string | null;
  readonly nowMs: number;
  readonly recoveriesEnabled: boolean;
  readonly brake?: LedgerState['brake'];
  readonly brakeReleasedAtMs?: number;
  readonly lastMaintenance?: number;
  readonly audit: LedgerState['audit'];
  readonly history?: LedgerState['history'];
  readonly maps: Readonly<Partial<Record<MapName, readonly (readonly [string, unknown])[]>>>;
}

export function encodeSnapshot(state: LedgerState): Uint8Array {
  const document: SnapshotDocument = {
    schema: SCHEMA_VERSION,
    index: state.index,
    founding: state.founding,
    nowMs: state.nowMs,
    recoveriesEnabled: state.recoveriesEnabled,
    brake: state.brake,
    brakeReleasedAtMs: state.brakeReleasedAtMs,
    lastMaintenance: state.lastMaintenance,
    audit: state.audit,
    history: state.history,
    maps: Object.fromEntries(MAPS.map((name) => [name, [...state[name]]])),
  };
  return new TextEncoder().encode(JSON.stringify(document));
}

export function decodeSnapshot(bytes: Uint8Array): Draft {
  const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as SnapshotDocument;
  assert(
    document.schema >= 1 && document.schema <= SCHEMA_VERSION,
    `the snapshot has schema version ${String(document.schema)} and this program knows up to ${String(SCHEMA_VERSION)}: run the newer program on this node`,
  );
  const draft = emptyDraft();
  draft.index = document.index;
  draft.founding = document.founding ?? null;
  draft.nowMs = document.nowMs;
  draft.recoveriesEnabled = document.recoveriesEnabled;
  draft.brake = document.brake ?? null;
  draft.brakeReleasedAtMs = document.brakeReleasedAtMs ?? 0;
  draft.lastMaintenance = document.lastMaintenance ?? 0;
  draft.audit = [...document.audit];
  draft.history = [...(document.history ?? [])];
  for (const name of MAPS) {
    const target = draft[name] as Map<string, unknown>;
    for (const [key, value] of document.maps[name] ?? []) target.set(key, completed(name, value));
  }
  return draft;
}

function completed(name: MapName, value: unknown): unknown {
  if (name === 'servers') return completeServer(value as Server);
  if (name === 'clusters') return completeCluster(value as Cluster);
  return value;
}
