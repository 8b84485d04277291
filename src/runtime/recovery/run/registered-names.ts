/**
 * The name by which replicas are told of a server, where an operator has registered one (register-hostname-unresolve). It may
 * lead elsewhere by now, and a replica that is sent to a stranger takes what the stranger has; so who answers there is looked at
 * first, as far as this node can see, and the replica's own word is read afterwards (steps/repoint.ts).
 */
import type { StepOutcome } from '../../../core/recovery/step.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { RecoveryParts } from '../recovery-parts.js';

export type Told = { readonly ok: true; readonly address: Address } | Extract<StepOutcome, { ok: false }>;

export async function toldAddress(parts: RecoveryParts, source: ServerId, own: Address): Promise<Told> {
  const { ledger, prober, times } = parts;
  const registered = ledger.state.unresolves.get(own.host);
  if (registered === undefined) return { ok: true, address: own };
  const address = { host: registered.name, port: own.port };
  const probed = await prober.probe(address, times.connectMs);
  if (probed.ok && probed.report.id === source) return { ok: true, address };
  const found = probed.ok ? `${probed.report.id} answers there` : probed.failure.message;
  const error =
    `${addressText(own)} is to be known to replicas as ${addressText(address)}, and that is not it: ${found} ` +
    `(orchestrator-client -c deregister-hostname-unresolve -i ${addressText(own)})`;
  return { ok: false, code: 'state', error, retriable: !probed.ok };
}
