/**
 * How the kinds of recovery stand to each other. A cluster has one recovery at a time, so the lesser gives way to the
 * graver: clients that cannot write come before replicas that are late. What keeps which from being repeated is counted
 * apart, because a primary that was replaced says nothing about an intermediate source that dies half an hour later.
 */
import type { Recovery, RecoveryKind } from './recovery.js';

/** Recoveries that block each other for a while after one of them succeeded. */
export type Family = 'primary' | 'intermediate' | 'read-only' | 'semi-sync';

interface KindTraits {
  /** Null: it blocks nothing and is blocked by nothing. */
  readonly family: Family | null;
  /** Those that it is broken off for. What it had touched by then is seen to afterwards. */
  readonly givesWayTo: readonly RecoveryKind[];
}

const FAILOVERS: readonly RecoveryKind[] = ['dead-primary', 'dead-co-primary'];

const REPAIRS: readonly RecoveryKind[] = ['dead-intermediate', 'dead-group-member', 'read-only-primary', 'semi-sync'];

const KINDS: Readonly<Record<RecoveryKind, KindTraits>> = {
  'dead-primary': { family: 'primary', givesWayTo: [] },
  'dead-co-primary': { family: 'primary', givesWayTo: [] },
  'graceful-takeover': { family: null, givesWayTo: [] },
  'former-primary': { family: null, givesWayTo: [...FAILOVERS, 'graceful-takeover'] },
  'dead-intermediate': { family: 'intermediate', givesWayTo: FAILOVERS },
  'dead-group-member': { family: 'intermediate', givesWayTo: FAILOVERS },
  'read-only-primary': { family: 'read-only', givesWayTo: FAILOVERS },
  'semi-sync': { family: 'semi-sync', givesWayTo: FAILOVERS },
  'lost-replica': { family: null, givesWayTo: [...FAILOVERS, 'graceful-takeover'] },
  'inject-empty': { family: null, givesWayTo: FAILOVERS },
  'reset-gtids': { family: null, givesWayTo: FAILOVERS },
  // A copy takes hours at worst: nothing that keeps the cluster at work waits for it.
  rebuild: { family: null, givesWayTo: [...FAILOVERS, 'graceful-takeover', ...REPAIRS] },
  // Nothing is broken that it would mend.
  move: { family: null, givesWayTo: [...FAILOVERS, ...REPAIRS] },
  // On the servers that it shares with the other; see the ledger. What an operator plans waits for it.
  switch: { family: null, givesWayTo: [...FAILOVERS, ...REPAIRS, 'former-primary', 'lost-replica'] },
};

export function familyOf(kind: RecoveryKind): Family | null {
  return KINDS[kind].family;
}

export function givesWay(open: RecoveryKind, to: RecoveryKind): boolean {
  return KINDS[open].givesWayTo.includes(to);
}

/** It did what it was for: somebody was promoted, moved, opened. What came to nothing is no reason to hold anything back. */
export function hasChanged({ kind, promotion, verdict }: Pick<Recovery, 'kind' | 'promotion' | 'verdict'>): boolean {
  const family = familyOf(kind);
  return promotion !== null || (family !== null && family !== 'primary' && verdict?.kind === 'succeeded');
}

/** The primary is gone and another is to take its place. */
export function isFailover(kind: RecoveryKind): boolean {
  return FAILOVERS.includes(kind);
}
