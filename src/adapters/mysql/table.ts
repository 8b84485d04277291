/** Rows of a statement read by the names of its columns; a name may have been another in an older version. */
import { type Cell, cellText, type ResultSet } from './connection/link.js';

export class Row {
  readonly #columns: ReadonlyMap<string, number>;
  readonly #cells: readonly Cell[];

  constructor(columns: ReadonlyMap<string, number>, cells: readonly Cell[]) {
    this.#columns = columns;
    this.#cells = cells;
  }

  #cell(name: string): Cell {
    const at = this.#columns.get(name);
    return at === undefined ? null : (this.#cells[at] ?? null);
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** '' for NULL and for a column that this version does not have. */
  text(name: string): string {
    return cellText(this.#cell(name));
  }

  /** Null for NULL, for an absent column and for what is no number. */
  number(name: string): number | null {
    const text = this.text(name);
    if (text === '') return null;
    const number = Number(text);
    return Number.isFinite(number) ? number : null;
  }

  /** ON, Yes, 1, TRUE. */
  flag(name: string): boolean {
    return isOn(this.text(name));
  }
}

export function isOn(text: string): boolean {
  return /^(?:on|yes|1|true)$/i.test(text);
}

export function rowsOf(set: ResultSet | undefined): readonly Row[] {
  if (set === undefined || set.rows.length === 0) return [];
  const columns = new Map(set.fields.map((field, at) => [field.name, at]));
  return set.rows.map((cells) => new Row(columns, cells));
}

/** For SHOW ... STATUS and the like: first column to second. */
export function pairsOf(set: ResultSet | undefined): ReadonlyMap<string, string> {
  return new Map((set?.rows ?? []).map((cells) => [cellText(cells[0]), cellText(cells[1])]));
}
