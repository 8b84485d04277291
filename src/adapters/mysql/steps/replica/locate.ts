/**
 * Where a replica without GTID would go on in the log of another server: behind the last transactions of its own log, found
 * there once and only once. Nothing is changed.
 */
import type { Step, StepFindings } from '../../../../core/recovery/step.js';
import { type Address, addressText } from '../../../../core/topology/address.js';
import { binlogPositionText } from '../../../../core/topology/binlog-position.js';
import type { BinlogPosition } from '../../../../core/topology/vitals.js';
import { readEvents, type Stretch } from '../../binary-log/binlog-dump.js';
import { groupsOf, type LoggedGroup } from '../../binary-log/binlog-groups.js';
import type { Connector } from '../../connection/connect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS, SEARCH_MS } from '../limits.js';
import { readOwnEnd } from '../reading/replica-state.js';

/** How many transactions have to follow each other in both logs, where the replica has that many. */
const GROUPS_WANTED = 5;

/** Where no earlier place is known, a log that is longer than this is not searched from its beginning. */
const WHOLE_LOG_BYTES = 16 * 1024 * 1024;
const LOG_BEGIN = 4;

export async function locate(
  hold: Hold,
  { seen, until }: Extract<Step, { kind: 'locate' }>,
  source: Address,
  connector: Connector,
): Promise<StepFindings> {
  const end = await readOwnEnd(hold, READ_MS);
  if (end === null) throw new StepFailed('state', `${addressText(hold.address)} writes no binary log`, false);
  const own = await groupsIn(connector, hold.address, seen.server, end);
  const theirs = await groupsIn(connector, source, seen.source, until);
  const wanted = own.slice(-GROUPS_WANTED);
  const places = matches(wanted, theirs);
  const [place] = places;
  if (place === undefined || places.length > 1) {
    const count = places.length === 0 ? 'not found' : `found ${String(places.length)} times`;
    const text = `the last ${String(wanted.length)} transactions of ${addressText(hold.address)} are ${count}`;
    throw new StepFailed('state', `${text} in the log of ${addressText(source)}`, false);
  }
  return { place, text: `it goes on at ${binlogPositionText(place)}, found by ${String(wanted.length)} transactions` };
}

async function groupsIn(
  connector: Connector,
  address: Address,
  seen: BinlogPosition | null,
  until: BinlogPosition,
): Promise<readonly LoggedGroup[]> {
  const stretch = stretchOf(seen, until);
  if (stretch === null) {
    const text = `no place in its binary log is known that is near enough to ${binlogPositionText(until)}`;
    throw new StepFailed('state', `${addressText(address)}: ${text}`, false);
  }
  return groupsOf(await readEvents(connector, address, stretch, SEARCH_MS));
}

/**
 * A short log is read as a whole: the place that was seen last may have been its end already, be it that of an earlier file
 * which a restart has ended.
 */
function stretchOf(seen: BinlogPosition | null, until: BinlogPosition): Stretch | null {
  const earlier = seen === null || seen.file === until.file ? null : seen;
  const file = earlier?.file ?? until.file;
  if ((earlier?.position ?? 0) + until.position <= WHOLE_LOG_BYTES) {
    return { from: { file, position: LOG_BEGIN }, until };
  }
  return seen === null ? null : { from: seen, until };
}

/** The places behind each run of these transactions. */
function matches(wanted: readonly LoggedGroup[], groups: readonly LoggedGroup[]): readonly BinlogPosition[] {
  if (wanted.length === 0) return [];
  return groups.flatMap((last, at) => {
    const run = groups.slice(Math.max(0, at - wanted.length + 1), at + 1);
    const same =
      run.length === wanted.length && run.every(({ identity }, place) => identity === wanted[place]?.identity);
    return same ? [last.end] : [];
  });
}
