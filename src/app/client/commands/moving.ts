/** Commands that move replicas about, and those that change one server. */
import { printers as p } from '../printers.js';
import { asks, changes, type ClientCommand, planned } from './command.js';

const BELOW = '/{instance}/{destination}';
/** Of many, those that are meant. */
const PATTERN = '[?pattern={pattern}]';
/** Of a replica of several sources, the one that is meant. */
const CHANNEL = '[?channel={channel}]';

const MOVES: readonly ClientCommand[] = [
  changes('relocate', `relocate${BELOW}${CHANNEL}`, p.instanceBelowSource, 'move a replica below another server'),
  changes(
    'relocate-replicas',
    `relocate-replicas${BELOW}${PATTERN}`,
    p.instances,
    'move all its replicas below another server',
  ),
  changes('move-below', `move-below${BELOW}${CHANNEL}`, p.instanceBelowSource, 'move a replica below its sibling'),
  changes(
    'move-equivalent',
    `move-equivalent${BELOW}${CHANNEL}`,
    p.instanceBelowSource,
    'move by recorded coordinates',
  ),
  changes('move-gtid', `move-below-gtid${BELOW}${CHANNEL}`, p.instanceBelowSource, 'move a replica by GTID'),
  changes('move-replicas-gtid', `move-replicas-gtid${BELOW}${PATTERN}`, p.moved, 'move all its replicas by GTID'),
  changes('move-up', `move-up/{instance}${CHANNEL}`, p.instanceBelowSource, 'move a replica one level up'),
  changes(
    'move-up-replicas',
    `move-up-replicas/{instance}${PATTERN}`,
    p.instances,
    'move all its replicas one level up',
  ),
  changes(
    'repoint',
    `repoint/{instance}[/{destination}]${CHANNEL}`,
    p.instanceBelowSource,
    'give a replica another source at the same place',
  ),
  changes('repoint-replicas', `repoint-replicas/{instance}${PATTERN}`, p.instances, 'point its replicas at it again'),
  changes(
    'make-co-master',
    'make-co-master/{instance}',
    p.instanceBelowSource,
    'let source and replica follow each other',
  ),
  changes('take-master', `take-master/{instance}${CHANNEL}`, p.instanceBelowSource, 'change places with its source'),
  changes('take-siblings', 'take-siblings/{instance}', p.instanceBelowSource, 'move its siblings below it'),
  changes('regroup-replicas', 'regroup-replicas/{instance}', p.key, 'let the best of its replicas lead the others'),
];

export const MOVING: readonly ClientCommand[] = [
  ...MOVES.map((command) => planned(command, p.plan)),
  {
    ...changes('cancel-move', 'v1/cancel-move/{text}', p.nothing, 'begin nothing more of a plan of moves (-i UID)'),
    example: ' -i 1794380462113:9f3a',
  },
  changes('match', `match${BELOW}`, p.instanceBelowSource, 'move a replica by Pseudo-GTID'),
  changes('match-up', 'match-up/{instance}', p.instanceBelowSource, 'move a replica one level up by Pseudo-GTID'),
  changes('match-up-replicas', 'match-up-replicas/{instance}', p.moved, 'the same with all its replicas'),
];

const DETACHING: Readonly<Record<string, string>> = {
  'detach-replica': 'break its replication on purpose',
  'reattach-replica': 'undo that',
  'detach-replica-master-host': 'break its replication on purpose',
  'reattach-replica-master-host': 'undo that',
};

const FORCE = '[?force={force}]';

/** What looks like a slip may be meant. */
const FORCED: Readonly<Record<string, string>> = {
  'enable-semi-sync-master': 'enable semi-sync on the side of the source',
  'disable-semi-sync-master': 'disable it',
  'enable-semi-sync-replica': 'enable semi-sync on the side of the replica',
  'disable-semi-sync-replica': 'disable it',
  'set-writeable': 'let it take writes, where no other of its cluster does',
};

/** About one source of it. */
const ON_ONE_CHANNEL: Readonly<Record<string, string>> = {
  'stop-replica': 'stop replication',
  'stop-replica-nice': 'stop replication once the relay log is applied',
  'skip-query': 'skip the statement that its replication fails at',
  'enable-gtid': 'let a replica replicate by GTID',
  'disable-gtid': 'let it replicate by file and position',
  'change-master-credentials': 'give it the replication account again',
};

const ON_ONE: Readonly<Record<string, string>> = {
  'gtid-errant-reset-master': 'remove errant transactions by resetting its binary logs',
  'gtid-errant-inject-empty': 'cover errant transactions by empty ones on the primary',
  'set-read-only': 'make it read-only; no repair opens it again',
};

const onOne = (names: Readonly<Record<string, string>>, rest: string): readonly ClientCommand[] =>
  Object.entries(names).map(([name, about]) => changes(name, `${name}/{instance}${rest}`, p.instance, about));

const SWITCHES: readonly ClientCommand[] = [
  ...onOne(ON_ONE_CHANNEL, CHANNEL),
  ...onOne({ 'start-replica': 'start replication' }, `${CHANNEL}[?until={until}]${FORCE}`),
  ...onOne({ 'restart-replica': 'stop and start replication' }, `${CHANNEL}${FORCE}`),
  ...onOne(
    { 'reset-replica': 'make it forget its source, when it has applied what it received' },
    `${CHANNEL}${FORCE}`,
  ),
  ...onOne(ON_ONE, ''),
  ...onOne(FORCED, FORCE),
  changes('flush-binary-logs', 'flush-binary-logs/{instance}[?to={binlog}]', p.instance, 'begin a new binary log'),
  changes('delay-replication', `delay-replication/{instance}/{seconds}${CHANNEL}`, p.text, 'let it lag on purpose'),
  changes(
    'purge-binary-logs',
    `purge-binary-logs/{instance}/{binlog}${FORCE}`,
    p.instance,
    'delete binary logs up to one',
  ),
  {
    ...changes(
      'kill-query',
      'kill-query/{instance}/{connection}',
      p.instance,
      'end what a connection runs (-q NUMBER)',
    ),
    example: ' -i db1:3306 -q 4711',
  },
];

export const ON_ONE_SERVER: readonly ClientCommand[] = [
  ...onOne(DETACHING, CHANNEL),
  ...SWITCHES.map((command) => planned(command, p.plan)),
  asks(
    'restart-replica-statements',
    'restart-replica-statements/{instance}?q={query}',
    p.json,
    'statements to wrap around one that needs replication stopped',
  ),
  {
    ...asks(
      'master-pos-wait',
      'v1/master-pos-wait/{instance}/{binlog}[?seconds={seconds}]',
      p.key,
      'wait until it has applied up to a place (-n FILE:POSITION)',
    ),
    example: ' -i db1:3306 -n binlog.000042:1234',
  },
];
