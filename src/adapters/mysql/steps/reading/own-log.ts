/**
 * Where the own history of a server without GTID ends, for one that was a primary and was restarted since: it has begun a
 * new log, so the end of that is not the place that its replicas knew. What counts is whether a transaction follows.
 */
import { isNone, minus, unionOf } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { logMarkText, parseLogMarks } from '../../../../core/topology/log-marks.js';
import type { BinlogPosition } from '../../../../core/topology/vitals.js';
import { quoted } from '../../dialect.js';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS } from '../limits.js';
import { readOwnLog, readReplica } from './replica-state.js';

/** What a server writes into its log by itself. */
const OWN_EVENTS = new Set([
  'Format_desc',
  'Previous_gtids',
  'Gtid_list',
  'Binlog_checkpoint',
  'Start_encryption',
  'Rotate',
  'Stop',
]);

/**
 * A log that holds no transaction has fewer events than 8. One of two co-primaries may have gone on following the other, whose
 * events are in its log and not its own; where there are more of them than this it is not looked through.
 */
const QUIET_EVENTS_MAX = 2000;

/** A server that was restarted more often since is not looked through. */
const LOGS_MAX = 50;

/** `since` where nothing was written after that place in this server's own log; else `end`, its end, as it was given. */
export async function endSince(hold: Hold, end: string, since: string): Promise<string> {
  const place = placeIn(since);
  if (place === null || isNone(minus(end, since))) return end;
  return (await whatFollows(hold, place)) === 'nothing' ? since : end;
}

type Followed = 'nothing' | 'own' | 'unknown';

/**
 * What a fenced server has executed: `since` where it wrote nothing after that place in its own log, else up to the end of
 * that, too, whatever it has fetched from elsewhere.
 */
export async function executedSince(
  hold: Hold,
  { executedGtids: executed = '', ownEnd }: StepFindings,
  since: string,
): Promise<string> {
  const place = placeIn(since);
  if (place === null || isNone(minus(executed, since))) return executed;
  const followed = await whatFollows(hold, place);
  if (followed === 'nothing') return since;
  if (followed === 'unknown' || ownEnd === undefined) return executed;
  return unionOf(executed, logMarkText(ownEnd, await readOwnLog(hold, READ_MS)));
}

async function whatFollows(hold: Hold, place: BinlogPosition): Promise<Followed> {
  try {
    return await eventsAfter(hold, place);
  } catch (error) {
    // A place that is none, or a right that is missing: what cannot be shown to be the same is taken for different.
    if (error instanceof StepFailed && error.code === 'statement') return 'unknown';
    throw error;
  }
}

function placeIn(text: string): BinlogPosition | null {
  const marks = parseLogMarks(text);
  const [mark] = marks.ok ? [...marks.value.values()] : [];
  return mark?.until ?? null;
}

async function eventsAfter(hold: Hold, place: BinlogPosition): Promise<Followed> {
  const { own } = await hold.readRow('SELECT @@GLOBAL.server_id AS own', READ_MS);
  const follows = (await readReplica(hold, READ_MS)) !== null;
  const logs = await hold.read('SHOW BINARY LOGS', READ_MS);
  const first = logs.findIndex((row) => row['Log_name'] === place.file);
  const sizeOf = (row: TextRow | undefined): number => Number(row?.['File_size'] ?? '0');
  if (first < 0 || logs.length - first > LOGS_MAX || sizeOf(logs[first]) < place.position) return 'unknown';
  for (const [at, row] of logs.slice(first).entries()) {
    if (at === 0 && sizeOf(row) === place.position) continue;
    const from = at === 0 ? ` FROM ${String(place.position)}` : '';
    const limit = ` LIMIT ${String(QUIET_EVENTS_MAX)}`;
    const events = await hold.read(`SHOW BINLOG EVENTS IN ${quoted(row['Log_name'] ?? '')}${from}${limit}`, READ_MS);
    const isFetched = (event: TextRow): boolean => follows && event['Server_id'] !== own;
    const isQuiet = events.every((event) => OWN_EVENTS.has(event['Event_type'] ?? '') || isFetched(event));
    if (!isQuiet) return 'own';
    if (events.length >= QUIET_EVENTS_MAX) return 'unknown';
  }
  return 'nothing';
}
