/**
 * The kinds of recovery that bring one server back into its cluster, as a replica of its primary. None of them promotes
 * anybody, and each gives way when the primary fails: what it was doing is left as it stands and begun anew.
 */
import type { RecoveryKind } from '../recovery.js';

const RETURNS = {
  'former-primary': true,
  'lost-replica': true,
  'inject-empty': true,
  'reset-gtids': true,
  rebuild: true,
} as const;

export type ReturnKind = keyof typeof RETURNS;

/** The three that an operator asks for, one server at a time. */
export const WAYS_BACK = ['inject-empty', 'rebuild', 'reset-gtids'] as const;
export type WayBack = (typeof WAYS_BACK)[number];

export function isReturn(kind: RecoveryKind): kind is ReturnKind {
  return kind in RETURNS;
}

/** The incumbent knows no recovery of this kind: who counts failovers is not shown it. */
export function isOurs(kind: RecoveryKind): boolean {
  return kind === 'move' || kind === 'switch' || isReturn(kind);
}
