/** Keys that say in which key-value stores clients find the primaries. */
import { works, worksHidden } from './key.js';
import { bool, choice, integer, secret, text } from './kinds.js';

export const PUBLISHING_KEYS = {
  KVClusterMasterPrefix: works(
    text,
    'mysql/master',
    'Where the primary of a cluster stands in key-value stores: this, a slash and the alias of the cluster',
  ),
  ConsulAddress: works(text, '', 'Consul agent that is told of primaries, `host:port`; see docs/key-value.md'),
  ConsulScheme: works(choice<'http' | 'https'>({ http: 'http', https: 'https' }), 'http', 'How it is spoken to'),
  ConsulAclToken: worksHidden(secret, '', 'Its token, which must grant key:write below KVClusterMasterPrefix'),
  ConsulKVStoreProvider: works(
    choice({ consul: 'consul', 'consul-txn': 'consul-txn' }),
    'consul',
    '`consul` writes key by key; `consul-txn` the keys of a cluster in one transaction',
  ),
  ConsulMaxKVsPerTransaction: works(
    integer(1),
    5,
    'Keys in one transaction; less than 5 counts as 5, more than 64 as 64, which is all that Consul takes',
  ),
  ConsulCrossDataCenterDistribution: works(bool, false, 'Tell the Consul servers of all data centres'),
  ZkAddress: works(text, '', 'ZooKeeper servers that are told of primaries, `host:port`, separated by commas'),
} as const;
