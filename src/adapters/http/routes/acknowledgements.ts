/** Acknowledging recoveries, the switch that holds all of them back, and the filters that say which come by themselves. */
import { failed, ok, type Result } from '../../../core/base/result.js';
import type { RecoveryId } from '../../../core/recovery/recovery.js';
import { resolveAlias, resolveCluster, resolveServer } from '../hints.js';
import { recoveryNumber } from '../legacy/recovery.js';
import { instanceKey } from '../legacy/values.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, each, type Route, read, write } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';

export const ACKNOWLEDGEMENT_ROUTES: readonly Route[] = [
  write('/api/ack-recovery/cluster/:hint', (call, door) => {
    const port = door.service.settings.defaultInstancePort;
    return ackCluster(resolveCluster(door.views.index(), call.param('hint'), port, 'changing'), call, door);
  }),
  write('/api/ack-recovery/cluster/alias/:alias', (call, door) =>
    ackCluster(resolveAlias(door.views.index(), call.param('alias')), call, door),
  ),
  write('/api/ack-recovery/instance/:host/:port', ackServer),
  ...each(['/api/ack-recovery/:uid', '/api/ack-recovery/uid/:uid'], (path) => write(path, ackOne)),
  write('/api/ack-all-recoveries', ackAll),
  write('/api/disable-global-recoveries', (call, door) => switchAll(false, call, door)),
  write('/api/enable-global-recoveries', (call, door) => switchAll(true, call, door)),
  read('/api/check-global-recoveries', (_call, door) => {
    const word = door.service.state.recoveriesEnabled ? 'enabled' : 'disabled';
    return done(`Global recoveries ${word}`, word);
  }),
  read('/api/automated-recovery-filters', (_call, door) => {
    const { primaryClusters, intermediateClusters, ignoredHosts } = door.service.settings.recoveryFilters;
    return done('Automated recovery configuration details', {
      RecoverMasterClusterFilters: primaryClusters,
      RecoverIntermediateMasterClusterFilters: intermediateClusters,
      RecoveryIgnoreHostnameFilters: ignoredHosts,
    });
  }),
];

const NO_COMMENT = 'No acknowledge comment given; add ?comment=TEXT';

async function ackCluster(found: Result<ClusterView, string>, call: Call, door: Door): Promise<Reply> {
  if (!found.ok) return refused(found.error);
  const comment = call.query('comment');
  if (comment === '') return refused(NO_COMMENT);
  const view = found.value;
  const answer = await door.service.acknowledge({ clusterId: view.cluster.id }, askedBy(call, door), comment);
  if (!answer.ok) return declined(answer.refusal);
  return done(`Acknowledged ${String(answer.value)} recoveries of cluster ${view.name}`, view.name);
}

async function ackServer(call: Call, door: Door): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const open = [...door.service.state.recoveries.values()]
    .filter((recovery) => recovery.failed === found.value.id && recovery.acknowledged === null)
    .map(({ id }) => id);
  const outcome = await ackEach(open, call, door);
  const key = instanceKey(found.value.address);
  return outcome.ok ? done(`Acknowledged ${String(outcome.value)} recoveries`, key) : outcome.error;
}

/** By UID, or by the number that lists of recoveries show. */
async function ackOne(call: Call, door: Door): Promise<Reply> {
  const given = call.param('uid');
  const ids = [...door.service.state.recoveries.keys()].filter(
    (id) => id === given || String(recoveryNumber(id)) === given,
  );
  if (ids.length === 0) return refused(`No recovery has the id or uid "${given}"`, given);
  const outcome = await ackEach(ids, call, door);
  return outcome.ok ? done(`Acknowledged ${String(outcome.value)} recoveries`, given) : outcome.error;
}

async function ackEach(ids: readonly RecoveryId[], call: Call, door: Door): Promise<Result<number, Reply>> {
  const comment = call.query('comment');
  if (comment === '') return failed(refused(NO_COMMENT));
  let count = 0;
  for (const uid of ids) {
    const answer = await door.service.acknowledge({ uid }, askedBy(call, door), comment);
    if (!answer.ok) return failed(declined(answer.refusal));
    count += answer.value;
  }
  return ok(count);
}

async function ackAll(call: Call, door: Door): Promise<Reply> {
  const comment = call.query('comment');
  if (comment === '') return refused(NO_COMMENT);
  const answer = await door.service.acknowledge('all', askedBy(call, door), comment);
  if (!answer.ok) return declined(answer.refusal);
  return done(`Acknowledged ${String(answer.value)} recoveries`, comment);
}

async function switchAll(enabled: boolean, call: Call, door: Door): Promise<Reply> {
  const answer = await door.service.switchRecoveries(enabled, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  const word = enabled ? 'enabled' : 'disabled';
  return done(`Globally ${word} recoveries`, word);
}
