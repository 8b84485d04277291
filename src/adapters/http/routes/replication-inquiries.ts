/** Questions about one replica's replication that change nothing: how to wrap a statement, and when it has come somewhere. */
import { restartStatements } from '../../../core/recovery/requests/restart-statements.js';
import { addressText } from '../../../core/topology/address.js';
import type { BinlogPosition } from '../../../core/topology/vitals.js';
import { resolveServer } from '../hints.js';
import { instanceKey } from '../legacy/values.js';
import { declined, done, type Reply, refused } from '../reply.js';
import { aboutNode, type Call, type Door, read, type Route } from '../route.js';

export const REPLICATION_INQUIRY_ROUTES: readonly Route[] = [
  // Reads, and yet the incumbent wants the right to write for them: whoever asks is about to stop a replica.
  { ...read('/api/restart-replica-statements/:host/:port', statements), role: 'operator' },
  { ...read('/api/restart-slave-statements/:host/:port', statements), role: 'operator' },
  aboutNode('/api/v1/master-pos-wait/:host/:port/:position', awaitPosition),
];

function statements(call: Call, door: Door): Reply {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'changing');
  if (!found.ok) return refused(found.error);
  const { address, facts } = found.value;
  if (facts.channels.length === 0) return refused(`instance is not a replica: ${addressText(address)}`);
  return done(`statements for: ${addressText(address)}`, restartStatements(facts, call.query('q')));
}

const SECONDS_DEFAULT = 10;
const SECONDS_MAX = 120;

/** `file:position` of its source. */
async function awaitPosition(call: Call, door: Door): Promise<Reply> {
  const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
  if (!found.ok) return refused(found.error);
  const text = call.param('position');
  const place = placeIn(text);
  if (place === null) return refused(`"${text}" is no place in a binary log: write file:position`);
  const seconds = call.hasQuery('seconds') ? Number(call.query('seconds')) : SECONDS_DEFAULT;
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    return refused(`"${call.query('seconds')}" is no time to wait: write seconds, ${String(SECONDS_MAX)} at most`);
  }
  const answer = await door.service.awaitPosition(found.value, place, seconds * 1000);
  if (!answer.ok) return declined(answer.refusal);
  const name = addressText(found.value.address);
  const key = instanceKey(found.value.address);
  if (answer.value) return done(`${name} has reached ${text}`, key);
  return refused(`${name} has not reached ${text} within ${String(seconds)} s`, key);
}

function placeIn(text: string): BinlogPosition | null {
  const match = /^(.+\.\d+):(\d{1,15})$/.exec(text);
  return match === null ? null : { file: match[1] ?? '', position: Number(match[2]) };
}
