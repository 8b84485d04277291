/** Topologies of the past: taking a picture of all of them, and reading the pictures that were kept. */
import { failed, ok, type Result } from '../../../core/base/result.js';
import type { SnapshotRow, TopologySnapshot } from '../../../core/ledger/topology-snapshot.js';
import { renderPast } from '../../../core/topology/past.js';
import { instanceKey, timestamp } from '../legacy/values.js';
import { bare, declined, done, type Reply, refused } from '../reply.js';
import { type Call, type Door, type Route, read, write } from '../route.js';

export const PAST_ROUTES: readonly Route[] = [
  write('/api/snapshot-topologies', record),
  read('/api/v1/past-topologies', (_call, door) => bare(door.service.state.history.map(summary))),
  read('/api/v1/past-topology/:hint/:at', draw),
  read('/api/v1/past-instances/:at', rows),
];

async function record(_call: Call, door: Door): Promise<Reply> {
  const answer = await door.service.recordTopologies();
  if (!answer.ok) return declined(answer.refusal);
  return done('Topology Snapshot completed', `Took ${answer.value.toFixed(3)}ms`);
}

function summary({ atMs, rows: kept }: TopologySnapshot): Readonly<Record<string, unknown>> {
  const clusters = [...new Set(kept.map(({ clusterName }) => clusterName))].sort();
  return { at: timestamp(atMs), atSeconds: Math.floor(atMs / 1000), servers: kept.length, clusters };
}

/** The last picture that was taken at the time or before: Unix seconds, or `YYYY-MM-DD hh:mm:ss` in UTC. */
export function pictureAt(text: string, history: readonly TopologySnapshot[]): Result<TopologySnapshot, string> {
  const atMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(`${text.replace(' ', 'T')}Z`);
  if (!Number.isFinite(atMs)) return failed(`"${text}" is no time; give Unix seconds or YYYY-MM-DD hh:mm:ss in UTC`);
  // A picture of this very second was taken at some millisecond of it.
  const picture = history.findLast((one) => Math.floor(one.atMs / 1000) * 1000 <= atMs);
  if (picture !== undefined) return ok(picture);
  const first = history[0];
  return failed(
    first === undefined
      ? 'No picture of the topologies was kept; see SnapshotTopologiesIntervalHours and snapshot-topologies'
      : `No picture is as old as that: the first is of ${timestamp(first.atMs)}`,
  );
}

/** Of the cluster that had this name or alias then, or this server in it. */
export function rowsOf(hint: string, { rows: kept }: TopologySnapshot): readonly SnapshotRow[] {
  const named = kept.filter(({ clusterName, clusterAlias }) => clusterName === hint || clusterAlias === hint);
  if (named.length > 0) return named;
  const member = kept.find(({ address }) => `${address.host}:${String(address.port)}` === hint);
  return member === undefined ? [] : kept.filter(({ clusterName }) => clusterName === member.clusterName);
}

function draw(call: Call, door: Door): Reply {
  return pastTopology(call.param('hint'), call.param('at'), door);
}

/** As the incumbent draws the past: who was below whom, and nothing else. */
export function pastTopology(hint: string, at: string, door: Door): Reply {
  const picture = pictureAt(at, door.service.state.history);
  if (!picture.ok) return refused(picture.error);
  const members = rowsOf(hint, picture.value);
  if (members.length === 0)
    return refused(`No cluster "${hint}" stood in the picture of ${timestamp(picture.value.atMs)}`);
  return done(`Topology for cluster ${hint} at ${timestamp(picture.value.atMs)}`, renderPast(members));
}

function rows(call: Call, door: Door): Reply {
  const picture = pictureAt(call.param('at'), door.service.state.history);
  if (!picture.ok) return refused(picture.error);
  return bare(
    picture.value.rows.map(({ address, source, clusterName, clusterAlias, version }) => ({
      Key: instanceKey(address),
      MasterKey: instanceKey(source),
      ClusterName: clusterName,
      ClusterAlias: clusterAlias,
      Version: version,
    })),
  );
}
