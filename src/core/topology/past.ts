/** A topology of the past as text: who was below whom. Nothing else of that time is known, so no server counts as well. */
import { type Address, sameAddress } from './address.js';
import { renderTopology } from './render.js';
import type { TopologyEntry } from './topology-entry.js';

export interface PastServer {
  readonly address: Address;
  readonly source: Address | null;
}

const UNKNOWN: Omit<TopologyEntry, 'address' | 'source' | 'isCoPrimary' | 'isReplica' | 'isDetached'> = {
  alias: '',
  isGroupSecondary: false,
  threadsRunning: false,
  isCheckValid: false,
  isRecentlyChecked: false,
  secondsBehind: null,
  lagSeconds: null,
  delaySeconds: 0,
  version: '',
  readOnly: false,
  binlogEnabled: false,
  binlogFormat: '',
  logReplicaUpdates: false,
  gtid: false,
  errantGtids: '',
  pseudoGtid: false,
  semiSyncSource: false,
  semiSyncReplica: false,
  isDowntimed: false,
  tags: [],
};

export function renderPast(servers: readonly PastServer[]): string {
  const sourceOf = (address: Address): Address | null =>
    servers.find((server) => sameAddress(server.address, address))?.source ?? null;
  const entries = servers.map(({ address, source }): TopologyEntry => {
    const above = source === null ? null : sourceOf(source);
    return {
      ...UNKNOWN,
      address,
      source,
      isCoPrimary: above !== null && sameAddress(above, address),
      isReplica: source !== null,
      isDetached: source?.host.startsWith('//') ?? false,
    };
  });
  const style = { layout: 'aligned', tags: false, historical: true, maintenanceLagSeconds: 0 } as const;
  const root = entries.find(
    ({ source }) => source === null || !servers.some(({ address }) => sameAddress(address, source)),
  );
  return renderTopology(entries, { ...style, firstRoot: root?.address ?? null });
}
