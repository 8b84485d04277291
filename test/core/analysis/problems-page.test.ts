/** `docs/problems.md` must say what the catalogue says. `UPDATE=1` writes it anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CATALOGUE, STRUCTURE_CATALOGUE } from '../../../src/core/analysis/catalogue.js';
import { REMEDIES } from '../../../src/core/analysis/remedies.js';

const PAGE = new URL('../../../docs/problems.md', import.meta.url);

/** All others have a recovery of their own. */
const WITHOUT_RECOVERY: Readonly<Record<string, string>> = { examine: 'looks closer', none: 'tells' };

test('the page on problems shows the catalogue as it is', async () => {
  const page = await readFile(PAGE, 'utf8');
  const expected = withPart(withPart(page, 'problems', problems()), 'structure', structure());
  if (process.env['UPDATE'] === '1') await writeFile(PAGE, expected);
  else expect(page).toBe(expected);
});

function problems(): string {
  // The first rule of a code is the most certain finding, and what that one calls for is what the code is known for.
  const named = CATALOGUE.filter((rule, at) => CATALOGUE.findIndex(({ code }) => code === rule.code) === at);
  const rows = named.map(({ code, sentence, severity, reaction }) => [
    `\`${code}\``,
    severity,
    sentence,
    WITHOUT_RECOVERY[reaction] ?? 'recovers',
    REMEDIES[code],
  ]);
  return table(['Code', 'Severity', 'What it means', 'orchestrator', 'What you can do'], rows);
}

function structure(): string {
  const rows = STRUCTURE_CATALOGUE.map(({ code, severity, sentence }) => [`\`${code}\``, severity, sentence]);
  return table(['Code', 'Severity', 'What it means'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
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
