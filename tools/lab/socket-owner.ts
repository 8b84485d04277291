// Whose is the other end of a connection on loopback? The kernel knows; nobody has to introduce himself.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const READS = 5;
const PAUSE_MS = 10;

/**
 * Of the caller's end of a connection on loopback; null: it has hung up. The table is not read in one piece, and a line of it
 * can be missed while others come and go.
 */
export async function inodeOf(callersPort: number, ourPort: number): Promise<string | null> {
  for (let read = 1; ; read++) {
    const inode = await readInode(callersPort, ourPort);
    if (inode !== null || read === READS) return inode;
    await sleep(PAUSE_MS);
  }
}

async function readInode(callersPort: number, ourPort: number): Promise<string | null> {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n')) {
    const [, local = '', remote = '', , , , , , , inode] = line.trim().split(/\s+/);
    if (local.endsWith(`:${hex(callersPort)}`) && remote.endsWith(`:${hex(ourPort)}`)) return inode ?? null;
  }
  return null;
}

/** Does this process have the socket? False when it has just died. */
export async function holds(pid: number, inode: string): Promise<boolean> {
  const folder = `/proc/${String(pid)}/fd`;
  try {
    const links = await Promise.allSettled((await readdir(folder)).map((name) => readlink(`${folder}/${name}`)));
    return links.some((link) => link.status === 'fulfilled' && link.value === `socket:[${inode}]`);
  } catch {
    // It has just died.
    return false;
  }
}
