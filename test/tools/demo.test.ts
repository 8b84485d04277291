// The parts of the demo that need no server: its command line, its timeline, its count of what was true.
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../tools/demo/options.js';
import { recoveryLines, timeline } from '../../tools/demo/timeline.js';
import { NotSeen, until } from '../../tools/demo/until.js';
import { Voice } from '../../tools/demo/voice.js';

describe('parseOptions', () => {
  it('kills the primary and cleans up unless told otherwise', () => {
    expect(parseOptions([])).toEqual({ fault: 'kill', keep: false });
  });

  it('takes the fault as a word of its own or after =', () => {
    expect(parseOptions(['--fault', 'both', '--keep'])).toEqual({ fault: 'both', keep: true });
    expect(parseOptions(['--fault=pause'])).toEqual({ fault: 'pause', keep: false });
  });

  it('understands nothing else', () => {
    for (const words of [['--fault'], ['--fault', 'fire'], ['--help'], ['kill']])
      expect(parseOptions(words)).toBeUndefined();
  });
});

describe('the timeline', () => {
  it('orders what happened and counts from the fault', () => {
    const text = timeline(1000, [
      { atMs: 1400.4, text: 'later' },
      { atMs: 990, text: 'before' },
    ]);
    expect(text).toBe('    -10 ms  before\n   +400 ms  later');
  });

  it('shows each step with what it took and found', () => {
    const lines = recoveryLines({
      id: '1',
      kind: 'dead-primary',
      code: 'DeadMaster',
      description: 'it is dead',
      failed: 'a:1',
      successor: 'b:1',
      openedAtMs: 5,
      openedBy: 'n1',
      closedAtMs: 90,
      verdict: { kind: 'succeeded', reason: '' },
      lost: [],
      steps: [
        {
          kind: 'look',
          server: 'db:3306',
          attempt: 1,
          intendedAtMs: 6,
          finishedAtMs: 8,
          ok: true,
          intent: 'stop receiving on b:1',
          detail: '',
        },
        {
          kind: 'look',
          server: 'db:3306',
          attempt: 1,
          intendedAtMs: 9,
          finishedAtMs: 20,
          ok: false,
          intent: 'open b:1',
          detail: 'refused',
        },
      ],
    });
    expect(lines.map(({ text }) => text)).toEqual([
      'DeadMaster: it is dead; decided by n1',
      '  stop receiving on b:1 (2 ms)',
      '  open b:1 (11 ms), FAILED: refused',
      'recovery succeeded, the primary is b:1',
    ]);
  });
});

describe('a voice', () => {
  it('is true only when something was claimed and all of it held', () => {
    const said: string[] = [];
    const voice = new Voice((text) => said.push(text));
    expect(voice.allTrue).toBe(false);
    voice.claim(true, 'one');
    expect(voice.allTrue).toBe(true);
    voice.claim(false, 'two');
    expect(voice.allTrue).toBe(false);
    voice.summary();
    expect(said.join('')).toContain('✗ two');
  });
});

describe('until', () => {
  it('gives the first answer, whatever failed before it', async () => {
    let looks = 0;
    const seen = await until('three looks', () => {
      looks += 1;
      if (looks === 1) return Promise.reject(new Error('not yet'));
      return Promise.resolve(looks < 3 ? undefined : looks);
    });
    expect(seen).toBe(3);
  });

  it('says what was not seen, and the last error', async () => {
    const waiting = until('a wonder', () => Promise.reject(new Error('no')), 1);
    await expect(waiting).rejects.toThrow(NotSeen);
    await expect(waiting).rejects.toThrow(/a wonder/);
    await expect(waiting).rejects.toMatchObject({ cause: { message: 'no' } });
  });
});
