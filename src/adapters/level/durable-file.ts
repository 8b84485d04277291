/**
 * Files that are either wholly there after a crash or not at all: written under another name, synced, renamed, and the
 * directory synced, because a rename that only memory knows is undone by a power cut.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

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
