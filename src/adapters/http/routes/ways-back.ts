/**
 * What becomes of a server that was set apart: what it has too many, and the three ways back, shown before they run and
 * taken when somebody says so. `?dryRun=true` on any of them answers with its plan and changes nothing.
 */
import { resolveServer } from '../hints.js';
import { apartOverview } from '../overview/apart-overview.js';
import { recoveryOverview } from '../overview/recovery-overview.js';
import { isWayBackName, WAYS_BY_NAME } from '../../../core/recovery/ways-back/way-names.js';
import { WAYS_BACK } from '../../../core/recovery/ways-back/returns.js';
import { bare, declined, done, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, type Route, plan, read, requestKeyOf } from '../route.js';

export const WAY_BACK_ROUTES: readonly Route[] = [
  read('/api/v1/ways-back/:host/:port', (call, door) => {
    const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
    if (!found.ok) return refused(found.error);
    const { id } = found.value;
    const apart = apartOverview(id, door.service, call.nowMs);
    return bare({ ...plansFor(id, door), apart, underWay: underWayOf(id, door) });
  }),
  plan('/api/v1/ways-back/:host/:port/:way', takeWay),
];

function plansFor(id: Parameters<typeof apartOverview>[0], door: Door): object {
  const ways = door.service.waysBack(id).map(({ way, ...plan }) => ({ way: WAYS_BY_NAME.nameOf(way), ...plan }));
  return { ways };
}

/** The way that it is on now; null: none. */
function underWayOf(id: Parameters<typeof apartOverview>[0], { service }: Door): object | null {
  const all = [...service.state.recoveries.values()];
  const open = all.find(({ failed, closedAtMs }) => failed === id && closedAtMs === null);
  const way = WAYS_BACK.find((one) => one === open?.kind);
  if (open === undefined || way === undefined) return null;
  return { way: WAYS_BY_NAME.nameOf(way), ...recoveryOverview(open, service.state) };
}

async function takeWay(call: Call, door: Door): Promise<Reply> {
  const name = call.param('way');
  if (!isWayBackName(name)) return refused(`"${name}" is no way back: ${WAYS_BY_NAME.names.join(', ')}`);
  const way = WAYS_BY_NAME.wayOf(name);
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const donor = donorOf(call, door);
  if (!donor.ok) return refused(donor.error);
  const { id } = found.value;
  if (call.query('dryRun') === 'true') {
    const shown = door.service.waysBack(id, donor.value).find((one) => one.way === way);
    return done(`${name}: nothing was changed`, shown === undefined ? null : { ...shown, way: name });
  }
  const answer = await door.service.wayBack({
    way,
    server: id,
    donor: donor.value,
    requestedBy: askedBy(call, door),
    ...requestKeyOf(call),
  });
  if (!answer.ok) return declined(answer.refusal);
  const { verdict } = answer.value;
  const overview = recoveryOverview(answer.value, door.service.state);
  if (verdict === null) return done(`${name}: under way as recovery ${answer.value.id}`, overview);
  if (verdict.kind === 'succeeded') return done(`${name}: ${overview.failed} is back`, overview);
  return refused(`${name}: ${verdict.reason}`, overview);
}

type Donor =
  | { readonly ok: true; readonly value: Parameters<typeof apartOverview>[0] | null }
  | { readonly ok: false; readonly error: string };

/** `?donor=host:port`. */
function donorOf(call: Call, door: Door): Donor {
  const text = call.query('donor');
  if (text === '') return { ok: true, value: null };
  const at = text.lastIndexOf(':');
  const [host, port] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const found = resolveServer(door.views.index(), host, port, 'changing');
  return found.ok ? { ok: true, value: found.value.id } : found;
}
