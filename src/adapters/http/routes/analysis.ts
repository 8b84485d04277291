/** What is wrong, by the incumbent's names. */
import type { Result } from '../../../core/base/result.js';
import type { Server } from '../../../core/topology/server.js';
import { resolveServer } from '../hints.js';
import { type AnalysisFacts, type LegacyAnalysis, legacyAnalysis } from '../legacy/analysis.js';
import { legacyJson } from '../legacy/json.js';
import type { SeenReplica } from '../legacy/replica-counts.js';
import { instanceKey, timestamp } from '../legacy/values.js';
import { bare, bareBytes, doneEnvelope, type Reply, refused } from '../reply.js';
import { type Call, type Door, type Route, read } from '../route.js';
import { byHint, nullWhenEmpty } from './clusters.js';
import { copiesOf } from '../views/shared-identities.js';

export const ANALYSIS_ROUTES: readonly Route[] = [
  read('/api/replication-analysis-changelog', (_call, door) => bare(nullWhenEmpty(changelog(door)))),
  read('/api/replication-analysis', (call, door) => answer('', () => true, call, door)),
  read('/api/replication-analysis/:hint', (call, door) => {
    const found = byHint(call, door);
    if (!found.ok) return refused(found.error);
    const { id } = found.value.cluster;
    return answer(`cluster ${id}`, (server) => server.clusterId === id, call, door);
  }),
  read('/api/replication-analysis/instance/:host/:port', (call, door) => {
    const found: Result<Server, string> = resolveServer(
      door.views.index(),
      call.param('host'),
      call.param('port'),
      'reading',
    );
    if (!found.ok) return refused(found.error);
    return answer(`server ${found.value.id}`, (server) => server.id === found.value.id, call, door);
  }),
];

function answer(key: string, covers: (server: Server) => boolean, call: Call, door: Door): Reply {
  const build = (): Buffer => doneEnvelope('Analysis', Buffer.from(legacyJson(analyses(covers, call.nowMs, door))));
  return bareBytes(door.views.answer(`analysis ${key}`, build));
}

/** Each entry ends in a comma there too. */
function changelog(door: Door): readonly unknown[] {
  const changes = door.views.changelog.changes();
  return door.views.index().servers.flatMap((server) => {
    const ofServer = changes.get(server.id);
    if (ofServer === undefined) return [];
    const lines = ofServer.map(({ atMs, code }) => `${timestamp(atMs)};${code},`);
    return [{ AnalyzedInstanceKey: instanceKey(server.address), Changelog: lines }];
  });
}

function analyses(covers: (server: Server) => boolean, nowMs: number, door: Door): readonly unknown[] {
  const found = analysisFacts(nowMs, door).filter(({ server }) => covers(server));
  return found.map(legacyAnalysis);
}

/** Problems in their order, then the servers that have nothing but a warning about their structure. */
export function analysisFacts(nowMs: number, door: Door): readonly AnalysisFacts[] {
  const { service } = door;
  const { problems } = service.analysis();
  const withProblem = new Set(problems.map((problem) => problem.server));
  const ofProblems = problems.map((problem) =>
    factsOf(service.state.servers.get(problem.server), problem, nowMs, door),
  );
  const ofStructure = door.views
    .index()
    .servers.filter((server) => !withProblem.has(server.id) && structureOf(server, door).length > 0)
    .map((server) => factsOf(server, null, nowMs, door));
  return [...ofProblems, ...ofStructure].filter((facts) => facts !== null);
}

/** Of one server, whatever is the matter with it; null when it is not known. */
export function analysisOf(server: Server | null, nowMs: number, door: Door): LegacyAnalysis | null {
  if (server === null) return null;
  const problem = door.service.analysis().problems.find((one) => one.server === server.id) ?? null;
  const facts = factsOf(server, problem, nowMs, door);
  return facts === null ? null : legacyAnalysis(facts);
}

function factsOf(
  server: Server | undefined,
  problem: AnalysisFacts['problem'],
  nowMs: number,
  door: Door,
): AnalysisFacts | null {
  const { service, views } = door;
  const cluster = server === undefined ? undefined : views.index().clusters.get(server.clusterId);
  if (server === undefined || cluster === undefined) return null;
  return {
    server,
    cluster,
    problem,
    hostname: service.node().hostname,
    nowMs,
    placement: views.placement(server),
    sighting: views.sighting(server),
    downtime: views.downtime(server),
    replicas: seenReplicas(server, door),
    structure: structureOf(server, door),
    settings: service.settings,
  };
}

/** A shared identity is none of the core's catalogue: it is no matter of who replicates from whom, and the ledger knows it for certain. */
function structureOf(server: Server, { service }: Door): AnalysisFacts['structure'] {
  return [
    ...(service.analysis().structure.get(server.id) ?? []),
    ...(copiesOf(server.id, service.state) === '' ? [] : (['SharedServerUuidStructureWarning'] as const)),
  ];
}

function seenReplicas(server: Server, door: Door): readonly SeenReplica[] {
  const replicas = door.views.index().replicas.get(server.id) ?? [];
  return replicas.map((replica) => ({
    server: replica,
    sighting: door.views.sighting(replica),
    downtimed: door.views.downtime(replica) !== null,
    errantGtids: door.views.errantGtids(replica),
  }));
}
