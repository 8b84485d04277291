/**
 * Everything our own page shows, in one answer and under clean names. A page that holds one picture cannot show a tree
 * of one moment beside a recovery of another; what it costs is bounded by the limits of its lists.
 */
import { assertDefined } from '../../../core/base/assert.js';
import { structureRule } from '../../../core/analysis/catalogue.js';
import type { LedgerState } from '../../../core/ledger/state.js';
import { addressText } from '../../../core/topology/address.js';
import { isWritable, type ServerId } from '../../../core/topology/server.js';
import type { Analysis, Service } from '../../../runtime/ports/service.js';
import type { FailoverOverview } from './failover-overview.js';
import { identityWarnings } from './identity-warnings.js';
import { shapeWarnings } from './shape-warnings.js';
import { HTTP_LIMITS } from '../limits.js';
import { isLeading } from '../legacy/node-status.js';
import type { ClusterView, TopologyIndex } from '../views/topology-index.js';
import type { Views } from '../views/views.js';
import { type RecoveryOverview, recoveryOverview } from './recovery-overview.js';
import { type ServerOverview, serverOverview } from './server-overview.js';

export interface Overview {
  readonly atMs: number;
  readonly node: {
    readonly id: string;
    readonly role: string;
    readonly term: number;
    readonly leader: string | null;
    readonly inQuorum: boolean;
    readonly appliedIndex: number;
    readonly version: string;
  };
  readonly members: readonly MemberOverview[];
  /** WebMessage; '' when there is none. */
  readonly message: string;
  readonly textRemovedFromHosts: string;
  readonly recoveriesEnabled: boolean;
  /** Why automatic recovery has stopped itself; null when it has not. */
  readonly brake: string | null;
  /** By name; only those that have servers. */
  readonly clusters: readonly ClusterOverview[];
  /** Addresses that were to be probed and never answered this node. */
  readonly unanswered: readonly {
    readonly address: string;
    readonly origin: string;
    readonly lastError: string | null;
  }[];
  /** Newest first; open ones always, closed ones up to a limit. */
  readonly recoveries: readonly RecoveryOverview[];
  /** Newest first. */
  readonly audit: readonly {
    readonly number: number;
    readonly atMs: number;
    readonly kind: string;
    readonly text: string;
  }[];
}

export interface MemberOverview {
  readonly id: string;
  readonly voter: boolean;
  readonly isLeader: boolean;
  readonly isSelf: boolean;
  readonly httpAddress: string;
  readonly raftAddress: string;
  /** Known on the leader only. */
  readonly lastHeardMs: number | null;
}

export interface ClusterOverview {
  readonly id: string;
  /** host:port of the primary. */
  readonly name: string;
  /** '' when none was set. */
  readonly alias: string;
  /** A server's id. */
  readonly primary: string;
  readonly epoch: number;
  readonly automaticRecovery: boolean;
  readonly failover: FailoverOverview;
  /** What is no tree in it, by servers' ids: pairs that follow each other, longer rings, replicas of nobody known. */
  readonly shape: {
    readonly coPrimaries: readonly (readonly string[])[];
    readonly loops: readonly (readonly string[])[];
    readonly orphans: readonly string[];
  };
  readonly problems: readonly ProblemOverview[];
  /** By address. */
  readonly servers: readonly ServerOverview[];
}

export interface ProblemOverview {
  readonly server: string;
  readonly code: string;
  readonly description: string;
  readonly severity: string;
  readonly because: readonly string[];
  /** Why nothing is done about it now; empty when something is, or nothing needs to be. */
  readonly restraint: readonly string[];
}

