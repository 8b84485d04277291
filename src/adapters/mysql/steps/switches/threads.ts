/** Switches of replication threads: start, stop, stop when all is applied, forget the source. */
import type { StepFindings } from '../../../../core/recovery/step.js';
import type { SwitchAction } from '../../../../core/recovery/requests/switch-action.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { resetReplicaAll, startReplica, startUntil, startUntilGtids, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { awaitApplied } from '../replica/await-applied.js';
import { readFindings } from '../reading/findings.js';
import { CHANGE_MS, CONNECTED_MS, READ_MS, STOP_SQL_MS } from '../limits.js';
import { applierError, readReplicaOf, readReplicas, readServer, type ReplicaState } from '../reading/replica-state.js';
import {
  assertStartLosesNothing,
  hasUnapplied,
  losesByRestart,
  startApplier,
  stopFetching,
} from '../replica/relay-log.js';
import { semiSyncVariables } from '../primary/semi-sync.js';

/** The incumbent waits so long for both threads. */
const STARTED_MS = 1_000;
const PAUSE_MS = 20;

type Start = Extract<SwitchAction, { do: 'start' }>;

export async function startThreads(
  hold: Hold,
  { channel, until, acknowledges, refetches }: Start,
): Promise<StepFindings> {
  const channels = await chosen(hold, channel);
  if (acknowledges) await makeAcknowledge(hold);
  for (const state of channels) {
    if (!refetches) assertStartLosesNothing(hold, state, await readServer(hold, READ_MS));
    if (until !== '') await startToEnd(hold, state, until);
    else if (state.io === 'No' || !state.sql) {
      await hold.change(startReplica(hold.dialect, state.channel), CHANGE_MS);
    }
  }
  return { text: until === '' ? await runs(hold, channel) : `it applies until ${until}` };
}

/** It is told so only while its applier stands. Who only applies is told to fetch, too. */
async function startToEnd(hold: Hold, state: ReplicaState, until: string): Promise<void> {
  const { dialect } = hold;
  const place = /^(.+\.\d+):(\d+)$/.exec(until);
  if (dialect.flavor === 'MariaDB' && place === null && state.io !== 'No') await stopFetching(hold, state);
  if (state.sql) await hold.change(stopReplica(dialect, state.channel, 'SQL_THREAD'), STOP_SQL_MS);
  const statement =
    place === null
      ? startUntilGtids(dialect, state.channel, until)
      : startUntil(dialect, state.channel, { file: place[1] ?? '', position: Number(place[2]) });
  await hold.change(statement, CHANGE_MS);
  const [after] = await chosen(hold, state.channel);
  if (after?.io === 'No') await hold.change(startReplica(dialect, state.channel, 'IO_THREAD'), CHANGE_MS);
}

async function makeAcknowledge(hold: Hold): Promise<void> {
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find(({ replica }) => variables.has(`${replica}_enabled`));
  if (names === undefined || variables.get(`${names.replica}_enabled`) === 'ON') return;
  await hold.change(`SET GLOBAL ${names.replica}_enabled = 1`, CHANGE_MS);
}

