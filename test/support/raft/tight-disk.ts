/**
 * A disk without room, for one process of a test: a file system of a few megabytes of its own where the kernel lets us mount
 * one (root, or anybody with user namespaces), and everywhere a limit on the size of its files, which the kernel answers
 * with an error of the same kind.
 */
import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TightDisk {
  readonly name: string;
  /** What the kernel says when there is no room. */
  readonly complaint: string;
  /** The data does not end with the process. */
  readonly outlives: boolean;
  /** In front of a command whose `directory` is to be on the disk. */
  within(directory: string): Promise<readonly string[]>;
  /** `pid` of the process that was started so. */
  fill(directory: string, pid: number): Promise<void>;
  makeRoom(directory: string, pid: number): Promise<void>;
}

const BALLAST_CHUNK = Buffer.alloc(64 * 1024, 'ballast ');

const fileSystem: TightDisk = {
  name: 'a file system of its own that is full',
  complaint: 'No space left on device',
  outlives: false,
  within: async (directory) => {
    await run('mkdir', ['-p', directory]);
    const script = 'mount -t tmpfs -o size=4m tmpfs "$1" && shift && exec "$@"';
    return [...NAMESPACE, 'bash', '-c', script, 'bash', directory];
  },
  fill: async (directory, pid) => {
    const file = await open(ballastOf(directory, pid), 'w');
    try {
      for (let room = true; room; )
        room = (await writeAll(file, BALLAST_CHUNK)) || (await writeAll(file, Buffer.alloc(512)));
    } finally {
      await file.close();
    }
  },
  makeRoom: async (directory, pid) => {
    await rm(ballastOf(directory, pid));
  },
};

const fileLimit: TightDisk = {
  name: 'a limit on the size of files that is reached',
  complaint: 'File too large',
  outlives: true,
  within: () => Promise.resolve([]),
  fill: async (_directory, pid) => {
    // Less than the log of LevelDB and the mark file have already.
    await run('prlimit', ['--pid', String(pid), '--fsize=1024:unlimited']);
  },
  makeRoom: async (_directory, pid) => {
    await run('prlimit', ['--pid', String(pid), '--fsize=unlimited:unlimited']);
  },
};

const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount'] as const;

/** The second is everywhere. */
export async function tightDisks(): Promise<readonly TightDisk[]> {
  return (await mayMount()) ? [fileSystem, fileLimit] : [fileLimit];
}

async function mayMount(): Promise<boolean> {
  try {
    const [command, ...rest] = NAMESPACE;
    await run(command, [...rest, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
    return true;
  } catch {
    return false;
  }
}

/** The file system is seen by its process alone. */
function ballastOf(directory: string, pid: number): string {
  return `/proc/${String(pid)}/root${directory}/ballast`;
}

/** False: there is no room for all of it. */
async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<boolean> {
  try {
    return (await file.write(bytes)).bytesWritten === bytes.length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
