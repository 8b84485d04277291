/** Where primaries are published, from the incumbent's keys to ours. */
import type { PublishingConfig } from '../config.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

/** A cluster has five keys, and Consul takes no more than 64 in a transaction. */
const KEYS_OF_CLUSTER = 5;
const OPERATIONS_MAX = 64;

export function readPublishing(values: Values, findings: Findings): PublishingConfig {
  const { ConsulAddress: address, ZkAddress: zookeeper } = values;
  if (address !== '' && !/^[^/\s]+:\d+$/.test(address)) {
    findings.fault('ConsulAddress', `${JSON.stringify(address)} is its value; allowed: host:port, or ""`);
  }
  const wrong = zookeeper.split(',').filter((server) => zookeeper !== '' && !/^\s*[^/\s]+?(:\d+)?\s*$/.test(server));
  if (wrong.length > 0) {
    findings.fault('ZkAddress', `${JSON.stringify(zookeeper)} is its value; allowed: host:port, separated by commas`);
  }
  return {
    prefix: values.KVClusterMasterPrefix,
    consul:
      address === ''
        ? null
        : {
            address,
            scheme: values.ConsulScheme,
            token: values.ConsulAclToken,
            transactions: values.ConsulKVStoreProvider === 'consul-txn',
            operationsMax: Math.min(Math.max(values.ConsulMaxKVsPerTransaction, KEYS_OF_CLUSTER), OPERATIONS_MAX),
            everyDatacenter: values.ConsulCrossDataCenterDistribution,
          },
    zookeeper,
  };
}