async function runs(hold: Hold, channel: string | null): Promise<string> {
  const startedMs = monotonicNowMs();
  for (;;) {
    // Before the look: a process that stood still meanwhile looks once more.
    const lookedAtMs = monotonicNowMs();
    const channels = await chosen(hold, channel);
    const failed = channels.find(({ io, sql }) => io !== 'Yes' || !sql);
    if (failed === undefined) return 'it replicates';
    const limitMs = isConnecting(failed) ? CONNECTED_MS : STARTED_MS;
    if (lookedAtMs - startedMs >= limitMs || applierError(failed) !== null) throw notRunning(hold, failed);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** For the first time, and nothing has gone wrong yet. */
function isConnecting({ io, ioErrno, sql }: ReplicaState): boolean {
  return io === 'Connecting' && ioErrno === 0 && sql;
}

function notRunning(hold: Hold, state: ReplicaState): StepFailed {
  const { io, ioErrno, ioError, host, port } = state;
  const own = applierError(state);
  const said = ioErrno === 0 ? '' : `, error ${String(ioErrno)}: ${ioError}`;
  const why = own === null ? `its IO thread says ${io}${said}` : `its applier has stopped: ${own}`;
  const next =
    own === null ? `see to ${host}:${String(port)}` : 'mend that, or skip it: orchestrator-client -c skip-query';
  const text = `Replication not running on ${addressText(hold.address)}: it was started, and ${why} (${next})`;
  return new StepFailed('state', text, false);
}

/** Beside each other where there are several. `drainMs`: not before they have applied what they could not be given again. */
export async function stopThreads(hold: Hold, channel: string | null, drainMs?: number): Promise<StepFindings> {
  const running = (await chosen(hold, channel)).filter(({ io, sql }) => io !== 'No' || sql);
  for (const { channel: name, byGtid } of running) {
    if (drainMs !== undefined && byGtid && hold.dialect.flavor === 'MariaDB')
      await drain(hold.about({ channel: name }), drainMs);
    else await hold.change(stopReplica(hold.dialect, name), STOP_SQL_MS);
  }
  const again = (await chosen(hold, channel)).find(({ io, sql }) => io !== 'No' || sql);
  if (again !== undefined) {
    throw new StepFailed('state', `${addressText(hold.address)}: replication was stopped and runs again`, true);
  }
  return { text: running.length === 0 ? 'it was stopped already' : 'it is stopped' };
}

/** What cannot be applied in time is not: then it goes on as it did. */
export async function drain(hold: Hold, limitMs: number): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  await stopFetching(hold, before);
  const stopped = await readReplicaOf(hold, READ_MS);
  try {
    if (hasUnapplied(stopped, await readServer(hold, READ_MS))) {
      await startApplier(hold, stopped, await readServer(hold, READ_MS));
      await awaitApplied(hold, stopped.received, limitMs);
    }
  } catch (error) {
    if (error instanceof StepFailed) await asBefore(hold, before);
    throw error;
  }
  await hold.change(stopReplica(hold.dialect, stopped.channel), STOP_SQL_MS);
  return { ...(await readFindings(hold)), text: 'it has applied all that it received, and is stopped' };
}

async function asBefore(hold: Hold, before: ReplicaState): Promise<void> {
  const now = await readReplicaOf(hold, READ_MS);
  if (before.io !== 'No' && now.io === 'No' && !losesByRestart(hold, now)) {
    await hold.change(startReplica(hold.dialect, before.channel, 'IO_THREAD'), CHANGE_MS);
  }
  if (!before.sql && now.sql) await hold.change(stopReplica(hold.dialect, before.channel, 'SQL_THREAD'), STOP_SQL_MS);
}

/** What was received and not applied would go with it (invariant 11). `remember`: while the account can still be read. */
export async function forgetSource(
  hold: Hold,
  { channel, limitMs }: { readonly channel: string | null; readonly limitMs: number },
  remember: () => Promise<void>,
): Promise<StepFindings> {
  const channels = await chosen(hold, channel, true);
  if (channels.length === 0) return { text: 'it had no source any more' };
  await remember();
  await drainAll(hold, channels, limitMs);
  for (const { channel: name } of channels) await hold.change(resetReplicaAll(hold.dialect, name), CHANGE_MS);
  return { text: `it followed ${channels.map(({ host, port }) => `${host}:${String(port)}`).join(' and ')}` };
}

/** None is forgotten before all are applied; where one cannot be, those before it go on as they did. */
async function drainAll(hold: Hold, channels: readonly ReplicaState[], limitMs: number): Promise<void> {
  const drained: ReplicaState[] = [];
  try {
    for (const one of channels) {
      await drain(hold.about({ channel: one.channel }), limitMs);
      drained.push(one);
    }
  } catch (error) {
    if (error instanceof StepFailed) for (const one of drained) await startAsBefore(hold, one);
    throw error;
  }
}

async function startAsBefore(hold: Hold, { channel, io, sql }: ReplicaState): Promise<void> {
  const threads = [...(sql ? (['SQL_THREAD'] as const) : []), ...(io === 'No' ? [] : (['IO_THREAD'] as const))];
  for (const thread of threads) await hold.change(startReplica(hold.dialect, channel, thread), CHANGE_MS);
}

/** Null: all of them. */
async function chosen(hold: Hold, channel: string | null, maybeNone = false): Promise<readonly ReplicaState[]> {
  const all = await readReplicas(hold, READ_MS);
  const found = channel === null ? all : all.filter((one) => one.channel === channel);
  if (found.length > 0 || maybeNone) return found;
  const what = channel === null || channel === '' ? 'is no replica' : `has no channel "${channel}"`;
  throw new StepFailed('state', `${addressText(hold.address)} ${what}`, false);
}
