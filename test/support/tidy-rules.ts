// The rules of test/tidy.test.ts, each with examples that it must and must not complain about.
//
// Examples of forbidden text are broken by a ~ that the test takes out, or this file would break its own rules.

export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

export interface Rule {
  readonly says: string;
  readonly looksAt: RegExp;
  complaints(file: ProjectFile): string[];
  readonly bad: readonly ProjectFile[];
  readonly good: readonly ProjectFile[];
}

const CODE = /\.(tsx?|mjs|cjs|js)$/;
const SOURCE = /^(src|tools)\/.*\.tsx?$/;
const TEXT = /./;
/** Machine-written, or a record of something outside: nobody's style. */
const RECORDED = /^(package-lock\.json|LICENSE)|\/(golden|fixtures|transcripts|answers)\//;

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function matches(text: string, pattern: RegExp, why: string): string[] {
  return [...text.matchAll(pattern)].map((match) => `line ${lineOf(text, match.index)}: "${match[0].trim()}": ${why}`);
}

const BAD_NAMES = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager'];
const NAME_PARTS = new RegExp(`(^|[/.-])(${BAD_NAMES.join('|')})(?=[/.-]|$)`);

const headerProse: Rule = {
  says: 'every file of the core begins with prose that says what it decides',
  looksAt: /^src\/core\/.*\.ts$/,
  complaints: ({ text }) => {
    const before = text.split(/^export /m)[0] ?? '';
    const comments = before.match(/\/\*[\s\S]*?\*\/|\/\/.*$/gm) ?? [];
    const prose = comments.join(' ').replace(/[*/]/g, ' ').trim();
    return prose.split(/\s+/).length >= 8 ? [] : ['begins without a sentence or two of prose'];
  },
  bad: [
    { path: 'src/core/base/x.ts', text: 'export const x = 1;\n' },
    { path: 'src/core/base/x.ts', text: '// x\nexport const x = 1;\n' },
  ],
  good: [
    {
      path: 'src/core/base/x.ts',
      text: '// Decides which of two things is first and why that matters.\nexport const x = 1;\n',
    },
    {
      path: 'src/core/base/x.ts',
      text: "import type { Y } from './y.js';\n\n/**\n * Decides which of two things is first, and why.\n */\nexport type X = Y;\n",
    },
  ],
};

const fileNames: Rule = {
  says: 'files are named in kebab-case, after what they are',
  looksAt: /^(src|tools|test|scripts)\//,
  complaints: ({ path }) => [
    ...(NAME_PARTS.test(path) ? ['a name that says nothing about what is inside'] : []),
    ...(CODE.test(path) && !/^[a-z0-9./-]+$/.test(path) ? ['not in kebab-case'] : []),
  ],
  bad: [
    { path: `src/app/string-~util.ts`, text: '' },
    { path: `src/~common/x.ts`, text: '' },
    { path: 'src/app/LeaderCheck.ts', text: '' },
  ],
  good: [{ path: 'src/app/leader-check.ts', text: '' }],
};

const identifiers: Rule = {
  says: 'nothing is called a util, a helper or a manager',
  looksAt: SOURCE,
  complaints: ({ text }) =>
    matches(
      text,
      /\b(?:class|interface|type|function|const|let)\s+(?:\w*(?:[hH]elpers?|[mM]anager|[uU]tils?)|common|misc)\b/g,
      'say what it does',
    ),
  bad: [
    { path: 'src/app/x.ts', text: `class Connection~Manager {}` },
    { path: 'src/app/x.ts', text: `const date~Utils = {};` },
  ],
  good: [{ path: 'src/app/x.ts', text: 'const utilisation = 1; class Fence {}' }],
};

/** Where the incumbent's words, or a server's, are the matter itself. */
const LEGACY_WORDS = /^src\/(adapters\/(http|mysql)|app)\/|^src\/core\/(topology|analysis)\/.*(legacy|text|catalogue)/;

