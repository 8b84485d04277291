/**
 * Figures of the incumbent's backend database and of the buffer before it. There is neither here: nothing was written, so
 * nothing was measured, and dashboards that ask go on working and show nothing.
 */
import { bare, refused, type Reply } from '../reply.js';
import { aboutNode, type Call, type Route } from '../route.js';

const KINDS = ['Max', 'Mean', 'Median', 'P95'] as const;

export const BACKEND_METRICS_ROUTES: readonly Route[] = [
  aboutNode('/api/backend-query-metrics-raw/:seconds', (call) => of(call, [])),
  aboutNode('/api/backend-query-metrics-aggregated/:seconds', (call) =>
    of(call, { Count: 0, ...zeros('ExecuteSeconds', 'WaitSeconds') }),
  ),
  aboutNode('/api/write-buffer-metrics-raw/:seconds', (call) => of(call, [])),
  aboutNode('/api/write-buffer-metrics-aggregated/:seconds', (call) =>
    of(call, {
      InstanceWriteBufferSize: 0,
      InstanceFlushIntervalMilliseconds: 0,
      CountInstances: 0,
      ...zeros('Instances'),
      ...zeros('WaitSeconds', 'WriteSeconds'),
    }),
  ),
];

function of(call: Call, nothing: unknown): Reply {
  const text = call.param('seconds');
  return /^\d{1,9}$/.test(text)
    ? bare(nothing)
    : refused(`Unable to aggregate metrics: "${text}" is no number of seconds`);
}

function zeros(...names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(KINDS.flatMap((kind) => names.map((name) => [`${kind}${name}`, 0])));
}