export function buildOverview(service: Service, views: Views, nowMs: number): Overview {
  const index = views.index();
  const node = service.node();
  const { state } = service;
  return {
    atMs: nowMs,
    node: {
      id: node.id,
      role: node.role,
      term: node.term,
      leader: node.leader,
      inQuorum: node.inQuorum,
      appliedIndex: node.appliedIndex,
      version: node.version,
    },
    members: node.members.map((member) => ({
      id: member.id,
      voter: member.voter,
      isLeader: member.isLeader,
      isSelf: member.id === node.id,
      httpAddress: member.httpAddress,
      raftAddress: member.raftAddress,
      lastHeardMs: isLeading(node) ? member.lastHeardMs : null,
    })),
    message: service.settings.webMessage,
    textRemovedFromHosts: service.settings.textRemovedFromHosts,
    recoveriesEnabled: state.recoveriesEnabled,
    brake: state.brake?.reason ?? null,
    clusters: clusters(index, service, views, nowMs),
    unanswered: [...state.targets.values()].slice(0, HTTP_LIMITS.overviewTargets).map(({ address, origin }) => ({
      address: addressText(address),
      origin,
      lastError: service.sighting(address)?.lastError ?? null,
    })),
    recoveries: recoveries(service),
    audit: state.audit
      .slice(-HTTP_LIMITS.overviewAuditLines)
      .reverse()
      .map(({ number, atMs, kind, text }) => ({ number, atMs, kind, text })),
  };
}

function clusters(index: TopologyIndex, service: Service, views: Views, nowMs: number): readonly ClusterOverview[] {
  const populated = [...index.clusters.values()].filter((view) => view.members.length > 0);
  const badges = views.badges(populated);
  return populated.map((view) => ({
    id: view.cluster.id,
    name: view.name,
    alias: view.cluster.alias,
    primary: view.cluster.primary,
    epoch: view.cluster.epoch,
    automaticRecovery: service.settings.automaticPrimaryRecovery(view.cluster.id),
    failover: assertDefined(badges.get(view.cluster.id), `cluster ${view.name} has no badge`),
    shape: {
      coPrimaries: view.forest.coPrimaries,
      loops: view.forest.loops,
      orphans: view.forest.orphans,
    },
    problems: problems(view, service),
    servers: view.members.map((server) => serverOverview(server, service, views, nowMs)),
  }));
}

function problems(view: ClusterView, service: Service): readonly ProblemOverview[] {
  const analysis = service.analysis();
  const found = analysis.problems
    .filter((problem) => problem.clusterId === view.cluster.id)
    .map(({ server, code, description, severity, because }) => ({
      server,
      code,
      description,
      severity,
      because,
      restraint: analysis.restraint.get(server) ?? [],
    }));
  return [...found, ...warnings(view, analysis, service.state)];
}

/** How the topology is built; beside the problems, because nothing is wrong yet. */
function warnings(view: ClusterView, { structure }: Analysis, state: LedgerState): readonly ProblemOverview[] {
  const codes = view.members.flatMap(({ id }) =>
    (structure.get(id) ?? []).map((code) => {
      const { sentence, severity } = structureRule(code);
      const because = code === 'WriteableReplicaStructureWarning' ? openedBelow(view, id) : [];
      return { server: id, code, description: sentence, severity, because };
    }),
  );
  return [...codes, ...shapeWarnings(view), ...identityWarnings(view, state)].map((warning) => ({
    severity: 'warning',
    because: [],
    ...warning,
    restraint: [],
  }));
}

function openedBelow(view: ClusterView, source: ServerId): readonly string[] {
  const below = view.forest.nodes.get(source)?.children ?? [];
  return below.flatMap((id) => {
    const server = view.forest.nodes.get(id)?.server;
    return server !== undefined && isWritable(server.facts) ? [`${addressText(server.address)} takes writes`] : [];
  });
}

function recoveries(service: Service): readonly RecoveryOverview[] {
  const newestFirst = [...service.state.recoveries.values()].sort((one, other) => other.openedAtMs - one.openedAtMs);
  const open = newestFirst.filter((recovery) => recovery.closedAtMs === null);
  const closed = newestFirst.filter((recovery) => recovery.closedAtMs !== null);
  // Scripts switch many servers: what they did takes no failover's place in the list.
  const switches = closed.filter(({ kind }) => kind === 'switch').slice(0, HTTP_LIMITS.overviewSwitches);
  const others = closed.filter(({ kind }) => kind !== 'switch').slice(0, HTTP_LIMITS.overviewRecoveries);
  return [...open, ...others, ...switches]
    .sort((one, other) => other.openedAtMs - one.openedAtMs)
    .map((recovery) => recoveryOverview(recovery, service.state));
}
