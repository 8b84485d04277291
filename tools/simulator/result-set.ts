// What a statement answers. A cell may hold numbers that move on by themselves (a GTID, a position, a time): they keep
// their width, so that an answer is written once and only its digits are renewed each time it is given.

/** A number that is read when the answer is given. It must have exactly so many digits at any time. */
export interface LiveNumber {
  readonly digits: number;
  readonly read: () => number;
}

/** A text, or the parts of one. */
export type Cell = string | null | readonly (string | LiveNumber)[];

export type ColumnType = 'text' | 'int' | 'bigint' | 'double' | 'timestamp';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A statement that a real server would refuse too, or one that this simulator was never taught. */
export class SqlError extends Error {
  readonly number: number;

  constructor(number: number, message: string) {
    super(message);
    this.number = number;
  }
}

/** No server says 1105 on its own; who asks cannot take it for a missing right and go on without the answer. */
const NEVER_TAUGHT = 1105;

export function neverTaught(what: string): SqlError {
  return new SqlError(NEVER_TAUGHT, `the simulator was never taught ${what}`);
}

export function isNeverTaught(error: SqlError): boolean {
  return error.number === NEVER_TAUGHT;
}
