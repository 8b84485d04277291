/** Servers whose server_uuid another living server has too: what is believed of the one may be true of the other. */
import type { LedgerState } from '../../../core/ledger/state.js';
import { addressText } from '../../../core/topology/address.js';
import type { ServerId } from '../../../core/topology/server.js';

/** The addresses of those that answer with its identity, as text in a fixed order; '' when nobody does. */
export function copiesOf(id: ServerId, { sharedIdentities }: LedgerState): string {
  if (sharedIdentities.size === 0) return '';
  const copies = [...sharedIdentities.values()].filter(({ server }) => server === id);
  return copies
    .map(({ address }) => addressText(address))
    .sort()
    .join(', ');
}
