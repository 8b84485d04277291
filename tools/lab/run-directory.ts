// Where a run keeps its data: in memory when there is room, because servers start two to five times faster there.
import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SHARED_MEMORY = '/dev/shm';
const ROOM_BYTES = 2 * 1024 ** 3;
/** A Unix socket's path may have 107 bytes; `/s` and the name of the server follow this one. */
const PATH_LENGTH_MAX = 80;

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}

export function createRunDirectory(): string {
  const given = process.env['ORCHESTRATOR_LAB_DIRECTORY'];
  const parent = given ?? (hasRoom(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir());
  const directory = mkdtempSync(join(parent, 'lab-'));
  if (directory.length > PATH_LENGTH_MAX) {
    throw new Error(`${parent} is too long a path for the sockets of servers; set ORCHESTRATOR_LAB_DIRECTORY`);
  }
  return directory;
}
