/** What routes take behind the question mark, for the description of the API; a test compares it with what they read. */
export interface QueryParameter {
  readonly name: string;
  readonly about: string;
  /** Paths that take it. */
  readonly on: RegExp;
}

/** Commands on one server, by how they begin; those with a hyphen behind them have paths of other sorts beside them. */
const SWITCHES =
  '(?:start|stop|restart|reset)-(?:replica|slave)(?:-nice)?/|skip-query|(?:enable|disable)-(?:gtid|semi-sync)|delay-replication|' +
  'change-master-credentials|set-read-only|set-writeable|flush-binary-logs|purge-binary-logs|kill-query|gtid-errant-';

export const QUERY_PARAMETERS: readonly QueryParameter[] = [
  { name: 'publicToken', about: 'Public half of an access token', on: /^\/web\/access-token$/ },
  { name: 'comment', about: 'Why; kept with the acknowledgement', on: /^\/api\/ack-/ },
  { name: 'alias', about: 'The alias; empty takes it away', on: /^\/api\/set-cluster-alias/ },
  { name: 'config', about: 'One more configuration file, for this time', on: /^\/api\/reload-configuration$/ },
  { name: 's', about: 'Part of a name, version, or what else is shown of a server', on: /^\/api\/search/ },
  {
    name: 'wait',
    about: 'Seconds to wait until it is done, 120 at most',
    on: /^\/api\/v1\/raft\/(?:add|promote|remove|replace|transfer)/,
  },
  { name: 'learner', about: 'Gets the log and has no vote', on: /^\/api\/v1\/raft\/add/ },
  {
    name: 'despite-dead-voters',
    about: 'Also when voters are silent, who would then be needed',
    on: /^\/api\/v1\/raft\/(?:add|replace|promote|remove)/,
  },
  { name: 'instances', about: 'Servers, `host:port`, separated by commas', on: /^\/api\/submit-pool-instances/ },
  { name: 'unacknowledged', about: 'true: only those that nobody acknowledged', on: /^\/api\/audit-recovery(?:\/|$)/ },
  { name: 'skipProcesses', about: 'true: without the hooks', on: /^\/api\/(?:recover|force-|graceful-)/ },
  {
    name: 'dryRun',
    about: 'true: the plan is answered, and nothing is done',
    on: new RegExp(
      `^/api/(?:recover|force-|graceful-|v1/way|relocate|move-|repoint|regroup-|take-|enslave-|make-co-|make-master|detach-|reattach-|${SWITCHES})`,
    ),
  },
  { name: 'tag', about: '`name` or `name=value`', on: /^\/api\/(?:tag|untag|tagged|tag-value|untag-all)\b/ },
  {
    name: 'pattern',
    about: 'Only those whose `host:port` matches this regular expression',
    on: /^\/api\/(?:v1\/plan\/)?(?:relocate-|move-up-|move-|repoint-)(?:replicas|slaves)/,
  },
  { name: 'limit', about: 'How many recoveries, and how many changes; 1 to 1000', on: /^\/api\/v1\/history/ },
  {
    name: 'channel',
    about: 'Of a replica of several sources, which channel; `default` for the one without a name',
    on: new RegExp(
      `^/api/(?:v1/plan/)?(?:relocate|move-|repoint|take-master|enslave-master|detach-|reattach-|${SWITCHES})`,
    ),
  },
  {
    name: 'force',
    about: 'true: also where that is likely a slip; what would lose data or open two servers is refused all the same',
    on: new RegExp(`^/api/(?:v1/plan/)?(?:${SWITCHES})`),
  },
  {
    name: 'until',
    about: 'Where the applier is to stop: `file:position` in the log of the source, or GTIDs',
    on: new RegExp(`^/api/(?:v1/plan/)?(?:${SWITCHES})`),
  },
  {
    name: 'to',
    about: 'The binary log that is to be written in the end; the next where it is absent',
    on: new RegExp(`^/api/(?:v1/plan/)?(?:${SWITCHES})`),
  },
  { name: 'q', about: 'The statement to run in between', on: /^\/api\/restart-(?:replica|slave)-statements/ },
  { name: 'seconds', about: 'How long to wait, 120 at most', on: /^\/api\/v1\/master-pos-wait/ },
  { name: 'donor', about: 'Whose copy it is to be, `host:port`', on: /^\/api\/v1\/ways-back/ },
];