const replicationWords: Rule = {
  says: 'inside, it is primary, replica and source',
  looksAt: /^src\/(core|runtime|adapters\/(level|grpc|hooks|kv)|web)\/.*\.tsx?$/,
  complaints: ({ path, text }) => {
    if (LEGACY_WORDS.test(path)) return [];
    const names = /\b(?:class|interface|type|function|const|let|readonly)\s+\w*(?:[sS]lave|[mM]aster)\w*/g;
    return matches(text, names, 'these words live at the edge only');
  },
  bad: [
    { path: 'src/core/recovery/x.ts', text: 'const newMaster = 1;' },
    { path: 'src/runtime/x.ts', text: 'interface X { readonly slaves: string[] }' },
  ],
  good: [
    { path: 'src/core/recovery/x.ts', text: "const code = 'DeadMaster';" },
    { path: 'src/adapters/http/x.ts', text: 'const MasterKey = 1;' },
  ],
};

const unfinished: Rule = {
  says: 'nothing is left for later in the code',
  looksAt: TEXT,
  complaints: ({ path, text }) =>
    RECORDED.test(path) ? [] : matches(text, /\b(?:TO[D]O|FIX[M]E|X[X]X|HAC[K])\b/g, 'do it, or file an issue'),
  bad: [{ path: 'src/app/x.ts', text: `// ~TO~DO: later` }],
  good: [{ path: 'src/app/x.ts', text: '// todos los santos' }],
};

