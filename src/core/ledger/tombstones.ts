/** Which tombstones keep an address or a server out? Asked by those who would bring it back, and by who lifts them. */
import { type Address, addressKey } from '../topology/address.js';
import type { ServerId } from '../topology/server.js';
import type { LedgerState } from './state.js';

type Forgotten = Pick<LedgerState, 'tombstones'>;

/** Keys (`addressKey`) of all addresses that stay forgotten. */
export function forgottenAddresses({ tombstones }: Forgotten): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const { addresses } of tombstones.values()) for (const address of addresses) texts.add(addressKey(address));
  return texts;
}

/** Keys of the tombstones of this server, or of whatever was at this address. */
export function tombstonesOf({ tombstones }: Forgotten, address: Address, server: ServerId | null): readonly string[] {
  const text = addressKey(address);
  return [...tombstones]
    .filter(([, tombstone]) => {
      const isServer = server !== null && tombstone.server === server;
      return isServer || tombstone.addresses.some((one) => addressKey(one) === text);
    })
    .map(([key]) => key);
}
