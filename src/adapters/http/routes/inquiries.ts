/** Questions that nobody but the server itself can answer: it is asked while the caller waits. Nothing is changed on it. */
import { addressText } from '../../../core/topology/address.js';
import { readAddress, resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { type Call, type Door, type Route, read } from '../route.js';

export const INQUIRY_ROUTES: readonly Route[] = [
  read('/api/resolve/:host/:port', resolve),
  read('/api/locate-gtid-errant/:host/:port', locate),
  // A read, and yet the incumbent wants the right to write for it.
  { ...read('/api/master-equivalent/:host/:port/:logFile/:logPos', equivalent), role: 'operator' },
];

async function resolve(call: Call, door: Door): Promise<Reply> {
  const address = readAddress(call.param('host'), call.param('port'));
  if (!address.ok) return refused(address.error);
  const answer = await door.service.resolve(address.value);
  if (!answer.ok) return declined(answer.refusal, instanceKey(address.value));
  return done(`Instance resolved: ${addressText(answer.value)}`, instanceKey(answer.value));
}

async function locate(call: Call, door: Door): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
  if (!found.ok) return refused(found.error);
  const answer = await door.service.locateGtids(found.value, door.views.errantGtids(found.value));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Errant GTIDs of ${addressText(found.value.address)} are in these binary logs`, answer.value);
}

/** The incumbent records where a replica stood in both logs whenever it moves one; moves here need no such record. */
function equivalent(call: Call, door: Door): Reply {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
  if (!found.ok) return refused(found.error);
  return done('Found 0 equivalent coordinates: none are recorded', null);
}
