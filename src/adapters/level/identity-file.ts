/**
 * Whose directory this is. A log that is started under another node's name votes twice; one that is started for another
 * cluster mixes two histories. Both happen by copying a configuration file, so the directory itself remembers.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationalError } from '../../runtime/errors.js';
import { makeDirectory, writeFileDurably } from './durable-file.js';
import { storageError } from './storage-error.js';

export interface Identity {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Clusters that ended when this node was made their only voter. */
  readonly formerClusterIds?: readonly string[];
  /** Which founding of the cluster the log goes back to; absent until the log has said so. */
  readonly founding?: string;
}

const FORMAT = 1;

/**
 * Writes the identity on the first start; afterwards rejects with CONFIGURATION when it is not the same. Resolves with the
 * founding that the directory remembers, null where it remembers none.
 */
export async function claimDirectory(directory: string, identity: Identity): Promise<string | null> {
  const path = join(directory, 'identity.json');
  const found = await read(path, directory);
  if (found === null) {
    await write(path, directory, { ...identity });
    return null;
  }
  check('node', found.nodeId, identity.nodeId, directory);
  check('cluster', found.clusterId, identity.clusterId, directory);
  return typeof found.founding === 'string' ? found.founding : null;
}

/** The cluster goes on under another id, and the directory remembers the one it had. */
export async function renameCluster(directory: string, clusterId: string): Promise<void> {
  const path = join(directory, 'identity.json');
  const found = await read(path, directory);
  const former = Array.isArray(found?.formerClusterIds) ? found.formerClusterIds.map(String) : [];
  const formerClusterIds = [...former, String(found?.clusterId)];
  await write(path, directory, { ...found, clusterId, formerClusterIds });
}

/** The log has said which founding of the cluster it goes back to; the directory was claimed. */
export async function rememberFounding(directory: string, founding: string): Promise<void> {
  const path = join(directory, 'identity.json');
  await write(path, directory, { ...(await read(path, directory)), founding });
}

async function write(path: string, directory: string, identity: Readonly<Record<string, unknown>>): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...identity }, null, 2);
  try {
    await makeDirectory(directory);
    await writeFileDurably(path, [Buffer.from(`${text}\n`)]);
  } catch (error) {
    throw storageError('write identity.json', directory, error);
  }
}

function check(what: string, found: unknown, wanted: string, directory: string): void {
  if (found === wanted) return;
  throw new OperationalError(
    'CONFIGURATION',
    `RaftDataDir ${directory} belongs to ${what} ${String(found)}, and this node is configured as ${what} ${wanted}: give this node a directory of its own, or correct its ${what} id`,
  );
}

/** Whose directory it is; null for one that was never used. */
export async function identityOf(directory: string): Promise<Partial<Record<keyof Identity, unknown>> | null> {
  return await read(join(directory, 'identity.json'), directory);
}

async function read(path: string, directory: string): Promise<Partial<Record<keyof Identity, unknown>> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw storageError('read identity.json', directory, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Falls through to the refusal: a file that is not JSON is not ours.
  }
  throw new OperationalError('CONFIGURATION', `${path} is not an identity file: restore it, or empty RaftDataDir`);
}
