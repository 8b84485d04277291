/** How the audit names a server: by its address, as people do; by its id only when it is not known (any more). */
import { addressText } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import type { LedgerState } from '../state.js';

export function nameOf(state: LedgerState, id: ServerId): string {
  const server = state.servers.get(id);
  return server === undefined ? id : addressText(server.address);
}
