/** The key-value stores outside, from the configuration to whoever writes them. */
import { DnsHostAddresses } from '../../adapters/dns/host-addresses.js';
import { ConsulStore } from '../../adapters/kv/consul-store.js';
import { ZookeeperStore } from '../../adapters/kv/zookeeper/zookeeper-store.js';
import { LeaderAuthority } from '../../runtime/authority.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { Consensus } from '../../runtime/ports/consensus.js';
import type { PairStore } from '../../runtime/ports/pair-store.js';
import { Publisher } from '../../runtime/publishing/publisher.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { Config } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';

function pairStores({ publishing: { consul, zookeeper } }: Config): readonly PairStore[] {
  const stores: PairStore[] = [];
  if (consul !== null) stores.push(new ConsulStore({ ...consul, token: consul.token.reveal() }));
  if (zookeeper !== '') stores.push(new ZookeeperStore(zookeeper));
  return stores;
}

export interface PublisherSurroundings {
  readonly log: Log;
  readonly ledger: ReplicatedLedger;
  readonly consensus: Consensus;
  readonly clock: Clock;
}

/** `guarded`: what stands before each store. */
export function publisherOf(
  live: LiveConfig,
  guarded: (store: PairStore) => PairStore,
  { log, ledger, consensus, clock }: PublisherSurroundings,
): Publisher {
  const storesNow = live.derivedBy((config) => pairStores(config).map(guarded), placeOfStores);
  const publisher = new Publisher({
    clock,
    ledger,
    stores: storesNow(),
    get prefix() {
      return live.config.publishing.prefix;
    },
    addresses: new DnsHostAddresses(),
    authorityFor: (term) => new LeaderAuthority(term, consensus, clock),
    log,
  });
  let stores = storesNow();
  live.subscribe(() => {
    if (stores === storesNow()) return;
    stores = storesNow();
    publisher.useStores(stores);
  });
  return publisher;
}

/** Differs when the stores are others, or other keys of theirs. */
function placeOfStores({ publishing: { prefix, consul, zookeeper } }: Config): string {
  return JSON.stringify([prefix, consul, consul?.token.reveal(), zookeeper]);
}
