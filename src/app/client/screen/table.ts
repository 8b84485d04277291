/** Rows as columns. Widths are those of the text without its colours; the last column may be as long as it likes. */
import type { Colour, Paint } from './paint.js';

export type Cell = string | { readonly text: string; readonly colour: Colour | null };

export function drawTable(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): readonly string[] {
  const all: readonly (readonly Cell[])[] = [heads.map((text) => ({ text, colour: 'bold' as const })), ...rows];
  const widths = heads.map((_head, at) => Math.max(...all.map((row) => textOfCell(row[at] ?? '').length)));
  return all.map((row) => {
    const last = row.findLastIndex((cell) => textOfCell(cell) !== '');
    return row
      .slice(0, last + 1)
      .map((cell, at) => {
        const text = textOfCell(cell);
        const gap = at === last ? '' : ' '.repeat((widths[at] ?? 0) - text.length);
        return `${paint(typeof cell === 'string' ? null : cell.colour, text)}${gap}`;
      })
      .join('  ');
  });
}

function textOfCell(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
