/** The whole state as bytes and back. Maps keep their order, so two nodes with the same history write the same bytes. */
import { assert } from '../base/assert.js';
import { SCHEMA_VERSION } from './codec.js';
import { type Draft, emptyDraft } from './draft.js';
import type { LedgerState } from './state.js';

const MAPS = ['targets', 'servers', 'clusters', 'recoveries', 'demotions', 'downtimes', 'incidents', 'nodes'] as const;

interface SnapshotDocument {
  readonly schema: number;
  readonly index: number;
  readonly nowMs: number;
  readonly recoveriesEnabled: boolean;
  readonly audit: LedgerState['audit'];
  readonly maps: Readonly<Record<(typeof MAPS)[number], readonly (readonly [string, unknown])[]>>;
}

export function encodeSnapshot(state: LedgerState): Uint8Array {
  const document: SnapshotDocument = {
    schema: SCHEMA_VERSION,
    index: state.index,
    nowMs: state.nowMs,
    recoveriesEnabled: state.recoveriesEnabled,
    audit: state.audit,
    maps: Object.fromEntries(MAPS.map((name) => [name, [...state[name]]])) as unknown as SnapshotDocument['maps'],
  };
  return new TextEncoder().encode(JSON.stringify(document));
}

export function decodeSnapshot(bytes: Uint8Array): Draft {
  const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as SnapshotDocument;
  assert(
    document.schema === SCHEMA_VERSION,
    `the snapshot has schema version ${String(document.schema)} and this program knows ${String(SCHEMA_VERSION)}: run the newer program on this node`,
  );
  const draft = emptyDraft();
  draft.index = document.index;
  draft.nowMs = document.nowMs;
  draft.recoveriesEnabled = document.recoveriesEnabled;
  draft.audit = [...document.audit];
  for (const name of MAPS) {
    const target = draft[name] as Map<string, unknown>;
    for (const [key, value] of document.maps[name]) target.set(key, value);
  }
  return draft;
}
