/** The keys that are the operator's own queries, and how servers are asked. */
import { works } from './key.js';
import { bool, integer, query } from './kinds.js';

const detects = (what: string): string =>
  `Query that gives ${what}: the first column of its one row. Asked every ten seconds`;

export const QUESTION_KEYS = {
  ReplicationLagQuery: works(
    query,
    '',
    'Query that gives the lag of a replica in seconds, in place of what the server thinks',
  ),
  SlaveLagQuery: works(query, '', 'Old name of ReplicationLagQuery'),
  DetectClusterAliasQuery: works(query, '', detects('the alias of the cluster, asked of its primary')),
  DetectClusterDomainQuery: works(query, '', detects('the domain of the cluster, asked of its primary')),
  DetectInstanceAliasQuery: works(query, '', detects('the alias of the server')),
  DetectPromotionRuleQuery: works(
    query,
    '',
    detects('the promotion rule (`must`, `prefer`, `neutral`, `prefer_not`, `must_not`)'),
  ),
  DetectDataCenterQuery: works(query, '', detects('the data centre of the server')),
  DetectRegionQuery: works(query, '', detects('the region of the server')),
  DetectPhysicalEnvironmentQuery: works(query, '', detects('the environment of the server')),
  DetectSemiSyncEnforcedQuery: works(
    query,
    '',
    detects('the priority of the server as semi-sync replica, 0 for none and 1 for the first'),
  ),
  DiscoverByShowSlaveHosts: works(
    bool,
    false,
    'Follow only the replicas that state report_host, as long as there are any; otherwise the process list tells the hosts of the rest',
  ),
  MySQLConnectionLifetimeSeconds: works(
    integer(0),
    0,
    'A connection for probing is replaced when it is so old, seconds; 0: never',
  ),
} as const;
