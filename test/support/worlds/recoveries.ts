/** Openings of recoveries upon the model of MySQL. */
import type { Recovery, RecoveryInputs, RecoveryKind } from '../../../src/core/recovery/recovery.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { recoveryOf } from '../ledger.js';

export type Told = Partial<RecoveryInputs['participants'][number]>;

export function participant(
  id: ServerId,
  role: RecoveryInputs['participants'][number]['role'],
  changes: Told = {},
): RecoveryInputs['participants'][number] {
  return {
    id,
    host: `db-${id.slice(0, 8)}`,
    port: 3306,
    role,
    promotable: role === 'replica',
    reason: '',
    preference: 0,
    tier: 2,
    servesOthers: true,
    start: true,
    cannotFollow: [],
    ...changes,
  };
}

/** The failed server is the primary; in a former-primary recovery `primary` is the one of today. */
export function openingOf(
  kind: RecoveryKind,
  failed: ServerId,
  participants: RecoveryInputs['participants'],
  inputs: Partial<RecoveryInputs> = {},
): Recovery {
  const base = recoveryOf('1:a', 'cluster' as ClusterId, failed);
  return { ...base, kind, inputs: { ...base.inputs, participants, ...inputs } };
}
