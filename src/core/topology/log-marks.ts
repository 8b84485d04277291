/**
 * How far servers have come without GTID: in the binary log of their source, or at the end of their own. Places in the logs
 * of two servers cannot be compared, so every mark names the server whose log it is in: `binlog.000004:1234@server`. The
 * mark of another log says nothing, and is taken to be missing.
 *
 * A difference keeps where it begins, so that the nearest can be told: `binlog.000004:120..binlog.000004:1234@server`.
 */
import { failed, ok, type Result } from '../base/result.js';
import { binlogPositionText, compareBinlogPositions } from './binlog-position.js';
import type { BinlogPosition } from './vitals.js';

export interface LogMark {
  /** Whose log it is, in lower case. */
  readonly log: string;
  /** Null: from the beginning. */
  readonly after: BinlogPosition | null;
  readonly until: BinlogPosition;
}

/** By log. */
export type LogMarks = ReadonlyMap<string, LogMark>;

const MARK = /^(?:(.+):(\d+)\.\.)?(.+):(\d+)@(.+)$/;

export function isLogMark(text: string): boolean {
  return MARK.test(text);
}

/** File names and ids are escaped where they would break the form. */
export function logMarkText(position: BinlogPosition, log: string): string {
  return `${positionText(position)}@${escaped(log.toLowerCase())}`;
}

export function parseLogMarks(text: string): Result<LogMarks, string> {
  let marks: LogMarks = new Map();
  for (const item of text.split(',').map((piece) => piece.trim())) {
    if (item === '') continue;
    const match = MARK.exec(item);
    if (match === null) return failed(`"${item.slice(0, 60)}" is no place in a binary log`);
    const after = match[1] === undefined ? null : place(match[1], match[2]);
    const mark: LogMark = { log: unescaped(match[5] ?? ''), after, until: place(match[3] ?? '', match[4]) };
    marks = uniteMarks(marks, new Map([[mark.log, mark]]));
  }
  return ok(marks);
}

export function formatLogMarks(marks: LogMarks): string {
  return [...marks.values()]
    .sort((one, other) => (one.log < other.log ? -1 : one.log > other.log ? 1 : 0))
    .map(
      ({ log, after, until }) =>
        `${after === null ? '' : `${positionText(after)}..`}${positionText(until)}@${escaped(log)}`,
    )
    .join(',');
}

export function uniteMarks(one: LogMarks, other: LogMarks): LogMarks {
  const united = new Map(one);
  for (const [log, mark] of other) {
    const known = united.get(log);
    united.set(log, known === undefined ? mark : { log, after: earlier(known, mark), until: later(known, mark) });
  }
  return united;
}

/** What is in `from` and not in `taken`. Of a log that was renamed nothing is taken: its places cannot be compared. */
export function subtractMarks(from: LogMarks, taken: LogMarks): LogMarks {
  const left = new Map<string, LogMark>();
  for (const [log, mark] of from) {
    const known = taken.get(log);
    const order = known === undefined ? null : compareBinlogPositions(mark.until, known.until);
    if (order !== null && order <= 0) continue;
    left.set(log, known === undefined || order === null ? mark : { ...mark, after: known.until });
  }
  return left;
}

/** Of two differences: negative when `one` is the smaller. Files are as good as endless beside positions. */
export function compareGaps(one: LogMarks, other: LogMarks): number {
  const [first, second] = [gapOf(one), gapOf(other)];
  return first.files - second.files || first.bytes - second.bytes;
}

function gapOf(marks: LogMarks): { readonly files: number; readonly bytes: number } {
  let [files, bytes] = [0, 0];
  for (const { after, until } of marks.values()) {
    files += fileNumber(until.file) - (after === null ? 0 : fileNumber(after.file));
    bytes += until.position - (after?.position ?? 0);
  }
  return { files, bytes };
}

function fileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0);
}

function later({ until: one }: LogMark, { until: other }: LogMark): BinlogPosition {
  const order = compareBinlogPositions(one, other);
  return order !== null && order >= 0 ? one : other;
}

function earlier({ after: one }: LogMark, { after: other }: LogMark): BinlogPosition | null {
  if (one === null || other === null) return null;
  const order = compareBinlogPositions(one, other);
  return order !== null && order <= 0 ? one : other;
}

function place(file: string, position: string | undefined): BinlogPosition {
  return { file: unescaped(file), position: Number(position ?? 0) };
}

function positionText({ file, position }: BinlogPosition): string {
  return binlogPositionText({ file: escaped(file), position });
}

function escaped(text: string): string {
  return text.replaceAll(
    /[%,:@\s]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function unescaped(text: string): string {
  return text.replaceAll(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
