import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/app/config/secret.js';
import { Secrets } from '../../src/app/secrets.js';
import { chooseFormat, type Log, type LogFormat, openLog } from '../../src/app/log.js';

function logged(format: LogFormat, act: (log: Log) => void, stacks = false): string[] {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  act(openLog({ format, level: 'info', stacks, secrets: new Secrets(['open sesame', 'abc']), write }).log);
  return lines;
}

describe('the log', () => {
  test('JSON: one object a line, with the time and the level in words', () => {
    const [line] = logged('json', (log) => {
      log.warn({ server: 'db1:3306' }, 'it is slow');
    });
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', msg: 'it is slow', server: 'db1:3306' });
    expect(line).toMatch(/"time":"\d{4}-\d\d-\d\dT.*Z".*\n$/);
  });

  test('text: a line a person reads', () => {
    const [line] = logged('text', (log) => {
      log.info({ server: 'db1:3306', count: 2, note: 'a b' }, 'it is there');
    });
    expect(line).toMatch(/^\S+Z INFO {2}it is there {2}server=db1:3306 {2}count=2 {2}note="a b"\n$/);
  });

  test('text: an error with what caused it, and its stack when asked for', () => {
    const error = new Error('no answer', { cause: new Error('refused') });
    const act = (log: Log): void => {
      log.error({ err: error }, 'probe failed');
    };
    expect(logged('text', act)[0]).toMatch(/ERROR probe failed: no answer \(caused by: refused\)\n$/);
    expect(logged('text', act, true)[0]).toContain('\nError: no answer\n    at ');
    expect(logged('json', act)[0]).not.toContain('stack');
  });

  test.each(['json', 'text'] as const)('%s: no secret gets out, wherever it hides', (format) => {
    const lines = logged(format, (log) => {
      log.info({ password: 'swordfish', mysql: { password: 'swordfish' } }, 'settings');
      log.info({ password: new Secret('swordfish'), held: new Secret('swordfish') }, 'settings');
      log.error({ err: new Error("near 'open sesame'") }, 'CHANGE SOURCE ... open sesame');
      log.info({ url: 'http://a:open%20sesame@b/' }, 'asked');
    });
    const all = lines.join('');
    expect(lines).toHaveLength(4);
    expect(all).not.toMatch(/swordfish|open( |%20)sesame/);
  });

  test('a very short secret is not looked for: it would be found everywhere', () => {
    const [line] = logged('text', (log) => {
      log.info('abcdef');
    });
    expect(line).toContain('abcdef');
  });

  test('less than the level is not written', () => {
    const lines = logged('text', (log) => {
      log.debug('detail');
    });
    expect(lines).toEqual([]);
  });

  test('a terminal gets text, all others JSON, and LOG_FORMAT decides', () => {
    expect(chooseFormat(undefined, true)).toBe('text');
    expect(chooseFormat(undefined, false)).toBe('json');
    expect(chooseFormat('json', true)).toBe('json');
    expect(chooseFormat('text', false)).toBe('text');
    expect(chooseFormat('xml', false)).toBe('json');
  });
});
