/**
 * What the disk says, in words for a person: which directory, what failed, what to do. LevelDB has no code for a full
 * disk and hides the lock of another process two causes deep, so the text is put together here once.
 */
import { OperationalError } from '../../runtime/errors.js';

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && chain.length < 8; next = next.cause) chain.push(next);
  return chain;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** `doing` continues the sentence "could not …". */
export function storageError(doing: string, directory: string, error: unknown): OperationalError {
  if (error instanceof OperationalError) return error;
  const chain = causes(error);
  if (chain.some((cause) => codeOf(cause) === 'LEVEL_LOCKED')) {
    return new OperationalError(
      'STORAGE',
      `another process uses RaftDataDir ${directory}: each node needs a directory of its own; stop the other process or change RaftDataDir`,
      error,
    );
  }
  const detail = chain.at(-1)?.message ?? String(error);
  return new OperationalError(
    'STORAGE',
    `RaftDataDir: could not ${doing} in ${directory}: ${detail}${adviceFor(chain, directory)}`,
    error,
  );
}

/** LevelDB tells of its trouble in words alone, Node in a code. */
const NO_ROOM: readonly (readonly [code: string, words: string, meaning: string])[] = [
  ['ENOSPC', 'No space left on device', 'is full'],
  ['EDQUOT', 'Disk quota exceeded', 'has no room left in the quota of this user'],
  ['EFBIG', 'File too large', 'would take more, but this process may not make files so large (ulimit -f)'],
];

function adviceFor(chain: readonly Error[], directory: string): string {
  const found = NO_ROOM.find(([code, words]) =>
    chain.some((cause) => codeOf(cause) === code || cause.message.includes(words)),
  );
  return found === undefined
    ? ''
    : `; the disk that holds ${directory} ${found[2]}: make room, the node goes on by itself`;
}

/** LevelDB itself found blocks that do not match their checksums. */
export function isCorruption(error: unknown): boolean {
  return causes(error).some((cause) => codeOf(cause) === 'LEVEL_CORRUPTION' || /\bCorruption\b/.test(cause.message));
}
