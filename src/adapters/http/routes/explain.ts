/** Would a failover happen now? For one cluster in full, for all of them in a line each; and the brake that stops all. */
import { legacyJson } from '../legacy/json.js';
import { bare, bareBytes, declined, done, refused } from '../reply.js';
import { askedBy, each, type Route, read, write } from '../route.js';
import { byHint } from './clusters.js';

export const EXPLAIN_ROUTES: readonly Route[] = [
  ...each(['/api/explain/:hint', '/api/v1/explain/:hint'], (path) =>
    read(path, (call, door) => {
      const found = byHint(call, door);
      if (!found.ok) return refused(found.error);
      const explanation = door.service.explain(found.value.cluster.id);
      return explanation === null
        ? refused(`cluster ${found.value.name} has no primary that is known`)
        : bare(explanation);
    }),
  ),
  read('/api/v1/explain', (_call, door) => bareBytes(door.views.answer('explain', () => allClusters(door)))),
  write('/api/release-brake', async (call, door) => {
    const answer = await door.service.releaseBrake(askedBy(call, door));
    if (!answer.ok) return declined(answer.refusal);
    return done(answer.value ? 'Automatic recovery goes on' : 'The brake was not on', answer.value);
  }),
];

function allClusters(door: Parameters<Route['answer']>[1]): Buffer {
  const views = [...door.views.index().clusters.values()].filter(({ members }) => members.length > 0);
  const badges = door.views.badges(views);
  const lines = views.map((view) => ({
    cluster: view.name,
    alias: view.cluster.alias,
    ...badges.get(view.cluster.id),
  }));
  return Buffer.from(legacyJson(lines));
}
