/**
 * Places in binary logs, ordered by the number at the end of the file's name. As text `bin.1000000` sorts before
 * `bin.999999`, and the replica that is furthest would look like the one that is behind. Positions of different servers'
 * logs cannot be compared; nor can files of different stems (a renamed log), which is why the answer may be null.
 */
import type { BinlogPosition } from './vitals.js';

interface FileName {
  readonly stem: string;
  readonly number: bigint;
}

function parseFile(file: string): FileName | null {
  const match = /^(.*)\.(\d+)$/.exec(file);
  return match === null ? null : { stem: match[1] ?? '', number: BigInt(match[2] ?? 0) };
}

/** Negative when `one` comes first, 0 when equal, positive when it comes after; null when they are not of one log. */
export function compareBinlogPositions(one: BinlogPosition, other: BinlogPosition): number | null {
  const first = parseFile(one.file);
  const second = parseFile(other.file);
  if (first === null || second === null || first.stem !== second.stem) return null;
  if (first.number !== second.number) return first.number < second.number ? -1 : 1;
  return one.position - other.position;
}

/** How many logs after `one` the other was begun; null when they are not of one log, or one is no name of a log. */
export function logsBetween(one: string, other: string): number | null {
  const [first, second] = [parseFile(one), parseFile(other)];
  if (first === null || second === null || first.stem !== second.stem) return null;
  return Number(second.number - first.number);
}

/** `binlog.000042`, without a folder or anything else that a statement could mistake. */
export function isBinlogName(text: string): boolean {
  return /^[\w.-]{1,200}\.\d{1,12}$/.test(text);
}

/** `file:position`, the incumbent's text form. */
export function binlogPositionText(position: BinlogPosition): string {
  return `${position.file}:${String(position.position)}`;
}

/** Null for what is no such text. */
export function parseBinlogPosition(text: string): BinlogPosition | null {
  const [, file = '', position = ''] = /^(.+):(\d{1,15})$/.exec(text) ?? [];
  return file === '' ? null : { file, position: Number(position) };
}
