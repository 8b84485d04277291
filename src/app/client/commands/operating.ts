/** Commands for the life of servers in orchestrator's care, for recoveries, and for the orchestrators themselves. */
import { printers as p } from '../printers.js';
import { asks, changes, type ClientCommand, planned } from './command.js';

export const CARING: readonly ClientCommand[] = [
  changes('discover', 'discover/{instance}', p.instance, 'look at a server and keep it'),
  changes('async-discover', 'async-discover/{instance}', p.keyGiven, 'the same without waiting'),
  changes('refresh', 'refresh/{instance}', p.key, 'look at a server that is known, now'),
  changes('forget', 'forget/{instance}', p.nothing, 'no longer know a server'),
  changes('forget-cluster', 'forget-cluster/{hint}', p.nothing, 'no longer know the servers of a cluster'),
  asks('forgotten', 'v1/forgotten', p.forgotten, 'servers that stay forgotten until they are discovered'),
  asks('shared-identities', 'v1/shared-identities', p.sharedIdentities, 'servers with the server_uuid of another'),
  changes(
    'begin-downtime',
    'begin-downtime/{instance}/{owner}/{reason}/{duration}',
    p.key,
    'say that its problems are known',
  ),
  changes('end-downtime', 'end-downtime/{instance}', p.key, 'end that'),
  changes('begin-maintenance', 'begin-maintenance/{instance}/{owner}/{reason}', p.key, 'lock a server'),
  asks('in-maintenance', 'in-maintenance/{instance}', p.textIfAny, 'the server, if it is locked'),
  changes('end-maintenance', 'end-maintenance/{instance}', p.key, 'unlock it'),
  changes('register-candidate', 'register-candidate/{instance}/{rule}', p.key, 'say how gladly it becomes primary'),
  asks('bulk-promotion-rules', 'bulk-promotion-rules', p.promotionRules, 'all promotion rules that are registered'),
  changes(
    'register-hostname-unresolve',
    'register-hostname-unresolve/{instance}/{hostname}',
    p.key,
    'the name that replicas shall know it by',
  ),
  changes('deregister-hostname-unresolve', 'deregister-hostname-unresolve/{instance}', p.key, 'end that'),
  {
    ...changes(
      'set-cluster-alias',
      'set-cluster-alias/{text}?alias={newAlias}',
      p.message,
      'give a cluster another name (-i CLUSTER -a ALIAS)',
    ),
    example: ' -i db-1:3306 -a shop',
  },
  changes('tag', 'tag/{instance}?tag={tag}', p.key, 'tag a server'),
  changes('untag', 'untag/{instance}?tag={tag}', p.keys, 'take a tag off a server'),
  changes('untag-all', 'untag-all?tag={tag}', p.keys, 'take a tag off all servers'),
  {
    ...changes(
      'submit-pool-instances',
      'submit-pool-instances/{pool}?instances={text}',
      p.text,
      'fill a pool (-i HOST,HOST)',
    ),
    example: ' -l readers -i db-2:3306,db-3:3306',
  },
  changes(
    'submit-masters-to-kv-stores',
    'submit-masters-to-kv-stores[/{alias}]',
    p.keyValues,
    'write primaries to the key-value stores',
  ),
  changes('snapshot-topologies', 'snapshot-topologies', p.text, 'keep a picture of all topologies'),
  asks('past-topologies', 'v1/past-topologies', p.pictures, 'the pictures that were kept, each with its Unix time'),
  {
    ...asks(
      'past-topology',
      'v1/past-topology/{hint}/{seconds}',
      p.text,
      'the tree of a cluster at a time (-S UNIXTIME)',
    ),
    example: ' -a shop -S 1794380462',
  },
];

const REQUESTS: readonly ClientCommand[] = [
  {
    ...changes(
      'graceful-master-takeover',
      'graceful-master-takeover/{hint}[/{destination}]',
      p.successor,
      'move the primary role; the old primary is left with replication stopped',
    ),
    example: ' -a shop -d db-3:3306',
  },
  changes(
    'graceful-master-takeover-auto',
    'graceful-master-takeover-auto/{hint}[/{destination}]',
    p.successor,
    'the same; chooses a replica without -d, and starts replication on the old primary',
  ),
  changes('recover', 'recover/{instance}[/{destination}]', p.key, 'recover a failed server now'),
  changes('recover-lite', 'recover-lite/{instance}[/{destination}]', p.key, 'the same without hooks'),
  changes(
    'force-master-failover',
    'force-master-failover/{hint}',
    p.successor,
    'fail over whatever the primary says; one that lives is fenced first',
  ),
  changes(
    'force-master-takeover',
    'force-master-takeover/{hint}/{destination}',
    p.successor,
    'the same, to one replica',
  ),
];

/** Each with the path of its plan. */
const WAYS_BACK: readonly (readonly [ClientCommand, string])[] = [
  [
    changes(
      'inject-empty',
      'v1/ways-back/{instance}/inject-empty',
      p.wayBack,
      'bring it back: empty transactions on the primary for those that it alone has',
    ),
    'v1/ways-back/{instance}/inject-empty?dryRun=true',
  ],
  [
    changes(
      'rebuild',
      'v1/ways-back/{instance}/rebuild[?donor={destination}]',
      p.wayBack,
      'bring it back as a copy of another server (-d HOST:PORT)',
    ),
    'v1/ways-back/{instance}/rebuild?dryRun=true[&donor={destination}]',
  ],
  [
    changes(
      'reset',
      'v1/ways-back/{instance}/reset',
      p.wayBack,
      'bring it back: its binary logs are kept aside, and it forgets what it alone has',
    ),
    'v1/ways-back/{instance}/reset?dryRun=true',
  ],
];

export const RECOVERING: readonly ClientCommand[] = [
  ...REQUESTS.map((command) => planned(command, p.plan)),
  asks('plan', 'v1/plan/automatic/{hint}', p.plan, 'what would be done if the server died, or about it as it is'),
  asks(
    'ways-back',
    'v1/ways-back/{instance}',
    p.waysBack,
    'a server that is set apart: why, and how it could come back',
  ),
  ...WAYS_BACK.map(([command, path]) => ({ ...command, rehearsal: { path, print: p.wayBack } })),
  changes(
    'ack-cluster-recoveries',
    'ack-recovery/cluster/{hint}?comment={reason}',
    p.text,
    'acknowledge recoveries of a cluster, so that the next is not held back',
  ),
  changes(
    'ack-instance-recoveries',
    'ack-recovery/instance/{instance}?comment={reason}',
    p.key,
    'acknowledge recoveries of a server that failed',
  ),
  asks('blocked-recoveries', 'blocked-recoveries', p.blocked, 'what is held back, until when, and because of what'),
  changes('ack-all-recoveries', 'ack-all-recoveries?comment={reason}', p.text, 'acknowledge all recoveries'),
  changes('disable-global-recoveries', 'disable-global-recoveries', p.text, 'recover nothing by itself from now on'),
  changes('enable-global-recoveries', 'enable-global-recoveries', p.text, 'end that'),
  changes('release-brake', 'release-brake', p.text, 'let automatic recovery go on after it stopped itself'),
  asks('check-global-recoveries', 'check-global-recoveries', p.text, 'enabled or disabled'),
];

export const ORCHESTRATORS: readonly ClientCommand[] = [
  asks('raft-leader', 'raft-leader', p.text, 'who leads'),
  asks('raft-health', 'raft-health', p.text, 'healthy, if the node is part of a quorum'),
  changes('raft-elect-leader', 'raft-yield-hint/{hostname}', p.text, 'let a node whose name holds the text lead'),
];
