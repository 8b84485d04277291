/** How the probing of this very node did in the last seconds; each node has a share, and answers for its own. */
import type { QueueName } from '../../../runtime/ports/probing-metrics.js';
import { aggregatedLooks, aggregatedQueue, legacyLook, legacyQueue } from '../legacy/probing-metrics.js';
import { bare, refused, type Reply } from '../reply.js';
import { aboutNode, type Call, each, type Route } from '../route.js';

const QUEUES: Readonly<Record<string, QueueName>> = { '': 'living', DEFAULT: 'living', DEADINSTANCES: 'dead' };

export const PROBING_METRICS_ROUTES: readonly Route[] = [
  aboutNode('/api/discovery-metrics-raw/:seconds', (call, door) =>
    lately(call, (forMs) => bare(door.service.probingMetrics().looks(forMs).map(legacyLook))),
  ),
  aboutNode('/api/discovery-metrics-aggregated/:seconds', (call, door) =>
    lately(call, (forMs) => bare(aggregatedLooks(door.service.probingMetrics().looks(forMs)))),
  ),
  ...queueRoutes('raw', (call, door) =>
    aboutQueue(call, (name, forMs) => bare(door.service.probingMetrics().queue(name, forMs).map(legacyQueue))),
  ),
  ...queueRoutes('aggregated', (call, door) =>
    aboutQueue(call, (name, forMs) => bare(aggregatedQueue(door.service.probingMetrics().queue(name, forMs)))),
  ),
];

function queueRoutes(form: string, answer: Route['answer']): readonly Route[] {
  const path = `/api/discovery-queue-metrics-${form}`;
  return each([`${path}/:seconds`, `${path}/:queue/:seconds`], (one) => aboutNode(one, answer));
}

function lately(call: Call, answer: (forMs: number) => Reply): Reply {
  const text = call.param('seconds');
  if (!/^\d{1,9}$/.test(text))
    return refused(`Unable to generate discovery metrics: "${text}" is no number of seconds`);
  return answer(Number(text) * 1000);
}

function aboutQueue(call: Call, answer: (name: QueueName, forMs: number) => Reply): Reply {
  const queue = call.param('queue');
  const name = QUEUES[queue];
  if (name === undefined) return refused(`there is no queue "${queue}"; there are DEFAULT and DEADINSTANCES`);
  return lately(call, (forMs) => answer(name, forMs));
}
