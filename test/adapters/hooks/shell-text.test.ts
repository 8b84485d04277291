// Whatever a value holds, a real shell gives it to the command as it is, in the place where the operator wrote the
// placeholder, and runs nothing of it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { withExpansions } from '../../../src/adapters/hooks/shell-text.js';

const folder = mkdtempSync(join(tmpdir(), 'hooks-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const VARIABLES = new Map([
  ['failedHost', 'ORC_VALUE_failedHost'],
  ['failureClusterAlias', 'ORC_VALUE_failureClusterAlias'],
]);

/** What the commands in the line print. */
function run(line: string, value: string, shell = 'bash'): string {
  const text = withExpansions(line, VARIABLES);
  const { stdout, stderr, status } = spawnSync(shell, ['-c', text], {
    cwd: folder,
    env: { ...process.env, ORC_VALUE_failedHost: value, ORC_VALUE_failureClusterAlias: value },
    encoding: 'utf8',
  });
  expect({ stderr, status, text }).toEqual({ stderr: '', status: 0, text });
  return stdout;
}

/** Line, and what it prints of the value: `printf %s` shows each argument between angle brackets. */
const PLACES: readonly (readonly [string, string, (value: string) => string])[] = [
  ['a bare word', "printf '<%s>' {failedHost} end", (value) => `<${value}><end>`],
  ['part of a word', "printf '<%s>' --host={failedHost}:3306", (value) => `<--host=${value}:3306>`],
  ['double quotes', 'printf \'<%s>\' "dead: {failedHost}!" end', (value) => `<dead: ${value}!><end>`],
  ['single quotes', "printf '<%s>' 'dead: {failedHost}!' end", (value) => `<dead: ${value}!><end>`],
  ['dollar quotes', "printf '<%s>' $'it\\'s {failedHost}' end", (value) => `<it's ${value}><end>`],
  [
    'a JSON text',
    `printf '<%s>' '{"text":"{failedHost} is {unknown}"}'`,
    (value) => `<{"text":"${value} is {unknown}"}>`,
  ],
  ['both quotes', `printf '<%s>' 'a'"{failedHost}"'b {failureClusterAlias}'`, (value) => `<a${value}b ${value}>`],
  ['an assignment', `HOST={failedHost}; printf '<%s>' "$HOST"`, (value) => `<${value}>`],
  ['a default', 'printf \'<%s>\' "${NOBODY_SETS_THIS:-{failedHost}}"', (value) => `<${value}>`],
  [
    'a substitution',
    `printf '<%s>' "$(printf '%s' {failedHost} | cat)" end`,
    (value) => `<${value.replace(/\n+$/, '')}><end>`,
  ],
  [
    'a substitution in quotes',
    'printf \'<%s>\' "x $(printf %s "{failedHost}") y"',
    (value) => `<x ${value.replace(/\n+$/, '')} y>`,
  ],
  ['after a comment', `# it's {failedHost}\nprintf '<%s>' {failedHost}`, (value) => `<${value}>`],
  ['a document', `cat <<END\n'{failedHost}'\nEND\nprintf '<%s>' {failedHost}`, (value) => `'${value}'\n<${value}>`],
  [
    'a document with a quoted mark',
    `cat <<'END'\n{failedHost}\nEND\nprintf '<%s>' '{failedHost}'`,
    (value) => `{failedHost}\n<${value}>`,
  ],
  ['a here-string', `cat <<<{failedHost}`, (value) => `${value}\n`],
  ['an escaped quote', `printf '<%s>' \\"{failedHost}\\'`, (value) => `<"${value}'>`],
  ['a loop', `for one in {failedHost} b; do printf '<%s>' "$one"; done`, (value) => `<${value}><b>`],
  ['a case', `case {failedHost} in nobody) exit 1 ;; *) printf '<%s>' {failedHost} ;; esac`, (value) => `<${value}>`],
];

const HOSTILE = [
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned',
  "' ; touch pwned ; '",
  '" ; touch pwned ; "',
  "'\"'; touch pwned #",
  '\n touch pwned \n',
  '&& touch pwned',
  '| touch pwned',
  '> pwned',
  '${IFS}touch${IFS}pwned',
  '\\"; touch pwned',
  "\\'; touch pwned",
  'END\ntouch pwned\nEND',
  ') ; touch pwned ; (',
  '} ; touch pwned ; {',
  '{failureClusterAlias}',
  '* ? [a-z] ~ !',
  '',
  ' ',
  '-e',
  'ä 漢 🐬',
];

describe.each(PLACES)('%s', (_name, line, printed) => {
  it('gives every hostile value as it is and runs nothing of it', () => {
    for (const value of HOSTILE) {
      expect({ value, out: run(line, value) }).toEqual({ value, out: printed(value) });
    }
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('gives any value as it is', () => {
    const character = fc.constantFrom(...'\'"`$(){}[]<>;&|\\ \n\t*?!#~=%^-a0é'.split(''));
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
        const value = characters.join('');
        expect(run(line, value)).toBe(printed(value));
      }),
      { numRuns: 25 },
    );
  });
});

it('knows only the names it was given', () => {
  expect(withExpansions('echo {successorHost} {} { {failedHost} ${failedHost}', VARIABLES)).toBe(
    'echo {successorHost} {} { "${ORC_VALUE_failedHost}" ${failedHost}',
  );
});

it('works in a plain POSIX shell too', () => {
  for (const value of HOSTILE) {
    expect(run(`printf '<%s>' {failedHost} "a {failedHost}" 'b {failedHost}'`, value, 'sh')).toBe(
      `<${value}><a ${value}><b ${value}>`,
    );
  }
});

/** Should the reader be mistaken about the place, a word may be split or stay unfilled, and still nothing is run. */
it('never makes a value a command, however odd the line is', () => {
  const piece = fc.constantFrom(
    '{failedHost}',
    "'",
    '"',
    '`',
    '$(',
    ')',
    '${X:-',
    '}',
    '\\',
    ' ',
    '\n',
    '#',
    '<<A',
    "$'",
    '((',
    'A',
    'echo ',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), fc.constantFrom(...HOSTILE), (pieces, value) => {
      const text = withExpansions(pieces.join(''), VARIABLES);
      spawnSync('bash', ['-c', text], {
        cwd: folder,
        env: { ...process.env, ORC_VALUE_failedHost: value, ORC_VALUE_failureClusterAlias: value },
      });
      expect({ text, pwned: existsSync(join(folder, 'pwned')) }).toEqual({ text, pwned: false });
    }),
    { numRuns: 300 },
  );
});
