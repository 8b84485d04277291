/** `docs/configuration.md` must say what the tables of keys say. `UPDATE=1` writes it anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { UNSUPPORTED_KEYS } from '../../src/app/config/keys/ignored.js';
import { isObeyed, keyNames } from '../../src/app/config/keys/keys.js';
import { LIVE_KEYS } from '../../src/app/config/keys/live-keys.js';
import type { WorkingKey } from '../../src/app/config/keys/key.js';
import { PENDING_KEYS } from '../../src/app/config/keys/pending.js';
import { WORKING_KEYS } from '../../src/app/config/keys/working.js';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);

test('the page on configuration shows the keys as they are', async () => {
  const page = await readFile(PAGE, 'utf8');
  const expected = [
    ['working keys', workingTable()] as const,
    ['pending keys', pendingList()] as const,
    ['keys that need a restart', restartList()] as const,
  ].reduce((text, [name, part]) => withPart(text, name, part), page);
  if (process.env['UPDATE'] === '1') await writeFile(PAGE, expected);
  else expect(page).toBe(expected);
});

function withPart(page: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`;
  const start = page.indexOf(begin);
  const end = page.indexOf('<!-- end -->', start);
  expect(start, `the mark ${begin}`).toBeGreaterThan(-1);
  expect(end).toBeGreaterThan(start);
  return `${page.slice(0, start)}${begin}\n${text}\n${page.slice(end)}`;
}

function workingTable(): string {
  const keys: [string, WorkingKey<unknown>][] = Object.entries(WORKING_KEYS);
  const rows = keys.map(([name, { standard, meaning, kind }]) =>
    [`\`${name}\``, `\`${JSON.stringify(standard)}\``, meaning, kind.allowed].map((cell) =>
      cell.replaceAll('|', '\\|'),
    ),
  );
  const lines = [['Key', 'Default', 'Meaning', 'Allowed'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function restartList(): string {
  const names = keyNames().filter((name) => isObeyed(name) && !LIVE_KEYS.has(name));
  return `${names.map((name) => `\`${name}\``).join(', ')}\n`;
}

function pendingList(): string {
  const names = [...Object.keys(PENDING_KEYS), ...Object.keys(UNSUPPORTED_KEYS)].sort();
  return `${names.map((name) => `\`${name}\``).join(', ')}\n`;
}
