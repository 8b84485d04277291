/**
 * `orchestrator -c COMMAND`: what the incumbent's program knows beside its script, and what it prints where the two differ.
 * There it worked on the backend database, past the running nodes; here it asks them.
 */
import { failed, ok } from '../../../core/base/result.js';
import { type ApiAnswer, field, listOf, textOf } from '../answer.js';
import type { Context, Outcome, SpecialCommand } from '../context.js';
import { keyText, type Printer, printers as p } from '../printers.js';
import { asks, changes, type ClientCommand, planned } from './command.js';

const BELOW = '/{instance}/{destination}';

const clustersWithTabs: Printer = ({ payload }) =>
  listOf(payload).map((info) => `${textOf(field(info, 'ClusterName'))}\t${textOf(field(info, 'ClusterAlias'))}`);

/** All codes, the problem first. */
const allProblems: Printer = ({ payload }) =>
  listOf(payload).map((analysis) => {
    const problem = textOf(field(analysis, 'Analysis'));
    const structure = listOf(field(analysis, 'StructureAnalysis')).map(textOf);
    const codes = problem === 'NoProblem' ? structure : [problem, ...structure];
    const cluster = textOf(field(field(analysis, 'ClusterDetails'), 'ClusterName'));
    return `${keyText(field(analysis, 'AnalyzedInstanceKey'))} (cluster ${cluster}): ${codes.join(', ')}`;
  });

/** `promoted replica: KEY, lost: 0, trivial: 0, pseudo-gtid: 0` */
const regrouped: Printer = ({ payload, message }) => {
  const [, counts = ''] = /^promoted replica: [^,]*, (.*)$/.exec(message) ?? [];
  return [keyText(payload), `${keyText(payload)} ${counts}`];
};

const acknowledged: Printer = ({ message }) => [
  `${/Acknowledged (\d+)/i.exec(message)?.[1] ?? '0'} recoveries acknowledged`,
];

const found: Printer = ({ payload }, { pattern }) => {
  const fits = new RegExp(pattern);
  return listOf(payload)
    .map((instance) => keyText(field(instance, 'Key')))
    .filter((key) => fits.test(key));
};

const statements: Printer = ({ payload }) => listOf(payload).map(textOf);

