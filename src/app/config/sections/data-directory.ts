/**
 * Where a node keeps its state. It gets a folder of its own inside RaftDataDir, because an incumbent's `raft_store.db`
 * may lie there and must be found untouched by whoever goes back to it.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { identityOf } from '../../../adapters/level/identity-file.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

const OWN_FOLDER = 'orchestrator-log';
const SYSTEM_FOLDER = '/var/lib/orchestrator';

export type Environment = Readonly<Record<string, string | undefined>>;

export async function chooseDataDirectory(
  values: Values,
  environment: Environment,
  findings: Findings,
): Promise<string> {
  if (values.RaftDataDir !== '') return join(resolve(values.RaftDataDir), OWN_FOLDER);
  if (values.RaftEnabled) {
    findings.fault('RaftDataDir', 'nothing was given; allowed: a folder for the state, which RaftEnabled requires');
  }
  const chosen = join((await systemFolderUsable()) ? SYSTEM_FOLDER : userFolder(environment), OWN_FOLDER);
  if (!values.RaftEnabled) findings.note(`RaftDataDir is not set: the state is kept in ${chosen}`);
  return chosen;
}

/** The id of the node whose directory it is; null for one that was never used. What is wrong with it is told at the start. */
export async function bornAs(dataDirectory: string): Promise<string | null> {
  const identity = await identityOf(dataDirectory).catch(() => null);
  return typeof identity?.nodeId === 'string' ? identity.nodeId : null;
}

async function systemFolderUsable(): Promise<boolean> {
  if (process.getuid?.() === 0) return true;
  return await access(SYSTEM_FOLDER, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function userFolder(environment: Environment): string {
  const state = environment['XDG_STATE_HOME'];
  return join(
    state !== undefined && state.startsWith('/') ? state : join(homedir(), '.local', 'state'),
    'orchestrator',
  );
}
