/**
 * A directory with its parents. Node's own `mkdir` with `recursive` never comes back on a file system that answers ENOENT
 * to every mkdir (seen on /proc with Node 20): it creates the parent, tries again, and so on for ever.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Rejects with the error of the system; it is no error that the directory exists. */
export async function makeDirectory(path: string): Promise<void> {
  const code = await tryToMake(path);
  if (code === null) return;
  if (code !== 'ENOENT' || dirname(path) === path) await mkdir(path);
  await makeDirectory(dirname(path));
  if ((await tryToMake(path)) !== null) await mkdir(path);
}

/** Null when it is there now. */
async function tryToMake(path: string): Promise<string | null> {
  try {
    await mkdir(path);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    return code === 'EEXIST' ? null : code;
  }
}