/** The one line of a tree that is about the server, without its name. */
const bracketed: Printer = ({ payload }, { instance }) =>
  textOf(payload)
    .split('\n')
    .filter((line) => line.replace(/^[^\w[/]*/, '').startsWith(`${instance} `))
    .map((line) => line.slice(line.indexOf('[', line.indexOf(instance) + instance.length)));

const lostInRecovery: Printer = ({ payload }) =>
  listOf(payload)
    .filter((instance) => field(instance, 'DowntimeReason') === 'lost-in-recovery')
    .map((instance) => keyText(field(instance, 'Key')));

const resolvedNames: Printer = ({ payload }) =>
  Object.entries((payload ?? {}) as Readonly<Record<string, unknown>>).map(
    ([host, resolved]) => `${textOf(field(resolved, 'Object'))} <- ${host}`,
  );

const nodes: Printer = ({ payload }) =>
  listOf(field(payload, 'members')).map((member) => {
    const host = textOf(field(member, 'raftAddress')).replace(/:\d+$/, '');
    return `${host};${textOf(field(member, 'id'))}`;
  });

const successorOf: Printer = ({ payload }) => {
  const successor = field(payload, 'successor') ?? null;
  return successor === null ? [] : [textOf(field(successor, 'name'))];
};

const said =
  (sentence: (answer: ApiAnswer) => string): Printer =>
  (answer) => [sentence(answer)];

const takeover = (name: string, about: string): ClientCommand => ({
  ...planned(changes(name, `${name}/{hint}[/{destination}]`, p.successor, about), p.plan),
  next: {
    path: ({ payload }) => {
      const key = field(payload, 'SuccessorKey') ?? null;
      return key === null ? null : `instance/${keyText(key).replace(/:(\d+)$/, '/$1')}`;
    },
    print: ({ payload }) => {
      const at = field(payload, 'SelfBinlogCoordinates');
      return [`{${textOf(field(at, 'LogFile'))} ${textOf(field(at, 'LogPos'))} ${textOf(field(at, 'Type'))}}`];
    },
  },
});

export const OF_THE_PROGRAM: readonly (ClientCommand | SpecialCommand)[] = [
  asks('clusters-alias', 'clusters-info', clustersWithTabs, 'names and aliases of all clusters'),
  asks('replication-analysis', 'replication-analysis', allProblems, 'what is wrong now, every code of it'),
  {
    ...asks('find', 'all-instances', found, 'servers whose host:port matches a regular expression (--pattern)'),
    needs: ['pattern'],
  },
  asks('search', 'search?s={pattern}', p.instances, 'servers of which something fits the text (--pattern)'),
  asks(
    'which-cluster-domain',
    'cluster-info/{hint}',
    said(({ payload }) => textOf(field(payload, 'ClusterDomain'))),
    'the domain of a cluster',
  ),
  asks('which-downtimed-instances', 'downtimed[/{hint}]', p.instances, 'servers in downtime'),
  asks(
    'which-lost-in-recovery',
    'downtimed',
    lostInRecovery,
    'servers in downtime because a recovery left them behind',
  ),
  asks('instance-status', 'topology/{instance}', bracketed, 'what stands in brackets behind a server in its topology'),
  asks('get-candidate-replica', 'explain/{hint}', successorOf, 'who would be promoted, if the server died'),
  asks('active-nodes', 'v1/raft/status', nodes, 'the orchestrators, as HOST;ID'),
  asks('resolve', 'resolve/{instance}', p.key, 'the name of a server as it is resolved, if it answers there'),
  asks('show-resolve-hosts', 'hostname-resolve-cache', resolvedNames, 'names of hosts as the asked node resolves them'),
  asks('bulk-instances', 'bulk-instances', p.keys, 'all servers'),
  asks(
    'check-global-recoveries',
    'check-global-recoveries',
    said(({ payload }) => `OK: Global recoveries disabled: ${String(payload === 'disabled')}`),
    'whether automatic recovery is switched off',
  ),
  {
    name: 'cluster-pool-instances',
    about: 'CLUSTER, ALIAS, POOL and SERVER of all that is in a pool, with tabs between',
    usage: ' [-i HOST[:PORT] | -a CLUSTER] [-l POOL]',
    example: ' -a shop',
    looks: true,
    run: poolsOfClusters,
  },
  changes(
    'disable-global-recoveries',
    'disable-global-recoveries',
    said(() => 'OK: Orchestrator recoveries DISABLED globally'),
    'recover nothing by itself from now on',
  ),
  changes(
    'enable-global-recoveries',
    'enable-global-recoveries',
    said(() => 'OK: Orchestrator recoveries ENABLED globally'),
    'end that',
  ),
  changes(
    'reset-hostname-resolve-cache',
    'reset-hostname-resolve-cache',
    said(() => 'hostname resolve cache cleared'),
    'the asked node resolves all names anew',
  ),
  changes('access-token', 'v1/access-token', p.text, 'the public half of a new access token'),
  changes('forget', 'forget/{instance}', p.key, 'no longer know a server'),
  changes(
    'submit-pool-instances',
    'submit-pool-instances/{pool}?instances={text}',
    p.nothing,
    'fill a pool (-i HOST,HOST)',
  ),
  changes('snapshot-topologies', 'snapshot-topologies', p.nothing, 'keep a picture of all topologies'),
  changes(
    'ack-cluster-recoveries',
    'ack-recovery/cluster/{hint}?comment={reason}',
    acknowledged,
    'acknowledge recoveries of a cluster',
  ),
  changes(
    'ack-instance-recoveries',
    'ack-recovery/instance/{instance}?comment={reason}',
    acknowledged,
    'acknowledge recoveries of a server',
  ),
  changes('ack-all-recoveries', 'ack-all-recoveries?comment={reason}', acknowledged, 'acknowledge all recoveries'),
  takeover('graceful-master-takeover', 'move the primary role; the old primary is left with replication stopped'),
  takeover(
    'graceful-master-takeover-auto',
    'the same; chooses a replica without -d, and starts replication on the old primary',
  ),
  ...[
    changes('relocate-below', `relocate${BELOW}`, p.instanceBelowSource, 'old name of relocate'),
    changes('take-master', 'take-master/{instance}', p.instance, 'change places with its source'),
    changes('take-siblings', 'take-siblings/{instance}', p.instance, 'move its siblings below it'),
    changes('make-co-master', 'make-co-master/{instance}', p.instance, 'let source and replica follow each other'),
    changes(
      'repoint-replicas',
      'repoint-replicas/{instance}[?pattern={pattern}]',
      p.eachBelowSource,
      'point its replicas at it again',
    ),
    changes(
      'regroup-replicas',
      'regroup-replicas/{instance}',
      regrouped,
      'let the best of its replicas lead the others',
    ),
    changes('regroup-replicas-gtid', 'regroup-replicas-gtid/{instance}', regrouped, 'the same by GTID'),
  ].map((command) => planned(command, p.plan)),
  changes('rematch', 'match-up/{instance}', p.instanceBelowSource, 'reconnect by Pseudo-GTID'),
  changes('match-replicas', `match-replicas${BELOW}`, p.moved, 'move all its replicas by Pseudo-GTID'),
  changes('regroup-replicas-bls', 'regroup-replicas-bls/{instance}', p.key, 'regroup binlog servers'),
  changes('regroup-replicas-pgtid', 'regroup-replicas-pgtid/{instance}', p.key, 'regroup by Pseudo-GTID'),
  asks(
    'restart-replica-statements',
    'restart-replica-statements/{instance}?q={query}',
    statements,
    'statements to wrap around one that needs replication stopped, a line each',
  ),
];

/** Without a cluster: those of all. */
async function poolsOfClusters({ session, options }: Context): Promise<Outcome> {
  const hint = options.alias ?? options.instance ?? '';
  const infos = await session.call(hint === '' ? 'clusters-info' : `cluster-info/${encodeURIComponent(hint)}`, false);
  if (!infos.ok) return infos;
  const lines: string[] = [];
  for (const info of hint === '' ? listOf(infos.value.payload) : [infos.value.payload]) {
    const [name, alias] = [textOf(field(info, 'ClusterName')), textOf(field(info, 'ClusterAlias'))];
    const only = options.pool === undefined ? '' : `/${encodeURIComponent(options.pool)}`;
    const pools = await session.call(`cluster-pool-instances/${encodeURIComponent(name)}${only}`, false);
    if (!pools.ok) return failed(pools.error);
    for (const [pool, keys] of Object.entries((pools.value.payload ?? {}) as Readonly<Record<string, unknown>>)) {
      lines.push(...listOf(keys).map((key) => [name, alias, pool, keyText(key)].join('\t')));
    }
  }
  return ok({ lines, payload: lines.map((line) => line.split('\t')), exitCode: 0 });
}

/** What worked on a backend database or on binlog servers, and what is there in its place. */
export const INSTEAD: Readonly<Record<string, string>> = {
  continuous: 'a node without HTTP does not exist; run "orchestrator http"',
  'dump-config':
    'the configuration is the running node\'s; "orchestrator config check FILE" says what a node would make of a file',
  'redeploy-internal-db': 'there is no database behind this orchestrator, and nothing to deploy',
  'show-unresolve-hosts':
    'names that were registered stand with their servers; look with -c api -P all-instances at UnresolvedHostname',
  'internal-suggest-promoted-replacement':
    'ask "-c explain -i HOST:PORT": who would be promoted, and why not the others',
  'custom-command': 'there are no agents',
  'which-heuristic-domain-instance':
    'the writer of a cluster is in the log: "-c which-cluster-master"; key-value stores are filled by "-c submit-masters-to-kv-stores"',
  'set-heuristic-domain-instance':
    'the writer of a cluster is in the log, and follows every takeover; "-c submit-masters-to-kv-stores" writes it to the key-value stores',
  'last-executed-relay-entry': 'relay logs are not read here; GTIDs tell what was applied: "-c instance --json"',
  'correlate-relaylog-pos':
    'relay logs are not compared here; servers are matched by GTID, or by equal positions (docs/moves.md)',
  'find-binlog-entry':
    'binary logs are not searched here; "-c locate-gtid-errant" names those with errant transactions',
  'correlate-binlog-pos':
    'positions of different servers are not compared here; servers are matched by GTID (docs/moves.md)',
};
