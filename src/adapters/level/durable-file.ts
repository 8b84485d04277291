/**
 * Files that are either wholly there after a crash or not at all: written under another name, synced, renamed, and the
 * directory synced, because a rename that only memory knows is undone by a power cut.
 */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/**
 * With all its parents. Node's own `recursive` never returns where a parent exists and yet nothing can be made in it, as
 * in /proc; a wrong RaftDataDir must end the start with an error.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
    return;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  await makeDirectory(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives a file that was written and synced its final name. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

export async function writeFileDurably(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(`${path}.new`, 'w');
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await renameDurably(`${path}.new`, path);
}
