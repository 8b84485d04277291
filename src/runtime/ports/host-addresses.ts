/** The addresses of a host, for those who look for a primary and cannot ask DNS themselves. */
import type { HostAddresses } from '../../core/recovery/telling/publication.js';

export interface HostAddressBook {
  /** Never rejects, and does not take long: what is not known in time is ''. */
  addressesOf(host: string): Promise<HostAddresses>;
}
