/** In which binary logs of a server do these transactions stand? Asked of the server itself, when somebody wants to know. */
import { locateErrant } from '../../core/topology/errant-logs.js';
import { addressText } from '../../core/topology/address.js';
import { formatGtidSet, type GtidSet, isEmptyGtidSet, parseGtidSet } from '../../core/topology/gtid-set.js';
import type { Server } from '../../core/topology/server.js';
import type { BinaryLogReader } from '../ports/binary-logs.js';
import type { Answer } from '../ports/service.js';

/** Names of files, the oldest first. */
export async function locateGtids(
  server: Server,
  gtids: string,
  reader: BinaryLogReader,
): Promise<Answer<readonly string[]>> {
  const name = addressText(server.address);
  const wanted = parseGtidSet(gtids);
  if (!wanted.ok || isEmptyGtidSet(wanted.value)) return refuse('NO_ERRANT_GTID', `${name} has no errant GTIDs`);
  const { logs, executedGtids } = await reader.read(server.address);
  const beginnings = logs.map(({ file, previousGtids }) => ({ file, previous: readSet(previousGtids) }));
  const { files, purged } = locateErrant(wanted.value, beginnings, readSet(executedGtids));
  if (files.length > 0) return { ok: true, value: files };
  return refuse('ERRANT_GTID_PURGED', `${formatGtidSet(purged)} is in no binary log of ${name} any more`);
}

function readSet(text: string): GtidSet {
  const set = parseGtidSet(text);
  if (!set.ok) throw new Error(`a server gave a GTID set that cannot be read: ${set.error}`);
  return set.value;
}

function refuse(
  code: string,
  message: string,
): { readonly ok: false; readonly refusal: { code: string; message: string } } {
  return { ok: false, refusal: { code, message } };
}
