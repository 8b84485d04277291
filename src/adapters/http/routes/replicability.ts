/** Could one server replicate from another? The answer is in the message; a no is an error with its reason, as there. */
import { whyCannotBeginByGtid, whyCannotReplicate } from '../../../core/recovery/choice/can-replicate.js';
import type { Server } from '../../../core/topology/server.js';
import { resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { done, type Reply, refused } from '../reply.js';
import { type Call, type Door, type Route, read } from '../route.js';

export const REPLICABILITY_ROUTES: readonly Route[] = [
  read('/api/can-replicate-from/:host/:port/:belowHost/:belowPort', (call, door) => judge(byRules, call, door)),
  read('/api/can-replicate-from-gtid/:host/:port/:belowHost/:belowPort', (call, door) => judge(byGtid, call, door)),
];

/** Null: it could. */
type Objection = (replica: Server, source: Server, door: Door) => string | null;

function judge(objection: Objection, call: Call, door: Door): Reply {
  const index = door.views.index();
  const replica = resolveServer(index, call.param('host'), call.param('port'), 'reading');
  if (!replica.ok) return refused(replica.error);
  const source = resolveServer(index, call.param('belowHost'), call.param('belowPort'), 'reading');
  if (!source.ok) return refused(source.error);
  const reason = objection(replica.value, source.value, door);
  const key = instanceKey(source.value.address);
  return reason === null ? done('true', key) : refused(reason, key);
}

const byRules: Objection = (replica, source, door) =>
  whyCannotReplicate(replica, source, door.service.settings.replicationRules);

const byGtid: Objection = (replica, source, door) =>
  byRules(replica, source, door) ??
  whyCannotBeginByGtid(
    { server: replica, executedGtids: door.views.sighting(replica)?.vitals?.executedGtids ?? '' },
    { server: source, purgedGtids: door.views.sighting(source)?.vitals?.purgedGtids ?? '' },
  );
