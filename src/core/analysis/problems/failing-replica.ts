/** One replica cannot connect to its source. Its source is looked at; the replica itself is left alone. */
import type { Rule } from '../rule.js';

export const FAILING_REPLICA: readonly Rule[] = [
  {
    code: 'BinlogServerFailingToConnectToMaster',
    sentence: 'Binlog server is unable to connect to its master',
    severity: 'warning',
    reaction: 'none',
    matches: ({ isBinlogServer, isFailingToConnect, reach }) =>
      isBinlogServer && isFailingToConnect && reach === 'reachable',
  },
  {
    code: 'FirstTierReplicaFailingToConnectToMaster',
    sentence: '1st tier replica (directly replicating from topology master) is unable to connect to the master',
    severity: 'warning',
    reaction: 'examine',
    matches: ({ isFirstTier, isFailingToConnect, reach }) => isFirstTier && isFailingToConnect && reach === 'reachable',
  },
];
