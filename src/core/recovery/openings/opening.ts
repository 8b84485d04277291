/** How a recovery begins: everything that its playbook will rest on is put into its record, or the request is refused. */
import type { Refusal } from '../belief.js';
import type { Recovery, RecoveryId, RecoveryInputs } from '../recovery.js';

/** What the runtime adds: who, and an id that nobody else makes up. */
export interface OpeningContext {
  readonly id: RecoveryId;
  /** The node. */
  readonly openedBy: string;
  /** The person or the loop. */
  readonly requestedBy: string;
}

export type Opening =
  | { readonly ok: true; readonly recovery: Recovery }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

type Told = Pick<Recovery, 'kind' | 'clusterId' | 'code' | 'description' | 'failed'>;

export function opened(context: OpeningContext, told: Told, inputs: Omit<RecoveryInputs, 'requestedBy'>): Opening {
  const recovery: Recovery = {
    id: context.id,
    ...told,
    inputs: { ...inputs, requestedBy: context.requestedBy },
    // The ledger puts its own stamp here.
    openedAtMs: 0,
    openedBy: context.openedBy,
    steps: [],
    promotion: null,
    successor: null,
    lost: [],
    closedAtMs: null,
    verdict: null,
    acknowledged: null,
  };
  return { ok: true, recovery };
}

export function refused(...refusals: readonly Refusal[]): Opening {
  return { ok: false, refusals };
}
