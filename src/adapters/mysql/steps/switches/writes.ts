/** Closing and opening as an operator asks for it, and the source's side of semi-sync. */
import type { StepFindings } from '../../../../core/recovery/step.js';
import type { AskTerms } from '../../../../core/recovery/requests/switch-action.js';
import { addressText } from '../../../../core/topology/address.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { waitingCommits } from '../replica/acknowledge.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { open } from '../primary/primary.js';
import { isClosed, readServer } from '../reading/replica-state.js';
import { semiSyncVariables, sourceSwitches, stopAskingForAcknowledgements } from '../primary/semi-sync.js';

/** A table that a client has locked holds it up for so long, and everybody who writes with it. */
const LOCK_WAIT_SECONDS = 5;

export async function closeServer(hold: Hold, superToo: boolean, stopsAsking: boolean): Promise<StepFindings> {
  const before = await readServer(hold, READ_MS);
  await hold.read(`SET SESSION lock_wait_timeout = ${String(LOCK_WAIT_SECONDS)}`, READ_MS);
  const closesAll = superToo && hold.dialect.hasSuperReadOnly;
  const limitMs = LOCK_WAIT_SECONDS * 1000 + CHANGE_MS;
  if (!before.readOnly) await hold.change('SET GLOBAL read_only = 1', limitMs);
  if (closesAll && !before.superReadOnly) await hold.change('SET GLOBAL super_read_only = 1', limitMs);
  const after = await readServer(hold, READ_MS);
  if (!after.readOnly || (closesAll && !after.superReadOnly)) {
    throw new StepFailed('state', `${addressText(hold.address)}: it was closed and reads back as open`, true);
  }
  if (stopsAsking && isClosed(after)) await stopAskingForAcknowledgements(hold);
  return { readOnly: true, text: before.readOnly ? 'it was read-only already' : 'it is read-only' };
}

export async function openServer(hold: Hold, asks: AskTerms | null): Promise<StepFindings> {
  return await open(hold, asks);
}

export async function shut(hold: Hold, on: boolean): Promise<StepFindings> {
  const { superReadOnly, readOnly } = await readServer(hold, READ_MS);
  if (superReadOnly === null || superReadOnly === on) return {};
  if (!readOnly) throw new StepFailed('state', `${addressText(hold.address)} takes writes`, false);
  await hold.read(`SET SESSION lock_wait_timeout = ${String(LOCK_WAIT_SECONDS)}`, READ_MS);
  await hold.change(`SET GLOBAL super_read_only = ${on ? '1' : '0'}`, LOCK_WAIT_SECONDS * 1000 + CHANGE_MS);
  return {};
}

/** Switched off, commits that wait are acknowledged at once, though nobody has them (invariant 13). */
export async function ask(hold: Hold, on: boolean, forced: boolean): Promise<StepFindings> {
  const name = addressText(hold.address);
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find(({ source }) => variables.has(`${source}_enabled`));
  if (names === undefined)
    throw new StepFailed('state', `${name}: the plugin of semi-sync sources is not loaded`, false);
  const is = (await sourceSwitches(hold)).length > 0;
  if (is === on) return { text: on ? 'semi-sync was on' : 'semi-sync was off' };
  const waiting = on ? 0 : await waitingCommits(hold);
  if (waiting > 0 && !forced) {
    const text = `${String(waiting)} commits wait for an acknowledgement and would be acknowledged though nobody has them`;
    throw new StepFailed(
      'state',
      `${name}: ${text}: bring a replica back, or ask with --force (force=true over HTTP)`,
      false,
    );
  }
  await hold.change(`SET GLOBAL ${names.source}_enabled = ${on ? '1' : '0'}`, CHANGE_MS);
  return { text: on ? 'semi-sync is on' : 'semi-sync is off' };
}
