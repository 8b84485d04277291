/**
 * `status`: the orchestrators themselves, and whether they would do anything. Every endpoint is asked by itself, because at
 * 3 a.m. the question is often which of them is an island; the rest is told by the one that leads, where one does.
 */
import { ok } from '../../../../core/base/result.js';
import type { ClusterStatus } from '../../../../runtime/ports/membership.js';
import { drawCluster } from '../../../cli/raft-table.js';
import { field, listOf, textOf } from '../../answer.js';
import type { Context, Outcome, SpecialCommand } from '../../context.js';
import type { Paint } from '../../screen/paint.js';
import { drawTable } from '../../screen/table.js';
import { type HttpAnswer, httpGet, TransportError } from '../../transport.js';

const ENDPOINT_MS = 2000;

export const STATUS: SpecialCommand = {
  name: 'status',
  about: 'the orchestrators: who leads, the quorum, how far each is, what holds recoveries back; 1 without a leader',
  usage: '',
  example: '',
  looks: true,
  run: status,
};

interface EndpointView {
  readonly endpoint: string;
  readonly answers: boolean;
  readonly node: string;
  readonly role: 'leader' | 'follower' | '';
  readonly inQuorum: boolean;
  /** Of what it shows; null: not known. */
  readonly ageMs: number | null;
  /** Why it is of no use; '' when it is. */
  readonly trouble: string;
}

async function status(context: Context): Promise<Outcome> {
  const { session, paint } = context;
  const endpoints = await Promise.all(session.endpoints.map((endpoint) => lookAt(endpoint, context)));
  const best = endpoints.find(({ role }) => role === 'leader') ?? endpoints.find(({ answers }) => answers);
  // Nobody answers: the search for a leader says of each of them why not.
  const asked = best === undefined ? session : session.at(best.endpoint);
  const cluster = await asked.call('v1/raft/status', false);
  if (!cluster.ok) return cluster;
  const [node, badges] = await Promise.all([asked.call('status', false), asked.call('v1/explain', false)]);
  const details = node.ok ? node.value.payload : node.error.kind === 'api' ? node.error.error.details : null;
  const clusters = badges.ok ? listOf(badges.value.payload) : [];
  const seen = cluster.value.payload as ClusterStatus;
  const recoveries = {
    enabled: field(details, 'RecoveriesEnabled') !== false,
    brake: field(details, 'Brake') ?? null,
    heldBack: clusters.filter((badge) => field(badge, 'wouldFailOver') !== true),
    clusters: clusters.length,
  };
  const lines = [
    ...(endpoints.length > 1 ? [...endpointTable(endpoints, paint), ''] : []),
    ...drawCluster(seen)
      .trimEnd()
      .split('\n')
      .map((line) => painted(line, paint)),
    '',
    ...recoveryLines(recoveries, paint),
  ];
  const isWell = seen.leader !== null && field(details, 'Healthy') === true;
  return ok({ lines, payload: { cluster: seen, endpoints, recoveries }, exitCode: isWell ? 0 : 1 });
}

async function lookAt(endpoint: string, { session }: Context): Promise<EndpointView> {
  const nothing = { endpoint, answers: false, node: '', role: '', inQuorum: false, ageMs: null } as const;
  try {
    // How old it is what a node shows stands on what it shows, and not on what it says of itself.
    const [answer, shown] = await Promise.all(
      ['status', 'check-global-recoveries'].map((path) =>
        httpGet({ url: `${endpoint}/${path}`, ...session.caller, timeoutMs: ENDPOINT_MS }),
      ),
    );
    if (answer === undefined || answer.status === 401) return { ...nothing, trouble: 'it does not let you in (401)' };
    return viewOf(endpoint, answer, shown ?? answer);
  } catch (error) {
    if (error instanceof TransportError) return { ...nothing, trouble: error.message };
    if (error instanceof SyntaxError) return { ...nothing, trouble: 'what answers there is no orchestrator' };
    throw error;
  }
}

function viewOf(endpoint: string, { text }: HttpAnswer, { headers }: HttpAnswer): EndpointView {
  const body: unknown = JSON.parse(text);
  const details = field(body, 'Details');
  const ageMs = Number(headers['x-orchestrator-state-age-ms']);
  const isHealthy = field(details, 'Healthy') === true;
  return {
    endpoint,
    answers: true,
    node: textOf(field(details, 'Token') ?? ''),
    role: field(details, 'IsActiveNode') === true ? 'leader' : 'follower',
    inQuorum: headers['x-orchestrator-in-quorum'] !== 'false',
    ageMs: Number.isFinite(ageMs) ? ageMs : null,
    trouble: isHealthy ? '' : textOf(field(body, 'Message') ?? ''),
  };
}

function endpointTable(endpoints: readonly EndpointView[], paint: Paint): readonly string[] {
  const rows = endpoints.map(({ endpoint, node, role, inQuorum, ageMs, trouble, answers }) => [
    endpoint,
    node === '' ? '-' : node,
    role === '' ? '-' : role,
    answers ? (inQuorum ? 'yes' : { text: 'NO', colour: 'red' as const }) : '-',
    ageMs === null ? '-' : `${(ageMs / 1000).toFixed(1)} s`,
    { text: trouble === '' ? 'ok' : trouble, colour: trouble === '' ? ('green' as const) : ('red' as const) },
  ]);
  return drawTable(['ENDPOINT', 'NODE', 'ROLE', 'QUORUM', 'AGE', ''], rows, paint);
}

function painted(line: string, paint: Paint): string {
  if (/NO LEADER|NONE may be lost|HAS FAILED|^!/.test(line)) return paint('red', line);
  return /^\s+NODE\s/.test(line) ? paint('bold', line) : line;
}

interface Recoveries {
  readonly enabled: boolean;
  readonly brake: unknown;
  readonly heldBack: readonly unknown[];
  readonly clusters: number;
}

function recoveryLines({ enabled, brake, heldBack, clusters }: Recoveries, paint: Paint): readonly string[] {
  const lines: string[] = [];
  if (!enabled) {
    lines.push(paint('red', 'automatic recovery is SWITCHED OFF everywhere (to mend it: -c enable-global-recoveries)'));
  }
  if (brake !== null) {
    lines.push(paint('red', `automatic recovery has stopped itself: ${textOf(brake)} (to mend it: -c release-brake)`));
  }
  if (lines.length === 0) lines.push('automatic recovery is on');
  const well = clusters - heldBack.length;
  lines.push(`${String(well)} of ${String(clusters)} clusters would be failed over now, if their primary died`);
  for (const badge of heldBack) {
    const name = textOf(field(badge, 'alias') ?? '') || textOf(field(badge, 'cluster'));
    const [reason] = listOf(field(badge, 'reasons')).map(textOf);
    lines.push(paint('yellow', `! ${name} would not: ${reason ?? '-c explain tells why'}`));
  }
  return lines;
}
