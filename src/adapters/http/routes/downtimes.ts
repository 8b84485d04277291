/** Downtime: an operator's word that a server's problems are known. */
import { addressText } from '../../../core/topology/address.js';
import { resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, each, type Route, write } from '../route.js';

export const DOWNTIME_ROUTES: readonly Route[] = [
  ...each(
    ['/api/begin-downtime/:host/:port/:owner/:reason', '/api/begin-downtime/:host/:port/:owner/:reason/:duration'],
    (path) => write(path, begin),
  ),
  write('/api/end-downtime/:host/:port', end),
];

const DEFAULT_DURATION_MS = 600_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `59s`, `30m`, `4h`, `2d`, `1w`; null when it is none of these. */
export function durationMs(text: string): number | null {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ''];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

/** Who looks at it at night has nothing else to go by. Null when both are said. */
export function withoutReason(call: Call): Reply | null {
  if (call.param('owner').trim() === '') return refused('the owner is empty: say who you are');
  if (call.param('reason').trim() === '') return refused('the reason is empty: say why, for whoever finds it');
  return null;
}

async function begin(call: Call, door: Door): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const unsaid = withoutReason(call);
  if (unsaid !== null) return unsaid;
  const text = call.param('duration');
  const duration = text === '' ? DEFAULT_DURATION_MS : durationMs(text);
  if (duration === null || duration === 0) {
    return refused(`Invalid duration: "${text}"; give a number and a unit, as 59s, 30m, 4h, 2d or 1w`);
  }
  const server = found.value;
  const answer = await door.service.beginDowntime(server.id, call.param('owner'), call.param('reason'), duration);
  if (!answer.ok) return declined(answer.refusal);
  return done(`Instance is now downtimed: ${addressText(server.address)}`, instanceKey(server.address));
}

async function end(call: Call, door: Door): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const server = found.value;
  const answer = await door.service.endDowntime(server.id, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Instance downtime ended: ${addressText(server.address)}`, instanceKey(server.address));
}
