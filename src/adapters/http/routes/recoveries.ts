/**
 * What was recovered, what is being recovered, and what holds a recovery back. The return of a server and a
 * rearrangement are recoveries of ours and none of the incumbent's: scripts that count failovers must not see them here.
 * A return has its page, and the UID of either leads to it.
 */
import { isBlocking } from '../../../core/recovery/guards/blocks.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import { isOurs } from '../../../core/recovery/ways-back/returns.js';
import type { ServerId } from '../../../core/topology/server.js';
import { resolveServer } from '../hints.js';
import { HTTP_LIMITS } from '../limits.js';
import { legacyClusterDetails } from '../legacy/cluster-info.js';
import type { LegacyAnalysis } from '../legacy/analysis.js';
import { legacyRecovery, type RecoveryForm, recoveryNumber } from '../legacy/recovery.js';
import { legacyRecoverySteps } from '../legacy/recovery-steps.js';
import { bare, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, read } from '../route.js';
import { namesIn } from '../step-words.js';
import { pageNumber } from './audit.js';
import { byAlias, byHint } from './clusters.js';

type Chosen = (recovery: Recovery) => boolean;

export const RECOVERY_ROUTES: readonly Route[] = [
  ...each(['/api/audit-recovery', '/api/audit-recovery/:page'], (path) =>
    read(path, (call, door) => audit('audit', () => true, call, door)),
  ),
  read('/api/audit-recovery/id/:id', (call, door) => bare(list('audit', byNumber(call), call, door))),
  read('/api/audit-recovery/uid/:uid', (call, door) =>
    bare(list('audit', (recovery) => recovery.id === call.param('uid'), call, door, true)),
  ),
  ...each(['/api/audit-recovery/cluster/:hint', '/api/audit-recovery/cluster/:hint/:page'], (path) =>
    read(path, (call, door) => auditOf('audit', byHint(call, door), call, door)),
  ),
  ...each(['/api/audit-recovery/alias/:alias', '/api/audit-recovery/alias/:alias/:page'], (path) =>
    read(path, (call, door) => auditOf('audit', byAlias(call, door), call, door)),
  ),
  read('/api/audit-recovery-steps/:uid', steps),
  ...each(['/api/audit-failure-detection', '/api/audit-failure-detection/:page'], (path) =>
    read(path, (call, door) => audit('detection', () => true, call, door)),
  ),
  read('/api/audit-failure-detection/id/:id', (call, door) => bare(list('detection', byNumber(call), call, door))),
  ...each(['/api/audit-failure-detection/alias/:alias', '/api/audit-failure-detection/alias/:alias/:page'], (path) =>
    read(path, (call, door) => auditOf('detection', byAlias(call, door), call, door)),
  ),
  read('/api/active-cluster-recovery/:hint', (call, door) => {
    const found = byHint(call, door);
    if (!found.ok) return refused(found.error);
    const { id } = found.value.cluster;
    return bare(list('audit', (recovery) => recovery.clusterId === id && recovery.closedAtMs === null, call, door));
  }),
  read('/api/recently-active-cluster-recovery/:hint', (call, door) => {
    const found = byHint(call, door);
    if (!found.ok) return refused(found.error);
    const { id } = found.value.cluster;
    return bare(
      list('audit', (recovery) => recovery.clusterId === id && recentlyClosed(recovery, call.nowMs), call, door),
    );
  }),
  read('/api/recently-active-instance-recovery/:host/:port', (call, door) => {
    const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
    if (!found.ok) return refused(found.error);
    const { id } = found.value;
    return bare(
      list('audit', (recovery) => recovery.successor === id && recentlyClosed(recovery, call.nowMs), call, door),
    );
  }),
];

export function recoveryView(
  recovery: Recovery,
  form: RecoveryForm,
  nowMs: number,
  door: Door,
  before: LegacyAnalysis | null = null,
): Readonly<Record<string, unknown>> {
  const { state, settings } = door.service;
  const view = door.views.index().clusters.get(recovery.clusterId);
  const nameOf = namesIn(recovery, (server) => state.servers.get(server)?.address ?? null);
  const participants = new Map(recovery.inputs.participants.map((participant) => [participant.id, participant]));
  const name = nameOf(recovery.failed);
  const alias = view === undefined || view.cluster.alias === '' ? name : view.cluster.alias;
  return legacyRecovery(
    {
      recovery,
      cluster: {
        ...(view === undefined ? NO_DETAILS : legacyClusterDetails(view, settings)),
        // As it was then: the name goes with the primary, and this one was about to lose it.
        ClusterName: name,
        ClusterAlias: alias,
        ClusterDomain: name,
      },
      addressOf: (server: ServerId) => participants.get(server) ?? state.servers.get(server)?.address ?? null,
      server: (server: ServerId) => state.servers.get(server) ?? null,
      ...(before === null ? {} : { before }),
      isActive: recovery.closedAtMs === null || isBlocking(recovery, { blockMs: settings.recoveryBlockMs }, nowMs),
    },
    form,
  );
}

const NO_DETAILS = {
  CountInstances: 0,
  HeuristicLag: 0,
  HasAutomatedMasterRecovery: false,
  HasAutomatedIntermediateMasterRecovery: false,
};

function audit(form: RecoveryForm, chosen: Chosen, call: Call, door: Door): Reply {
  const page = pageNumber(call);
  if (page === null) return refused(`"${call.param('page')}" is not the number of a page`);
  const unacknowledged = call.query('unacknowledged') === 'true';
  const all = list(
    form,
    (recovery) => chosen(recovery) && !(unacknowledged && recovery.acknowledged !== null),
    call,
    door,
  );
  return bare(all.slice(page * HTTP_LIMITS.pageRows, (page + 1) * HTTP_LIMITS.pageRows));
}

function auditOf(form: RecoveryForm, found: ReturnType<typeof byHint>, call: Call, door: Door): Reply {
  if (!found.ok) return refused(found.error);
  const { id } = found.value.cluster;
  return audit(form, (recovery) => recovery.clusterId === id, call, door);
}

/** Newest first. */
function list(form: RecoveryForm, chosen: Chosen, { nowMs }: Call, door: Door, ours = false): readonly unknown[] {
  return [...door.service.state.recoveries.values()]
    .filter((recovery) => (ours || !isOurs(recovery.kind)) && chosen(recovery))
    .sort((one, other) => other.openedAtMs - one.openedAtMs)
    .map((recovery) => recoveryView(recovery, form, nowMs, door));
}

function byNumber(call: Call): Chosen {
  return (recovery) => String(recoveryNumber(recovery.id)) === call.param('id');
}

function recentlyClosed(recovery: Recovery, nowMs: number): boolean {
  return recovery.closedAtMs !== null && nowMs - recovery.closedAtMs <= HTTP_LIMITS.recentRecoveryMs;
}

function steps(call: Call, door: Door): Reply {
  const { state } = door.service;
  const recovery = [...state.recoveries.values()].find(({ id }) => id === call.param('uid'));
  if (recovery === undefined) return bare([]);
  return bare(
    legacyRecoverySteps(
      recovery,
      namesIn(recovery, (server) => state.servers.get(server)?.address ?? null),
    ),
  );
}
