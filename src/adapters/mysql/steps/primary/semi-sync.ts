/**
 * The source's side of semi-synchronous replication, switched with the role. A primary asks for acknowledgements before it
 * opens; a server that becomes a replica stops asking before it starts to apply, or its applier waits for an
 * acknowledgement that nobody will ever send (seen on 9.7: "Waiting for semi-sync ACK from replica").
 */
import type { SemiSyncDuty } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import type { SemiSyncPrefixes } from '../../dialect.js';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { isClosed, readServer } from '../reading/replica-state.js';
import { needsLock, writesLocked } from './write-lock.js';

/** Where only a lock keeps everybody out: a closed server has no commits that would make it wait. */
const LOCK_MS = 1000;

/** What was done, for people; '' when nothing had to be. */
export async function askForAcknowledgements(hold: Hold, duty: SemiSyncDuty | null): Promise<string> {
  if (duty === null) return '';
  const { timeoutMs, waitCount, ackers } = duty;
  const lost = 'what it acknowledges may be lost with it';
  if (ackers < waitCount) {
    return `semi-sync stays off: ${String(ackers)} replicas can acknowledge and ${String(waitCount)} are asked for; ${lost}`;
  }
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find(({ source }) => variables.has(`${source}_enabled`));
  if (names === undefined) return `semi-sync stays off: its plugin is not loaded here; ${lost}`;
  if (variables.get(`${names.source}_enabled`) === 'ON') return 'semi-sync was on';
  await hold.change(`SET GLOBAL ${settings(names, timeoutMs, waitCount)}`, CHANGE_MS);
  return 'semi-sync is on';
}

function settings({ source, waitCount }: SemiSyncPrefixes, timeoutMs: number, count: number): string {
  const counted = waitCount === null ? '' : `${waitCount} = ${String(count)}, GLOBAL `;
  return `${source}_timeout = ${String(timeoutMs)}, GLOBAL ${counted}${source}_enabled = 1`;
}

/** Only of a server that is closed, where no client waits for what this would acknowledge (invariant 13). */
export async function stopAskingForAcknowledgements(hold: Hold): Promise<void> {
  const switches = await sourceSwitches(hold);
  if (switches.length === 0) return;
  if (needsLock(hold) && !(await writesLocked(hold, LOCK_MS))) {
    const text = 'it asks for semi-sync acknowledgements, and a client waits for one; a replica must not ask';
    throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, true);
  }
  if (!isClosed(await readServer(hold, READ_MS))) {
    const text = 'it asks for semi-sync acknowledgements and is not closed; a replica must not ask';
    throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
  }
  for (const name of switches) await hold.change(`SET GLOBAL ${name} = 0`, CHANGE_MS);
}

const A_DAY_MS = 24 * 3600 * 1000;

/** Does every commit wait for a replica, without end, before anybody learns of it? As far as the server says so itself. */
export async function waitsForAcknowledgements(hold: Hold): Promise<boolean> {
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find(({ source }) => variables.get(`${source}_enabled`) === 'ON');
  if (names?.waitPoint == null) return false;
  const [status] = await hold.read(`SHOW GLOBAL STATUS LIKE '${capitalized(names.source)}_status'`, READ_MS);
  return (
    status?.['Value'] === 'ON' &&
    variables.get(names.waitNoReplica) === 'ON' &&
    variables.get(names.waitPoint) === 'AFTER_SYNC' &&
    Number(variables.get(`${names.source}_timeout`)) >= A_DAY_MS
  );
}

/** As the names of status variables begin. */
function capitalized(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Names of the source's switches that are on. */
export async function sourceSwitches(hold: Hold): Promise<readonly string[]> {
  const variables = await semiSyncVariables(hold);
  const switches = hold.dialect.semiSyncPrefixes.map(({ source }) => `${source}_enabled`);
  return switches.filter((name) => variables.get(name) === 'ON');
}

export async function semiSyncVariables(hold: Hold): Promise<ReadonlyMap<string, string>> {
  const rows: readonly TextRow[] = await hold.read("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'", READ_MS);
  return new Map(rows.map((row) => [row['Variable_name'] ?? '', row['Value'] ?? '']));
}
