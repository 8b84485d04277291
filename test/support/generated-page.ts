/** Parts of a page that are written from tables of the program: a test holds them true, `UPDATE=1` writes them anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';

/** By name, what stands between `<!-- NAME -->` and `<!-- end -->`. */
export async function expectParts(page: URL, parts: Readonly<Record<string, string>>): Promise<void> {
  const text = await readFile(page, 'utf8');
  const expected = Object.entries(parts).reduce((whole, [name, part]) => withPart(whole, name, part), text);
  if (process.env['UPDATE'] === '1') await writeFile(page, expected);
  else expect(text).toBe(expected);
}

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
}

function withPart(page: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`;
  const start = page.indexOf(begin);
  const end = page.indexOf('<!-- end -->', start);
  expect(start, `the mark ${begin}`).toBeGreaterThan(-1);
  expect(end).toBeGreaterThan(start);
  return `${page.slice(0, start)}${begin}\n${text}\n${page.slice(end)}`;
}
