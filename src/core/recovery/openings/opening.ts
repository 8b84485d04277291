/** How a recovery begins: everything that its playbook will rest on is put into its record, or the request is refused. */
import { refusal, type Refusal } from '../belief.js';
import type { Recovery, RecoveryId, RecoveryInputs } from '../recovery.js';

/** What the runtime adds: who, and an id that nobody else makes up. */
export interface OpeningContext {
  readonly id: RecoveryId;
  /** The node. */
  readonly openedBy: string;
  /** The person or the loop. */
  readonly requestedBy: string;
  /** How a person asked; absent for what the loops do. */
  readonly asked?: Pick<RecoveryInputs, 'command' | 'skipHooks' | 'requestKey' | 'requestFor'>;
}

export type Opening =
  | { readonly ok: true; readonly recovery: Recovery }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

type Told = Pick<Recovery, 'kind' | 'clusterId' | 'code' | 'description' | 'failed'>;

/** What the context says is put into the record here, so that no opening can forget it. */
type OwnInputs = Omit<RecoveryInputs, 'requestedBy' | 'command' | 'skipHooks' | 'requestKey' | 'requestFor'>;

export function opened(context: OpeningContext, told: Told, inputs: OwnInputs): Opening {
  const recovery: Recovery = {
    id: context.id,
    ...told,
    inputs: {
      ...inputs,
      requestedBy: context.requestedBy,
      ...context.asked,
      forced: inputs.forced || context.asked !== undefined,
    },
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

export function unknownServer({ server, clusterId }: { readonly server: string; readonly clusterId: string }): Refusal {
  const text = `server ${server} of cluster ${clusterId} is not known`;
  return refusal('unknown-server', text, 'discover it: orchestrator-client -c discover -i HOST:PORT');
}

export function refused(...refusals: readonly Refusal[]): Opening {
  return { ok: false, refusals };
}
