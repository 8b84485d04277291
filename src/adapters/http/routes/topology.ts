/** A topology as text, for people and for scripts that cut lines apart. */
import type { Result } from '../../../core/base/result.js';
import type { Tag } from '../../../core/ledger/records.js';
import { renderTopology } from '../../../core/topology/render.js';
import { isGroupSecondary, isReplicating, mainChannel, type Server } from '../../../core/topology/server.js';
import type { TopologyEntry } from '../../../core/topology/topology-entry.js';
import { legacyJson } from '../legacy/json.js';
import { freshness } from '../legacy/freshness.js';
import { bareBytes, doneEnvelope, type Reply, refused } from '../reply.js';
import { type Call, type Door, type Route, read } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { byHint, byMember } from './clusters.js';

interface Form {
  readonly layout: 'aligned' | 'tabulated';
  readonly tags: boolean;
}

const FORMS: Readonly<Record<string, Form>> = {
  topology: { layout: 'aligned', tags: false },
  'topology-tabulated': { layout: 'tabulated', tags: false },
  'topology-tags': { layout: 'aligned', tags: true },
};

export const TOPOLOGY_ROUTES: readonly Route[] = Object.entries(FORMS).flatMap(([name, form]) => [
  read(`/api/${name}/:hint`, (call, door) => draw(byHint(call, door), name, form, call, door)),
  read(`/api/${name}/:host/:port`, (call, door) => draw(byMember(call, door), name, form, call, door)),
]);

function draw(found: Result<ClusterView, string>, name: string, form: Form, call: Call, door: Door): Reply {
  if (!found.ok) return refused(found.error);
  const view = found.value;
  const build = (): Buffer => {
    const text = Buffer.from(legacyJson(topologyText(view, form, call.nowMs, door)));
    return doneEnvelope(`Topology for cluster ${view.name}`, text);
  };
  return bareBytes(door.views.answer(`${name} ${view.cluster.id}`, build));
}

function topologyText(view: ClusterView, form: Form, nowMs: number, door: Door): string {
  const primary = view.members.find((server) => server.id === view.cluster.primary);
  return renderTopology(
    view.members.map((server) => entryOf(server, nowMs, door)),
    {
      ...form,
      historical: false,
      maintenanceLagSeconds: door.service.settings.reasonableMaintenanceReplicationLagSeconds,
      // A former primary that is set apart is a root of its own, and must not push the living tree off the page.
      firstRoot: primary?.address ?? null,
    },
  );
}

function entryOf(server: Server, nowMs: number, door: Door): TopologyEntry {
  const { facts } = server;
  const placement = door.views.placement(server);
  const fresh = freshness(door.views.sighting(server), door.service.settings, nowMs);
  return {
    address: server.address,
    alias: facts.alias,
    source: isGroupSecondary(facts) ? groupPrimary(server, door) : placement.source,
    isCoPrimary: placement.isCoPrimary,
    isGroupSecondary: isGroupSecondary(facts),
    isDetached: placement.source?.host.startsWith('//') ?? false,
    isCheckValid: fresh.valid,
    isRecentlyChecked: fresh.recentlyChecked,
    ...replication(server, door),
    version: facts.version.text,
    readOnly: facts.readOnly,
    binlogEnabled: facts.binlogEnabled,
    binlogFormat: facts.binlogFormat,
    logReplicaUpdates: facts.logReplicaUpdates,
    gtid: mainChannel(facts)?.autoPosition === true || (facts.gtidMode !== '' && facts.gtidMode !== 'OFF'),
    errantGtids: door.views.errantGtids(server),
    pseudoGtid: false,
    semiSyncSource: facts.semiSync.sourceActive,
    semiSyncReplica: facts.semiSync.replicaActive,
    isDowntimed: door.views.downtime(server) !== null,
    tags: (door.service.state.tags.get(server.id) ?? []).map(tagText),
  };
}

/** A secondary hangs below the primary of its group, which is no source of its own. */
function groupPrimary(server: Server, door: Door): TopologyEntry['source'] {
  const { sourceId } = door.views.placement(server);
  return sourceId === null ? null : (door.service.state.servers.get(sourceId)?.address ?? null);
}

function tagText({ name, value }: Tag): string {
  return value === '' ? name : `${name}=${value}`;
}

type Replication = Pick<
  TopologyEntry,
  'isReplica' | 'threadsRunning' | 'secondsBehind' | 'lagSeconds' | 'delaySeconds'
>;

function replication(server: Server, door: Door): Replication {
  const vitals = door.views.sighting(server)?.vitals ?? null;
  const lagSeconds = vitals?.lagSeconds ?? null;
  const channel = mainChannel(server.facts);
  if (channel === null) {
    return { isReplica: false, threadsRunning: false, secondsBehind: null, lagSeconds, delaySeconds: 0 };
  }
  return {
    isReplica: true,
    threadsRunning: isReplicating(channel),
    secondsBehind: vitals?.channels.find(({ name }) => name === channel.name)?.secondsBehind ?? null,
    lagSeconds,
    delaySeconds: channel.delaySeconds,
  };
}
