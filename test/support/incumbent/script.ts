/**
 * What the incumbent's shell client does with a server, without a shell: the requests that it sends and the fields that its
 * filters read. What it prints and how it ends is what its users see.
 */
export interface Given {
  readonly i?: string;
  readonly d?: string;
  readonly a?: string;
  readonly o?: string;
  readonly r?: string;
  readonly u?: string;
  readonly R?: string;
  readonly t?: string;
  readonly l?: string;
  readonly H?: string;
  readonly P?: string;
  readonly q?: string;
  readonly n?: string;
  readonly S?: string;
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

interface Command {
  readonly path: (given: Given) => string;
  /** The lines that its filter prints; `body` is the answer, `details` what is in its envelope. */
  readonly print: (answer: { readonly body: Json; readonly details: Json }) => readonly string[];
}

/** jq's @uri of a text with the newline that the shell adds. */
export function encoded(text: string): string {
  return encodeURIComponent(`${text}\n`).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function slashed(instance = ''): string {
  const [host = '', port = '3306'] = instance.split(':');
  return `${host}/${port}`;
}

const at = ({ i }: Given): string => slashed(i);
const to = ({ d }: Given): string => slashed(d);
const hint = ({ a, i }: Given): string => a ?? i ?? '';

/** `.name`, which is null for null, and an error for a text or a number. */
function dot(value: Json, name: string): Json {
  if (value === null) return null;
  if (!isObject(value)) throw new JqError(`Cannot index with "${name}"`);
  return value[name] ?? null;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** `.[]`. */
function each(value: Json): readonly Json[] {
  if (!isList(value)) throw new JqError('Cannot iterate');
  return value;
}

const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
const key = (value: Json): string => `${text(dot(value, 'Hostname') ?? '')}:${text(dot(value, 'Port'))}`;
const keyOf = (value: Json): string => key(dot(value, 'Key'));
const field = (value: Json, ...path: readonly string[]): Json => path.reduce(dot, value);

/** Its filters end it with exit code 5 where they find something else than they look for. */
class JqError extends Error {}

const nothing: Command['print'] = () => [];
const whole: Command['print'] = ({ body }) => [JSON.stringify(body)];
const said: Command['print'] = ({ details }) => [text(details)];
const lines: Command['print'] = ({ details }) => each(details).map(text);
const keyInDetails: Command['print'] = ({ details }) => [keyOf(details)];
const keyDetails: Command['print'] = ({ details }) => [key(details)];
const keysInDetails: Command['print'] = ({ details }) => each(details).map(keyOf);
const keysDetails: Command['print'] = ({ details }) => each(details).map(key);
const keysInBody: Command['print'] = ({ body }) => each(body).map(keyOf);
const keyInBody: Command['print'] = ({ body }) => [keyOf(body)];
const below: Command['print'] = ({ details }) => [`${keyOf(details)}<${key(dot(details, 'MasterKey'))}`];
const successor: Command['print'] = ({ details }) => [key(dot(details, 'SuccessorKey'))];

function of(name: string, path: Command['path'], print: Command['print']): readonly [string, Command] {
  return [name, { path, print }];
}

/** Commands of one form: the name of the command is that of the route. */
function all(
  names: string,
  path: (given: Given) => string,
  print: Command['print'],
): readonly (readonly [string, Command])[] {
  return names.split(' ').map((name) => of(name, (given) => `${name}/${path(given)}`, print));
}

function threads(state: number): Command['print'] {
  return ({ body }) =>
    field(body, 'ReplicationSQLThreadState') === state && field(body, 'ReplicationIOThreadState') === state
      ? [keyOf(body)]
      : [];
}

const runs = (one: Json): boolean =>
  field(one, 'ReplicationSQLThreadRuning') === true && field(one, 'ReplicationIOThreadRuning') === true;
const isBroken = (one: Json): boolean =>
  !runs(one) && (field(one, 'LastSQLError') !== '' || field(one, 'LastIOError') !== '');
const ifTrue: Command['print'] = ({ body, details }) =>
  text(field(body, 'Message')).includes('true') ? [key(details)] : [];

function problem(entry: Json): string {
  const analysis = text(field(entry, 'Analysis'));
  const code = analysis === 'NoProblem' ? text(each(field(entry, 'StructureAnalysis'))[0] ?? null) : analysis;
  return `${key(field(entry, 'AnalyzedInstanceKey'))} (cluster ${text(field(entry, 'ClusterDetails', 'ClusterName'))}): ${code}`;
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? '';
}

/** By name; `help`, `which-api` and those of Raft that ask twice are in `runScript`. */
export const SCRIPT_COMMANDS: ReadonlyMap<string, Command> = new Map([
  of('api', ({ P }) => P ?? '', whole),
  ...all('async-discover discover', at, keyInDetails),
  ...all('forget', at, nothing),
  ...all('forget-cluster', hint, nothing),
  ...all('topology topology-tabulated topology-tags', hint, said),
  of('snapshot-topologies', () => 'snapshot-topologies', said),
  of(
    'clusters',
    () => 'clusters-info',
    ({ body }) => each(body).map((one) => text(field(one, 'ClusterName'))),
  ),
  of(
    'clusters-alias',
    () => 'clusters-info',
    ({ body }) => each(body).map((one) => `${text(field(one, 'ClusterName'))},${text(field(one, 'ClusterAlias'))}`),
  ),
  of('search', ({ i = '' }) => `search?s=${encoded(i)}`, keysInBody),
  of('instance', (given) => `instance/${at(given)}`, keyInBody),
  of('which-instance', (given) => `instance/${at(given)}`, keyInBody),
  of(
    'which-master',
    (given) => `instance/${at(given)}`,
    ({ body }) => [key(dot(body, 'MasterKey'))],
  ),
  of('which-replicas', (given) => `instance-replicas/${at(given)}`, keysInBody),
  of(
    'which-broken-replicas',
    (given) => `instance-replicas/${at(given)}`,
    ({ body }) => each(body).filter(isBroken).map(keyOf),
  ),
  of('which-cluster-instances', (given) => `cluster/${hint(given)}`, keysInBody),
  of(
    'which-cluster',
    (given) => `cluster-info/${hint(given)}`,
    ({ body }) => [text(field(body, 'ClusterName'))],
  ),
  of(
    'which-cluster-alias',
    (given) => `cluster-info/${hint(given)}`,
    ({ body }) => [text(field(body, 'ClusterAlias'))],
  ),
  of(
    'which-cluster-master',
    (given) => `master/${hint(given)}`,
    ({ body }) => [text(field(body, 'ClusterName'))],
  ),
  of('all-clusters-masters', () => 'masters', keysInBody),
  of('all-instances', () => 'all-instances', keysInBody),
  of('which-cluster-osc-replicas', (given) => `cluster-osc-replicas/${hint(given)}`, keysInBody),
  of(
    'which-cluster-osc-running-replicas',
    (given) => `cluster-osc-replicas/${hint(given)}`,
    ({ body }) => each(body).filter(runs).map(keyOf),
  ),
  ...all('downtimed', hint, keysInBody),
  of(
    'dominant-dc',
    () => 'masters',
    ({ body }) => [mostFrequent(each(body).map((one) => text(field(one, 'DataCenter'))))],
  ),
  ...all(
    'submit-masters-to-kv-stores',
    ({ a }) => a ?? '',
    ({ details }) => each(details).map((pair) => `${text(field(pair, 'Key'))}:${text(field(pair, 'Value'))}`),
  ),
  ...all('relocate match move-below move-equivalent repoint move-gtid', (given) => `${at(given)}/${to(given)}`, below),
  ...all('relocate-replicas move-replicas-gtid', (given) => `${at(given)}/${to(given)}`, keysInDetails),
  ...all('match-up move-up make-co-master take-master take-siblings', at, below),
  ...all('match-up-replicas move-up-replicas repoint-replicas', (given) => `${at(given)}/`, keysInDetails),
  ...all('tags', at, ({ body }) => each(body).map(text)),
  ...all(
    'tag-value',
    (given) => `${at(given)}?tag=${encoded(given.t ?? '')}`,
    ({ body }) => [text(body)],
  ),
  ...all('tag', (given) => `${at(given)}?tag=${encoded(given.t ?? '')}`, keyDetails),
  ...all('untag', (given) => `${at(given)}?tag=${given.t ?? ''}`, keysDetails),
  of('untag-all', ({ t = '' }) => `untag-all?tag=${t}`, keysDetails),
  of(
    'tagged',
    ({ t = '' }) => `tagged/?tag=${encoded(t)}`,
    ({ body }) => each(body).map(key),
  ),
  ...all('submit-pool-instances', ({ l = '', i = '' }) => `${l}?instances=${encoded(i)}`, said),
  of(
    'which-heuristic-cluster-pool-instances',
    (given) => `heuristic-cluster-pool-instances/${hint(given)}/${given.l ?? ''}`,
    keysInDetails,
  ),
  ...all(
    'begin-downtime',
    (given) => `${at(given)}/${encoded(given.o ?? '')}/${encoded(given.r ?? '')}/${given.u ?? '10m'}`,
    keyDetails,
  ),
  ...all(
    'begin-maintenance',
    (given) => `${at(given)}/${encoded(given.o ?? '')}/${encoded(given.r ?? '')}`,
    keyDetails,
  ),
  ...all('end-downtime end-maintenance deregister-hostname-unresolve', at, keyDetails),
  ...all('register-candidate', (given) => `${at(given)}/${given.R ?? ''}`, keyDetails),
  ...all('register-hostname-unresolve', (given) => `${at(given)}/${given.H ?? ''}`, keyDetails),
  ...all(
    'stop-replica stop-replica-nice start-replica restart-replica reset-replica detach-replica reattach-replica ' +
      'detach-replica-master-host reattach-replica-master-host skip-query gtid-errant-reset-master gtid-errant-inject-empty ' +
      'enable-semi-sync-master disable-semi-sync-master enable-semi-sync-replica disable-semi-sync-replica set-read-only ' +
      'set-writeable flush-binary-logs change-master-credentials',
    at,
    keyInDetails,
  ),
  ...all('delay-replication', (given) => `${at(given)}/${given.S ?? ''}`, said),
  of(
    'which-gtid-errant',
    (given) => `instance/${at(given)}`,
    ({ body }) => [text(field(body, 'GtidErrant'))],
  ),
  ...all('locate-gtid-errant', at, lines),
  ...all(
    'restart-replica-statements',
    (given) => `${at(given)}?q=${encoded(given.q ?? '')}`,
    ({ details }) => [JSON.stringify(details)],
  ),
  ...all('can-replicate-from can-replicate-from-gtid', (given) => `${at(given)}/${to(given)}`, ifTrue),
  of('is-replicating', (given) => `instance/${at(given)}`, threads(1)),
  of('is-replication-stopped', (given) => `instance/${at(given)}`, threads(0)),
  ...all('purge-binary-logs', (given) => `${at(given)}/${given.n ?? ''}`, keyInDetails),
  ...all('last-pseudo-gtid', at, said),
  ...all('recover', (given) => at(given) + (given.d === undefined ? '' : `/${to(given)}`), keyDetails),
  ...all(
    'graceful-master-takeover graceful-master-takeover-auto',
    (given) => hint(given) + (given.d === undefined ? '' : `/${to(given)}`),
    successor,
  ),
  ...all('force-master-failover', hint, successor),
  ...all('force-master-takeover', (given) => `${hint(given)}/${to(given)}`, successor),
  of(
    'ack-cluster-recoveries',
    (given) => `ack-recovery/cluster/${hint(given)}?comment=${encoded((given.r ?? '').split(' ')[0] ?? '')}`,
    said,
  ),
  of('ack-all-recoveries', ({ r = '' }) => `ack-all-recoveries?comment=${encoded(r.split(' ')[0] ?? '')}`, said),
  ...['disable-global-recoveries', 'enable-global-recoveries', 'check-global-recoveries'].map((name) =>
    of(name, () => name, said),
  ),
  of(
    'replication-analysis',
    () => 'replication-analysis',
    ({ details }) => each(details).map(problem),
  ),
  of(
    'raft-leader',
    () => 'raft-leader',
    ({ body }) => [text(body)],
  ),
  of(
    'raft-health',
    () => 'raft-health',
    ({ body }) => [text(body)],
  ),
  of(
    'raft-leader-hostname',
    () => 'status',
    ({ details }) => [text(field(details, 'Hostname'))],
  ),
  of('raft-elect-leader', ({ H = '' }) => `raft-yield-hint/${H}`, said),
]);

/** These ask for the state of the node first, and give up where it says nothing of a leader. */
const ASKS_STATE = ['raft-leader', 'raft-leader-hostname', 'raft-elect-leader'];

/** `api`: as in ORCHESTRATOR_API, URLs with spaces between. */
export async function runScript(api: string, name: string, given: Given): Promise<Ended> {
  const bases = api.split(' ').map((url) => url.replace(/\/+$/, '').replace(/(?:\/api)?$/, '/api'));
  await probe(api.split(' ')[0] ?? '');
  const base = await leaderAmong(bases);
  if (base === null) return { code: 1, out: '', err: `Cannot determine leader from ${api}` };
  if (name === 'help') return { code: 0, out: 'Usage', err: '' };
  if (name === 'which-api') return { code: 0, out: `${base}\n`, err: '' };
  if (ASKS_STATE.includes(name)) {
    const state = await called(base, 'raft-state');
    if (state.kind !== 'answer' || !/Leader/.test(text(state.body)))
      return { code: 1, out: '', err: 'Cannot determine raft state' };
  }
  const command = SCRIPT_COMMANDS.get(name.replace('slave', 'replica'));
  if (command === undefined) return { code: 1, out: '', err: `Unsupported command ${name}` };
  const answer = await called(base, command.path(given));
  if (answer.kind === 'unreadable') return { code: 1, out: '', err: `Cannot access orchestrator at ${base}` };
  if (answer.kind === 'error') {
    const shown = name === 'api' ? answer.body : answer.details;
    return { code: 1, out: shown === null ? '' : `${JSON.stringify(shown)}\n`, err: `${answer.message}\n` };
  }
  try {
    const printed = command.print(answer);
    return { code: 0, out: printed.map((line) => `${line}\n`).join(''), err: '' };
  } catch (error) {
    if (error instanceof JqError) return { code: 5, out: '', err: error.message };
    throw error;
  }
}

/** It looks for an old-fashioned status line, which `fetch` does not show; the status is what it stands for. */
async function probe(url: string): Promise<void> {
  const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual' });
  if (status === 401) throw new Error(`Cannot access orchestrator at ${url}`);
}

async function leaderAmong(bases: readonly string[]): Promise<string | null> {
  const [only] = bases;
  if (bases.length === 1 && only !== undefined) return only;
  for (const check of ['leader-check', 'routed-leader-check']) {
    for (const base of bases) {
      const signal = AbortSignal.timeout(1000);
      const status = await fetch(`${base}/${check}`, { signal }).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) return base;
    }
  }
  return null;
}

type Called =
  | { readonly kind: 'answer'; readonly body: Json; readonly details: Json }
  | { readonly kind: 'error'; readonly body: Json; readonly details: Json; readonly message: string }
  | { readonly kind: 'unreadable' };

/** Its status is ignored: JSON is an answer, and an error is what has a Code that says so. What is none it would ask again. */
async function called(base: string, path: string): Promise<Called> {
  await probe(base);
  const response = await fetch(`${base}/${path}`);
  let body: Json;
  try {
    body = (await response.json()) as Json;
  } catch {
    return { kind: 'unreadable' };
  }
  if (!isObject(body) || !Object.hasOwn(body, 'Code')) return { kind: 'answer', body, details: null };
  const details = dot(body, 'Details');
  if (!text(dot(body, 'Code')).includes('ERROR')) return { kind: 'answer', body, details };
  const message = text(dot(body, 'Message')).replaceAll("'", '').replaceAll(/\s+/g, ' ').trim();
  return { kind: 'error', body, details, message };
}
