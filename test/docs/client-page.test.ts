/** The examples of `docs/client.md` are run as they stand there, and print what stands below them. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLIENT_OPTIONS } from '../../src/app/client/options.js';
import { FakeService } from '../adapters/http/fake-service.js';
import { type Listening, run, serve } from '../app/client/client-run.js';

const PAGE = new URL('../../docs/client.md', import.meta.url);

let node: Listening;

beforeAll(async () => {
  node = await serve(new FakeService());
});

afterAll(async () => {
  await node.close();
});

interface Example {
  readonly argv: readonly string[];
  /** '' where only the call is shown. */
  readonly prints: string;
}

async function examples(): Promise<readonly Example[]> {
  const blocks = (await readFile(PAGE, 'utf8')).matchAll(/(?:^ {4}.*\n)+/gm);
  const all = [...blocks].flatMap(([block]) =>
    block
      .replace(/^ {4}/gm, '')
      .split(/^\$ orchestrator-client /m)
      .slice(1),
  );
  return all.map((example) => {
    const [line = '', ...rest] = example.split('\n');
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    return { argv: words, prints: rest.join('\n') };
  });
}

it('every example is run, and prints what is shown', async () => {
  const found = await examples();
  expect(found.length).toBeGreaterThan(10);
  for (const { argv, prints } of found) {
    const { code, out, err } = await run(node.url, argv);
    expect({ code, err }, argv.join(' ')).toEqual({ code: 0, err: '' });
    if (prints !== '') expect(out).toBe(prints);
    expect(out).not.toBe('');
  }
});

it('every option and variable that is named is one', async () => {
  const page = await readFile(PAGE, 'utf8');
  const names = new Set<string>(Object.values(CLIENT_OPTIONS).flatMap((option) => option.names));
  for (const [, called, named] of page.matchAll(/orchestrator-client [^\n`]*?--([a-z][\w-]*)|`--([a-z][\w-]*)/g)) {
    expect([...names, 'config', 'api'], called ?? named).toContain(called ?? named);
  }
  const source = await readFile(new URL('../../src/app/client/help.ts', import.meta.url), 'utf8');
  for (const [variable] of page.matchAll(/ORCHESTRATOR_\w+/g)) expect(source).toContain(variable);
});
