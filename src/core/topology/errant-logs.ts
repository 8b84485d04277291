/**
 * Which binary logs of a server hold its errant transactions? Each log begins with the set of all that came before it, so
 * what it holds is the difference to the beginning of the next, and of the last one to all that was executed.
 */
import { type GtidSet, isEmptyGtidSet, subtractGtids } from './gtid-set.js';

export interface LogBeginning {
  readonly file: string;
  /** Everything before its first transaction. */
  readonly previous: GtidSet;
}

export interface ErrantLogs {
  readonly files: readonly string[];
  /** Of those asked for, what stands in no log any more. */
  readonly purged: GtidSet;
}

/** `logs` from the oldest to the newest, read before `executed`. */
export function locateErrant(errant: GtidSet, logs: readonly LogBeginning[], executed: GtidSet): ErrantLogs {
  const files: string[] = [];
  let left = errant;
  for (const [at, { file, previous }] of logs.entries()) {
    const held = subtractGtids(logs[at + 1]?.previous ?? executed, previous);
    const without = subtractGtids(left, held);
    if (!isEmptyGtidSet(subtractGtids(left, without))) files.push(file);
    left = without;
  }
  return { files, purged: left };
}
