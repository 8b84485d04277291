/** `docs/configuration.md` must say what the tables of keys say. `UPDATE=1` writes it anew. */
import { test } from 'vitest';
import { UNSUPPORTED_KEYS } from '../../src/app/config/keys/ignored.js';
import { isObeyed, keyNames } from '../../src/app/config/keys/keys.js';
import { LIVE_KEYS } from '../../src/app/config/keys/live-keys.js';
import type { WorkingKey } from '../../src/app/config/keys/key.js';
import { WORKING_KEYS } from '../../src/app/config/keys/working.js';
import { expectParts, tableOf } from '../support/generated-page.js';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);

test('the page on configuration shows the keys as they are', async () => {
  await expectParts(PAGE, {
    'working keys': workingTable(),
    'pending keys': pendingList(),
    'keys that need a restart': restartList(),
  });
});

function workingTable(): string {
  const keys: [string, WorkingKey<unknown>][] = Object.entries(WORKING_KEYS);
  const rows = keys.map(([name, { standard, meaning, kind }]) => [
    `\`${name}\``,
    `\`${JSON.stringify(standard)}\``,
    meaning,
    kind.allowed,
  ]);
  return tableOf(['Key', 'Default', 'Meaning', 'Allowed'], rows);
}

function restartList(): string {
  const names = keyNames().filter((name) => isObeyed(name) && !LIVE_KEYS.has(name));
  return `${names.map((name) => `\`${name}\``).join(', ')}\n`;
}

function pendingList(): string {
  const names = Object.keys(UNSUPPORTED_KEYS).sort();
  return `${names.map((name) => `\`${name}\``).join(', ')}\n`;
}
