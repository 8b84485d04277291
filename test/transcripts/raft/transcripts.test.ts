/**
 * Plays every transcript beside this file and compares what the nodes say with what is written there. UPDATE=1 writes
 * what they say now; the difference is then read by a person, line by line, before it is committed.
 *
 * Prose stands on lines that begin with #, commands on lines that begin with >, and what they print between.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Script } from './script.js';

const folder = new URL('.', import.meta.url);

function play(text: string): string {
  const script = new Script();
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) {
      lines.push(line);
      const printed = script.run(line.slice(2));
      if (printed !== '') lines.push(printed);
    } else if (line === '' || line.startsWith('#')) {
      lines.push(line);
    }
  }
  return lines.join('\n');
}

describe('raft transcripts', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

  test('there are some', () => {
    expect(names.length).toBeGreaterThan(9);
  });

  for (const name of names) {
    test(name.replace('.txt', '').replaceAll('-', ' '), () => {
      const file = new URL(name, folder);
      const written = readFileSync(file, 'utf8');
      const played = play(written);
      if (process.env['UPDATE'] === '1') writeFileSync(file, played);
      else expect(played).toBe(written);
    });
  }
});
