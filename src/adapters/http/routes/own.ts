/** Our own corner of the API, under clean names; the incumbent's routes stand beside it unchanged. */
import { legacyJson } from '../legacy/json.js';
import { buildOverview } from '../overview/overview.js';
import { bare, bareBytes } from '../reply.js';
import { aboutNode, type Door, type Route, read } from '../route.js';

export const OWN_ROUTES: readonly Route[] = [
  read('/api/v1/overview', (call, door) => bareBytes(overviewBytes(door, call.nowMs))),
  // What a client needs to complete what a user left out.
  aboutNode('/api/v1/settings', (_call, door) =>
    bare({
      defaultInstancePort: door.service.settings.defaultInstancePort,
      version: door.service.node().version,
    }),
  ),
];

export function overviewBytes(door: Door, nowMs: number): Buffer {
  return door.views.answer('overview', () => Buffer.from(legacyJson(buildOverview(door.service, door.views, nowMs))));
}
