// The page of what may never happen names the code that prevents it and the tests that would notice: all of it is there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

it('names no file that is not there', () => {
  const page = readFileSync(at('docs/failover-invariants.md'), 'utf8');
  const named = [...page.matchAll(/`([a-z][\w./-]*\.ts)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((path) => !existsSync(at(`src/${path}`)) && !existsSync(at(`test/${path}`)))).toEqual([]);
});
