/** Which addresses does the replicated state want probed, and as what? */
import type { LedgerState } from '../../core/ledger/state.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ServerReport } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Standing } from './rhythm.js';

export interface Wanted {
  readonly address: Address;
  readonly standing: Standing;
  /** Null while nobody answered there. */
  readonly server: ServerId | null;
  readonly dataCenter: string;
}

type WantedState = Pick<LedgerState, 'targets' | 'servers' | 'demotions' | 'sharedIdentities'>;

/** By address text. A server's own address wins over an alias of another, and both over a mere target. */
export function wantedAddresses(state: WantedState): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { address } of state.targets.values()) {
    wanted.set(addressText(address), { address, standing: 'stranger', server: null, dataCenter: '' });
  }
  // A copy under another's identity is looked at now and then: has it got one of its own?
  for (const { address } of state.sharedIdentities.values()) {
    wanted.set(addressText(address), { address, standing: 'alias', server: null, dataCenter: '' });
  }
  for (const { id, aliases, facts } of state.servers.values()) {
    const { dataCenter } = facts;
    for (const address of aliases) {
      wanted.set(addressText(address), { address, standing: 'alias', server: id, dataCenter });
    }
  }
  for (const { id, address, facts } of state.servers.values()) {
    const standing = state.demotions.get(id)?.state === 'owed' ? 'owed' : 'server';
    wanted.set(addressText(address), { address, standing, server: id, dataCenter: facts.dataCenter });
  }
  return wanted;
}

export interface FoundTarget {
  readonly address: Address;
  readonly origin: 'replica' | 'source';
}

/** Whom a report names and nobody probes yet. A source that was detached on purpose (`//host`) is not followed. */
export function foundTargets(report: ServerReport, isKnown: (address: Address) => boolean): readonly FoundTarget[] {
  const found: FoundTarget[] = [];
  for (const address of report.replicaAddresses) found.push({ address, origin: 'replica' });
  // Members replicate from the group, whoever is its primary now.
  for (const address of report.facts.group?.others ?? []) found.push({ address, origin: 'replica' });
  for (const { source } of report.facts.channels) found.push({ address: source, origin: 'source' });
  return found.filter(({ address }) => isAddressable(address) && !isKnown(address));
}

function isAddressable({ host, port }: Address): boolean {
  return host !== '' && host !== '_' && !host.startsWith('//') && port > 0;
}
