/** Two living servers with one server_uuid, as a sentence that says which is believed and what mends it. */
import type { LedgerState } from '../../../core/ledger/state.js';
import { addressText } from '../../../core/topology/address.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { ClusterView } from '../views/topology-index.js';

export interface IdentityWarning {
  readonly server: ServerId;
  readonly code: 'SharedServerUuid';
  readonly description: string;
}

export function identityWarnings({ members }: ClusterView, state: LedgerState): readonly IdentityWarning[] {
  return [...state.sharedIdentities.values()].flatMap(({ server: id, address, detail }) => {
    const server = members.find((member) => member.id === id);
    if (server === undefined) return [];
    const copy = addressText(address);
    const description =
      `${copy} answers with the server_uuid of ${addressText(server.address)} (${detail}) and is not believed: ` +
      `stop mysqld at ${copy}, delete auto.cnf from its data directory and start it, and it gets an identity of its own`;
    return [{ server: id, code: 'SharedServerUuid' as const, description }];
  });
}
