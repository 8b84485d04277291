/** Making servers known and forgetting them. The address is taken as it was given: an unknown one cannot be guessed. */
import { addressText } from '../../../core/topology/address.js';
import { readAddress, resolveCluster } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { declined, done, doneBytes, type Reply, refused } from '../reply.js';
import { askedBy, type Call, type Door, type Route, write } from '../route.js';

export const DISCOVERY_ROUTES: readonly Route[] = [
  write('/api/discover/:host/:port', discover),
  write('/api/async-discover/:host/:port', discoverLater),
  write('/api/refresh/:host/:port', refresh),
  write('/api/forget/:host/:port', forget),
  write('/api/forget-cluster/:hint', forgetCluster),
];

async function discover(call: Call, door: Door): Promise<Reply> {
  const address = readAddress(call.param('host'), call.param('port'));
  if (!address.ok) return refused(address.error);
  const answer = await door.service.discover(address.value, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  const message = `Instance discovered: ${addressText(answer.value.address)}`;
  // The placement is the index's, and the index knows what the ledger knows: by the answer, this server too.
  const known = door.service.state.servers.get(answer.value.id);
  return known === undefined
    ? done(message, { Key: instanceKey(answer.value.address) })
    : doneBytes(message, door.views.instance(known));
}

function discoverLater(call: Call, door: Door): Reply {
  const address = readAddress(call.param('host'), call.param('port'));
  if (!address.ok) return refused(address.error);
  const name = addressText(address.value);
  const started = door.inBackground(`discovery of ${name}`, async () => {
    const answer = await door.service.discover(address.value, askedBy(call, door));
    if (!answer.ok) throw new Error(answer.refusal.message);
  });
  return started
    ? done(`Asynchronous discovery initiated for Instance: ${name}`, null)
    : refused(`Too many discoveries are under way; try ${name} again in a moment`);
}

async function refresh(call: Call, door: Door): Promise<Reply> {
  const address = readAddress(call.param('host'), call.param('port'));
  if (!address.ok) return refused(address.error);
  const answer = await door.service.discover(address.value, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Instance refreshed: ${addressText(answer.value.address)}`, instanceKey(answer.value.address));
}

async function forget(call: Call, door: Door): Promise<Reply> {
  const address = readAddress(call.param('host'), call.param('port'));
  if (!address.ok) return refused(address.error);
  const answer = await door.service.forget(address.value, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Instance forgotten: ${addressText(answer.value)}`, instanceKey(answer.value));
}

async function forgetCluster(call: Call, door: Door): Promise<Reply> {
  const port = door.service.settings.defaultInstancePort;
  const found = resolveCluster(door.views.index(), call.param('hint'), port, 'changing');
  if (!found.ok) return refused(found.error);
  const answer = await door.service.forgetCluster(found.value.cluster.id, askedBy(call, door));
  if (!answer.ok) return declined(answer.refusal);
  return done(`Cluster forgotten: ${found.value.name}`, null);
}
