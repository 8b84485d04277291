/** The configuration of the node that is asked: each has files of its own, so nothing is passed on to the leader. */
import { declined, done, refused, type Reply } from '../reply.js';
import { aboutNode, type Call, type Door, type Route } from '../route.js';

export const CONFIGURATION_ROUTES: readonly Route[] = [
  { ...aboutNode('/api/reload-configuration', reload), role: 'admin' },
];

async function reload(call: Call, door: Door): Promise<Reply> {
  const extra = call.query('config');
  if (door.configuration === null) return refused('reload-configuration: this node has no files to read');
  const answer = await door.configuration.reload(extra === '' ? null : extra);
  return answer.ok ? done(`Config reloaded: ${answer.value}`, extra) : declined(answer.refusal);
}
