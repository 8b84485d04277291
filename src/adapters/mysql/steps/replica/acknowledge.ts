/**
 * The replica's side of semi-synchronous replication: does it acknowledge what it receives? The switch takes effect when the
 * IO thread connects anew, so that one is restarted and the applier is not: with it running no relay log is lost.
 */
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS } from '../limits.js';
import { losesByRestart } from './relay-log.js';
import { isClosed, readReplicaOf, readServer } from '../reading/replica-state.js';
import { firstWord } from './replication.js';
import { semiSyncVariables, sourceSwitches } from '../primary/semi-sync.js';

export async function acknowledge(hold: Hold, on: boolean): Promise<StepFindings> {
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find(({ replica }) => variables.has(`${replica}_enabled`));
  if (names === undefined) {
    throw new StepFailed(
      'state',
      `${addressText(hold.address)}: the plugin of semi-sync replicas is not loaded`,
      false,
    );
  }
  const said = on ? await stopAsking(hold) : [];
  const enabled = variables.get(`${names.replica}_enabled`) === 'ON';
  const active = (await statusOf(hold, 'status')) === 'ON';
  // The status says ON before the source has answered, also of one that never will.
  const { io } = await readReplicaOf(hold, READ_MS);
  if (enabled === on && active === on && io === 'Yes')
    return { text: [...said, on ? 'it acknowledged already' : 'it did not'].join('; ') };
  if (enabled !== on) await hold.change(`SET GLOBAL ${names.replica}_enabled = ${on ? '1' : '0'}`, CHANGE_MS);
  said.push(await reconnect(hold));
  return { text: said.join('; ') };
}

/** A replica that asks for acknowledgements itself waits with its applier for what nobody sends. An open server is left alone. */
async function stopAsking(hold: Hold): Promise<string[]> {
  const switches = await sourceSwitches(hold);
  if (switches.length === 0) return [];
  if (!isClosed(await readServer(hold, READ_MS)))
    return ['it asks for acknowledgements itself and is not closed, which is left as it is'];
  for (const name of switches) await hold.change(`SET GLOBAL ${name} = 0`, CHANGE_MS);
  return ['it asks for acknowledgements no more'];
}

/** A plan names only replicas that replicate, so one whose IO thread is stopped was stopped by a leader that died here. */
async function reconnect(hold: Hold): Promise<string> {
  const before = await readReplicaOf(hold, READ_MS);
  if (losesByRestart(hold, before)) return 'its applier stands, so its IO thread is left until it connects anew';
  if (before.io !== 'No') await hold.change(stopReplica(hold.dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
  await hold.change(startReplica(hold.dialect, before.channel, 'IO_THREAD'), CHANGE_MS);
  const after = await firstWord(hold, FIRST_WORD_MS);
  if (after.io === 'Yes') return 'its IO thread was restarted';
  const error = `${after.io}: ${after.ioError || 'no error yet'}`;
  throw new StepFailed('state', `${addressText(hold.address)}: its IO thread does not connect again: ${error}`, true);
}

/** What a FLUSH of the engines' logs writes into the binary log goes the way of a commit: its acknowledgement is one for all before. */
export async function release(hold: Hold): Promise<StepFindings> {
  const waiting = await waitingCommits(hold);
  if (waiting === 0) return { text: 'nobody waits' };
  await hold.change('FLUSH ENGINE LOGS', CHANGE_MS);
  return { text: `${String(waiting)} sessions waited` };
}

/** How many commits of this server wait for an acknowledgement now. */
export async function waitingCommits(hold: Hold): Promise<number> {
  return Number((await statusOf(hold, 'wait_sessions')) ?? '0');
}

/** How many replicas acknowledge to this server now. */
export async function countAcknowledgers(hold: Hold): Promise<number> {
  return Number((await statusOf(hold, 'clients')) ?? '0');
}

/** Of the replica's side for `status`, of the source's for the others; null where the plugin is not loaded. */
async function statusOf(hold: Hold, what: 'status' | 'clients' | 'wait_sessions'): Promise<string | null> {
  const rows = await hold.read("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'", READ_MS);
  const status = new Map(rows.map((row) => [row['Variable_name'] ?? '', row['Value'] ?? '']));
  const sides = hold.dialect.semiSyncPrefixes.map(({ source, replica }) => (what === 'status' ? replica : source));
  for (const side of sides) {
    const value = status.get(`R${side.slice(1)}_${what}`);
    if (value !== undefined) return value;
  }
  return null;
}
