/** Where the primaries are, written to the key-value stores on somebody's word. The incumbent lets anybody do it. */
import type { ClusterId } from '../../../core/topology/server.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, write } from '../route.js';
import { byHint } from './clusters.js';

export const KEY_VALUE_ROUTES: readonly Route[] = each(
  ['/api/submit-masters-to-kv-stores', '/api/submit-masters-to-kv-stores/:hint'],
  (path) => write(path, submit),
);

async function submit(call: Call, door: Door): Promise<Reply> {
  let cluster: ClusterId | null = null;
  if (call.param('hint') !== '') {
    const found = byHint(call, door);
    if (!found.ok) return refused(found.error);
    cluster = found.value.cluster.id;
  }
  const answer = await door.service.submitPrimaries(cluster);
  if (!answer.ok) return declined(answer.refusal);
  const pairs = answer.value.map(({ key, value }) => ({ Key: key, Value: value }));
  return done(`Submitted ${String(pairs.length)} masters`, pairs);
}