const everyTestRuns: Rule = {
  says: 'every test runs',
  looksAt: /^test\/.*\.tsx?$/,
  complaints: ({ text }) =>
    matches(
      text,
      /\b(?:it|test|describe)\.(?:skip|only|todo|fails|skipIf|runIf)\b|\bx(?:it|describe)\(/g,
      'no exceptions',
    ),
  bad: [
    { path: 'test/x.test.ts', text: `it.~skip('x', () => {});` },
    { path: 'test/x.test.ts', text: `describe.~only('x', () => {});` },
  ],
  good: [{ path: 'test/x.test.ts', text: "it.each([1])('x', () => {}); list.skip(1);" }],
};

const testsDoNotTime: Rule = {
  says: 'no test fails because the machine is slow',
  looksAt: /^test\/.*\.tsx?$/,
  complaints: ({ text }) => {
    // Time on a clock that the test moves itself is exact.
    if (!/\b(?:performance|Date)\.now\(/.test(text)) return [];
    return matches(
      text,
      /expect\([^)]*(?:elapsed|duration|tookMs)\w*\)\.toBeLess\w+/gi,
      'measure in a bench, not in a test',
    );
  },
  bad: [{ path: 'test/x.test.ts', text: `const t = performance.now(); expect(elapsed~Ms).toBeLessThan(100)` }],
  good: [
    { path: 'test/x.test.ts', text: 'const t = Date.now(); expect(count).toBeLessThan(100)' },
    { path: 'test/x.test.ts', text: 'expect(took~Ms).toBeLessThan(100)' },
  ],
};

/** The text between the parentheses of each call, and where the call is. */
function callsOf(text: string, name: string): { readonly inside: string; readonly index: number }[] {
  return [...text.matchAll(new RegExp(`${name.replace('.', '[.]')}[(]`, 'g'))].map(({ 0: start, index }) => {
    const from = index + start.length;
    let [depth, at] = [1, from];
    for (; depth > 0 && at < text.length; at += 1)
      depth += '([{'.includes(text[at] ?? '') ? 1 : 0 - Number(')]}'.includes(text[at] ?? ''));
    return { inside: text.slice(from, at - 1), index };
  });
}

const waitsHaveALimit: Rule = {
  says: 'no test gives up waiting after the second that vi.waitFor has by itself',
  looksAt: /^test\/.*\.tsx?$/,
  complaints: ({ text }) =>
    callsOf(text, 'vi.waitFor')
      .filter(({ inside }) => !/^\w+,|\},\s*[\w{][^;]*$|\),\s*[\w{][^;]*$/.test(inside.trim()))
      .map(({ index }) => `line ${lineOf(text, index)}: say how long it waits: a busy machine is slow`),
  bad: [
    { path: 'test/x.test.ts', text: 'await vi~.waitFor(() => {\n  expect(f(1, 2)).toBe({ a: 1, b: 2 });\n});' },
    { path: 'test/x.test.ts', text: 'await vi~.waitFor(seen);' },
  ],
  good: [
    { path: 'test/x.test.ts', text: 'await vi~.waitFor(() => {\n  expect(f(1)).toBe(2);\n}, PATIENCE);' },
    { path: 'test/x.test.ts', text: 'await vi~.waitFor(seen, { timeout: 60_000 });' },
    { path: 'test/x.test.ts', text: 'await vi~.waitFor(\n  () => {\n    f();\n  },\n  { timeout: 1 },\n);' },
  ],
};

const oneHeading: Rule = {
  says: 'a page has one heading of the first level, at its top',
  looksAt: /\.md$/,
  complaints: ({ text }) => {
    const outsideFences = text.replace(/^```[\s\S]*?^```/gm, '');
    const headings = outsideFences.match(/^# .+$/gm) ?? [];
    return headings.length === 1 && text.startsWith('# ') ? [] : [`${headings.length} headings of the first level`];
  },
  bad: [
    { path: 'README.md', text: '# One\n\n# Two\n' },
    { path: 'README.md', text: 'text\n' },
  ],
  good: [{ path: 'README.md', text: '# One\n\n```\n# a comment\n```\n\n## Part\n' }],
};

const MACHINE = new RegExp(
  [
    String.raw`(?<![\w.])[/]work[/]\w+`,
    String.raw`(?<![\w.])/home/[a-z]\w*/`,
    String.raw`registry\.npm(?:js|mirror)\.\w+`,
    String.raw`\bdeb\.debian\.org`,
    String.raw`\bftp\.\w+\.debian\.org`,
  ].join('|'),
  'g',
);

const noMachine: Rule = {
  says: 'no file knows the machine or the mirror it was written on',
  looksAt: TEXT,
  complaints: ({ path, text }) => (path === 'LICENSE' ? [] : matches(text, MACHINE, 'find it out when it runs')),
  bad: [
    { path: 'scripts/x', text: `cd ~/wo~rk/main` },
    { path: 'package-lock.json', text: `"resolved": "https://~registry.npm~js.org/x"` },
    { path: 'scripts/x', text: `http://~deb.deb~ian.org/debian` },
  ],
  good: [{ path: 'scripts/x', text: 'cd "$PROJECT/network/wo~rk/x"; npm config get registry' }],
};

const shellScripts: Rule = {
  says: 'every script stops at the first failure and says what it is for',
  looksAt: /^(scripts\/[a-z-]+|\.ci\/run|cluster-compose\/entrypoint)$/,
  complaints: ({ text }) => [
    ...(text.startsWith('#!/usr/bin/env bash\n# ') ? [] : ['begins with `#!/usr/bin/env bash` and a comment']),
    ...(text.includes('\nset -euo pipefail\n') ? [] : ['has no `set -euo pipefail`']),
  ],
  bad: [{ path: 'scripts/x', text: '#!/bin/bash\necho\n' }],
  good: [{ path: 'scripts/x', text: '#!/usr/bin/env bash\n# Says x.\nset -euo pipefail\necho x\n' }],
};

export const RULES: readonly Rule[] = [
  headerProse,
  fileNames,
  identifiers,
  replicationWords,
  unfinished,
  everyTestRuns,
  testsDoNotTime,
  waitsHaveALimit,
  oneHeading,
  noMachine,
  shellScripts,
];
