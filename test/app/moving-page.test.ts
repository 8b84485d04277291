/** `docs/moving-from-orchestrator.md` names keys and defaults; it must not go on naming them when they are others. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { UNSUPPORTED_COMMANDS } from '../../src/adapters/http/routes/unsupported.js';
import { KEYS, keyNamed, keyNames } from '../../src/app/config/keys/keys.js';

const PAGE = new URL('../../docs/moving-from-orchestrator.md', import.meta.url);

test('the defaults that the page gives are those of the keys', async () => {
  const page = await readFile(PAGE, 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\S+) \| (\S+) \|/gm)];
  expect(rows.length).toBeGreaterThan(2);
  for (const [, name = '', there, here] of rows) {
    const key = keyNamed(name);
    expect(key, name).not.toBeNull();
    if (key !== null) expect(JSON.stringify(KEYS[key].standard), name).toBe(here);
    expect(there).not.toBe(here);
  }
});

test('every key that the page names is a key', async () => {
  const page = await readFile(PAGE, 'utf8');
  const named = [...page.matchAll(/`([A-Z][a-z]+(?:[A-Z]+[a-z]*)+)`/g)].map(([, name = '']) => name);
  const known = new Set<string>([...keyNames(), 'DeadMaster', 'DeadCoMaster']);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('every command that is refused as not supported is named', async () => {
  const page = await readFile(PAGE, 'utf8');
  const current = UNSUPPORTED_COMMANDS.map((name) => name.replace('slaves', 'replicas'));
  expect(current.filter((name) => !page.includes(`\`${name}`) && !name.startsWith('agent'))).toEqual([]);
});
