/**
 * Points a replica at another source and keeps all else: its account, TLS, delays, and above all its relay log. Where host
 * and port may change while the applier runs (MySQL 5.7 and later, with GTID) nothing that was received is lost; elsewhere
 * a CHANGE empties the relay log, so all of it is applied before (SAFETY.md, "Relay logs").
 *
 * With GTID the replica says itself what it lacks. Without, it is told where to begin, and that is right for a replica at
 * one place in its history alone, which is looked at again before anything is changed.
 */
import { isNone, logOf, minus, onlyPlace } from '../../../../core/recovery/progress/gtids.js';
import type { Beginning, Resting, StepFindings } from '../../../../core/recovery/step.js';
import { type Address, addressText, sameAddress } from '../../../../core/topology/address.js';
import { logMarkText } from '../../../../core/topology/log-marks.js';
import type { ServerId } from '../../../../core/topology/server.js';
import { serverNumberIn } from '../../../../core/topology/stand-in-id.js';
import { changeSource, type SourceChange, startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { executedBy } from '../reading/findings.js';
import { CHANGE_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS, STOP_SQL_MS } from '../limits.js';
import { drain, keepApplying } from './drain.js';
import { mayHoldHalf } from '../reading/half-transaction.js';
import { heartbeatOf } from './heartbeat.js';
import { endSince } from '../reading/own-log.js';
import {
  assertStartLosesNothing,
  hasUnapplied,
  losesByRestart,
  losesByStart,
  startApplier,
  stopFetching,
} from './relay-log.js';
import {
  applierError,
  readReplica,
  readReplicaOf,
  type ReplicaState,
  readServer,
  type ServerState,
} from '../reading/replica-state.js';
import { firstWord } from './replication.js';
import { stopAskingForAcknowledgements } from '../primary/semi-sync.js';
import { stopApplier } from './stop-applier.js';
import { unlock } from '../primary/write-lock.js';

/** How a server that has no source yet is to log in to one. Rejects with StepFailed when nobody knows. */
export type AccountFor = (hold: Hold) => Promise<Omit<SourceChange, 'address' | 'gtid' | 'coordinates'>>;

export interface Destination {
  readonly source: Address;
  /** Who is meant to answer there. */
  readonly sourceId: ServerId;
  readonly start: boolean;
  /** Without GTID, where it begins there; null where it follows by GTID or stays where it was. */
  readonly begin: Beginning | null;
  /** It has this source already: whatever it follows by, it goes on by that. */
  readonly asItFollows: boolean;
  readonly rests: Resting | null;
}

export async function repoint(hold: Hold, to: Destination, accountFor: AccountFor): Promise<StepFindings> {
  const { start } = to;
  const before = await readReplica(hold, READ_MS);
  const said: string[] = [];
  if (before === null) {
    await stopAskingForAcknowledgements(hold);
    await beginToFollow(hold, to, accountFor);
    said.push('it had no source');
  } else {
    const server = await readServer(hold, READ_MS);
    const isThere = leadsTo(before, to, server);
    if (!isThere) await move(hold, { replica: before, server }, to);
    said.push(isThere ? 'it was pointed there already' : `it followed ${before.host}:${String(before.port)}`);
  }
  // What kept its clients out while it was closed would keep its applier out too.
  await unlock(hold);
  said.push(start ? await startThreads(hold, to.source, to, to.rests) : await leaveStopped(hold));
  return { text: said.join('; ') };
}

/** One that could follow by GTID and does not is pointed anew, unless it is to follow by place or as it does. */
function leadsTo(state: ReplicaState, { source, begin, asItFollows }: Destination, { hasGtids }: ServerState): boolean {
  if (state.host !== source.host || state.port !== source.port) return false;
  return state.byGtid || !hasGtids || begin !== null || asItFollows;
}

/** A server that followed nobody: it was a primary, or it is new. */
async function beginToFollow(hold: Hold, { source, begin }: Destination, accountFor: AccountFor): Promise<void> {
  const server = await readServer(hold, READ_MS);
  const account = await accountFor(hold);
  const where =
    server.hasGtids && begin === null
      ? { gtid: true }
      : { coordinates: placeFor(hold, await endOf(hold, server, begin), begin) };
  // Both of what follows write to tables of the server.
  await unlock(hold);
  // It begins behind what it wrote itself, which MariaDB does not count as applied.
  if (hold.dialect.gtid === 'mariadb') {
    await hold.change('SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_current_pos', CHANGE_MS);
  }
  await hold.change(
    changeSource(hold.dialect, { address: source, ...where, ...account }, hold.channel ?? ''),
    CHANGE_MS,
  );
}

/** Its own log is what it has; a restart since then has not moved its end. */
async function endOf(hold: Hold, server: ServerState, begin: Beginning | null): Promise<string> {
  const end = await executedBy(hold, server, null);
  return begin === null || begin.after === '' ? end : await endSince(hold, end, begin.after);
}

interface Seen {
  readonly replica: ReplicaState;
  readonly server: ServerState;
}

async function move(hold: Hold, seen: Seen, to: Destination): Promise<void> {
  const { dialect } = hold;
  const { source } = to;
  const before = seen.replica;
  // The source cannot be changed while the IO thread runs (error 3021).
  const { replica: stopped, server } = before.io === 'No' ? seen : await stop(hold, before);
  if (to.rests === 'sql') await assertNothingHeldBack(hold, stopped, server, before.io !== 'No');
  const change = { address: source, ...(await heartbeatOf(hold, before)) };
  if (before.byGtid && dialect.changesSourceWhileApplying) {
    if (hasUnapplied(stopped, server)) await keepApplying(hold, stopped, server);
    await hold.change(changeSource(dialect, change, before.channel), CHANGE_MS);
    return;
  }
  const where = await settle(hold, stopped, server, to).catch(async (error: unknown) => {
    // One that is not pointed elsewhere goes on where it was.
    if (error instanceof StepFailed && before.io !== 'No') await fetchAgain(hold);
    throw error;
  });
  if (mayHoldHalf(hold, stopped, server)) await stopApplier(hold, before.channel);
  else await hold.change(stopReplica(dialect, before.channel), STOP_SQL_MS);
  await hold.change(changeSource(dialect, { ...change, ...where }, before.channel), CHANGE_MS);
}

async function stop(hold: Hold, before: ReplicaState): Promise<Seen> {
  await stopFetching(hold, before);
  const replica = await readReplicaOf(hold, READ_MS);
  return { replica, server: await readServer(hold, READ_MS) };
}

/** Nothing is left to apply, and where it goes on is known. */
async function settle(
  hold: Hold,
  stopped: ReplicaState,
  server: ServerState,
  { sourceId, begin, asItFollows }: Pick<Destination, 'sourceId' | 'begin' | 'asItFollows'>,
): Promise<Pick<SourceChange, 'gtid' | 'coordinates'>> {
  const drained = await drain(hold, stopped, server);
  // Whoever follows by GTID goes on as it does: MariaDB's current_pos would become slave_pos.
  if (begin === null && server.hasGtids && (stopped.byGtid || !asItFollows)) {
    return stopped.byGtid && hold.dialect.gtid === 'mariadb' ? {} : { gtid: true };
  }
  // The same server by another name: its log goes on where it was.
  const now = begin === null ? onlyPlace(drained.appliedTo) : null;
  const same = now !== null && logMarkText(now, logOf(sourceId)) === drained.appliedTo ? now : null;
  return { coordinates: same ?? placeFor(hold, placeNow(drained, begin), begin) };
}

/**
 * One that was pointed elsewhere and has not reached anybody there does not know whose log it is in: the file and position
 * are those that it was told.
 */
function placeNow({ appliedTo, sourceUuid }: ReplicaState, begin: Beginning | null): string {
  const [now, told] = [onlyPlace(appliedTo), onlyPlace(begin?.after ?? '')];
  const isTold = now !== null && now.file === told?.file && now.position === told.position;
  return sourceUuid === '' && isTold && begin !== null ? begin.after : appliedTo;
}

/** A change of its source would throw away, or apply, what somebody keeps from being applied. */
async function assertNothingHeldBack(
  hold: Hold,
  replica: ReplicaState,
  server: ServerState,
  fetched: boolean,
): Promise<void> {
  if (replica.sql || !hasUnapplied(replica, server)) return;
  if (fetched) await fetchAgain(hold);
  const text = 'its applier was stopped by somebody and has yet to apply what it received: start that first';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

async function fetchAgain(hold: Hold): Promise<void> {
  const replica = await readReplicaOf(hold, READ_MS);
  if (losesByRestart(hold, replica)) return;
  await hold.change(startReplica(hold.dialect, replica.channel, 'IO_THREAD'), CHANGE_MS);
}

/** The place is right for whoever is exactly where the step says; one that is before or beyond would lose or repeat. */
function placeFor(hold: Hold, executed: string, begin: Beginning | null): Beginning['at'] {
  const server = addressText(hold.address);
  if (begin === null) {
    const text = `${server} does not follow by GTID, and where it would begin is not known`;
    throw new StepFailed('state', `${text}: ask again, from where it follows now`, false);
  }
  if (begin.after === '') return begin.at;
  if (isNone(minus(executed, begin.after)) && isNone(minus(begin.after, executed))) return begin.at;
  const text = `${server} stands at ${executed || 'an unknown place'} and not at ${begin.after}`;
  throw new StepFailed('state', `${text}: where it would have to begin is not known`, false);
}

/** Connection errors pass by themselves: a source that is down for a moment, or full. */
const PASSING = new Set([0, 1040, 1053, 1129, 1203, 2002, 2003, 2005, 2006, 2013]);

/**
 * Whoever answers at the source's address may be another server by now, or the replica has chosen its source itself; then
 * nothing more is fetched from there.
 */
async function assertReached(hold: Hold, state: ReplicaState, { source, sourceId }: Destination): Promise<void> {
  const { sourceUuid, channel, host, port } = state;
  if (sourceUuid === '' || sourceUuid === sourceId.toLowerCase()) return;
  await hold.change(stopReplica(hold.dialect, channel, 'IO_THREAD'), STOP_IO_MS);
  const text = sameAddress({ host, port }, source)
    ? `${addressText(source)} answers it as ${sourceUuid}, which is not ${sourceId}`
    : `it was pointed at ${addressText(source)} and went to ${addressText({ host, port })} (SOURCE_CONNECTION_AUTO_FAILOVER ` +
      'of it chooses among sources of its own: set it to 0)';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}: its IO thread was stopped`, false);
}

/** `to`: who has to answer there; null where it goes on with whomever it follows. */
async function startThreads(
  hold: Hold,
  source: Address,
  to: Destination | null,
  rests: Resting | null,
): Promise<string> {
  switch (rests) {
    case 'io':
      return await startApplying(hold);
    case 'sql':
      await startFetching(hold);
      return `${await listen(hold, source, to)}, and its applier is left stopped`;
    case null:
      return await startAndListen(hold, source, to);
  }
}

async function startApplying(hold: Hold): Promise<string> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io !== 'No') await hold.change(stopReplica(hold.dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
  await startApplier(hold, before, await readServer(hold, READ_MS));
  return 'it applies what it has, and its IO thread is left stopped';
}

/** In this order: MariaDB throws relay log away when it begins to fetch while its applier stands. */
async function startFetching(hold: Hold): Promise<void> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io === 'No') {
    assertStartLosesNothing(hold, before, await readServer(hold, READ_MS));
    await hold.change(startReplica(hold.dialect, before.channel, 'IO_THREAD'), CHANGE_MS);
  }
  if (before.sql) await stopApplier(hold, before.channel, 'SQL_THREAD');
}

async function startAndListen(hold: Hold, source: Address, to: Destination | null): Promise<string> {
  const before = await readReplicaOf(hold, READ_MS);
  // A place to stop at is forgotten when the applier stops, and not before.
  if (before.sql && before.stopsSomewhere) {
    await hold.change(stopReplica(hold.dialect, before.channel, 'SQL_THREAD'), STOP_SQL_MS);
  }
  const running = before.io !== 'No' && before.sql && !before.stopsSomewhere;
  if (!running) {
    if (losesByStart(hold, before)) assertStartLosesNothing(hold, before, await readServer(hold, READ_MS));
    await hold.change(startReplica(hold.dialect, before.channel), CHANGE_MS);
  }
  return await listen(hold, source, to);
}

/** What comes of it that its IO thread was started. */
async function listen(hold: Hold, source: Address, to: Destination | null): Promise<string> {
  // Whoever knows no uuids, or has a source without one, is not asked for what it will never say.
  const named = to !== null && serverNumberIn(to.sourceId) === null && hold.dialect.flavor !== 'MariaDB';
  const after = await firstWord(hold, FIRST_WORD_MS, named);
  const error = applierError(after);
  if (error !== null)
    throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped: ${error}`, false);
  if (after.io === 'Yes') {
    if (to !== null) await assertReached(hold, after, to);
    return 'it replicates';
  }
  const said = `error ${String(after.ioErrno)}: ${after.ioError}`;
  if (after.io === 'Connecting' && PASSING.has(after.ioErrno)) {
    return after.ioErrno === 0 ? 'it is connecting' : `it will connect when ${addressText(source)} answers (${said})`;
  }
  throw new StepFailed(
    'state',
    `${addressText(hold.address)}: it cannot replicate from ${addressText(source)}: ${said}`,
    false,
  );
}

/** Where it leads to is left as it is. */
export async function startReplication(hold: Hold, rests: Resting | null = null): Promise<StepFindings> {
  const replica = await readReplica(hold, READ_MS);
  if (replica === null) return { text: 'it follows nobody' };
  return { text: await startThreads(hold, replica, null, rests) };
}

async function leaveStopped(hold: Hold): Promise<string> {
  const state = await readReplicaOf(hold, READ_MS);
  if (state.io !== 'No' || state.sql) await stopApplier(hold, state.channel);
  return 'its replication is left stopped';
}
