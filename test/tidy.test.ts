// Style that a linter cannot see, kept by a test. Each rule is a function from a file to complaints and has a test of its
// own, so that a rule that has stopped catching anything is noticed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../tools/lab/project-root.js';
import { deadLinks } from './support/page-links.js';
import { RULES, type ProjectFile, type Rule } from './support/tidy-rules.js';

/** git refuses a tree that belongs to another user, which is harmless for a list of names. */
const ANY_OWNER = ['-c', 'safe.directory=*'];

const BINARY = /\.(png|ico|woff2?|gz)$/;

/** Tracked files and new ones that are not ignored; without git, a packed source tree has nothing to be checked. */
function projectFiles(): ProjectFile[] {
  const listed = execFileSync('git', [...ANY_OWNER, 'ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((path) => path !== '')
    .flatMap((path) => {
      try {
        const bytes = readFileSync(join(PROJECT_ROOT, path));
        return [{ path, text: BINARY.test(path) ? '' : bytes.toString('utf8') }];
      } catch {
        return []; // deleted, not yet committed
      }
    });
}

const files = projectFiles();

describe('the project is tidy', () => {
  it('has files to look at', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  for (const rule of RULES) {
    it(rule.says, () => {
      const complaints = files
        .filter(({ path }) => rule.looksAt.test(path))
        .flatMap((file) => rule.complaints(file).map((complaint) => `${file.path}: ${complaint}`));
      expect(complaints).toEqual([]);
    });
  }
});

describe('the links of the pages', () => {
  it('lead somewhere, and the files that are named are there', () => {
    expect(deadLinks(files)).toEqual([]);
  });

  it('are found dead when they are', () => {
    const page = { path: 'docs/one.md', text: '# One\n\n## Why, and `how`\n' };
    const code = { path: 'src/core/base/rng.ts', text: '' };
    const complaintsAbout = (text: string): readonly string[] => deadLinks([page, code, { path: 'README.md', text }]);
    const alive =
      '[a](docs/one.md#why-and-how) [b](docs) [c](#here) [d](https://example.com) `core/base/rng.ts` `src/core/`';
    expect(complaintsAbout(`# Here\n\n${alive}\n`)).toEqual([]);
    for (const dead of [
      '[a](one.md)',
      '[a](docs/one.md#whence)',
      '[a](#there)',
      '`core/base/rgn.ts`',
      '`test/core/`',
    ]) {
      expect(complaintsAbout(`# Here\n\n${dead}\n`), dead).toHaveLength(1);
    }
  });
});

describe('each rule', () => {
  const complaintsOf = (rule: Rule, example: ProjectFile): string[] => {
    const file = { path: example.path.replaceAll('~', ''), text: example.text.replaceAll('~', '') };
    return rule.looksAt.test(file.path) ? rule.complaints(file) : [];
  };

  for (const rule of RULES) {
    it(`catches what it is for: ${rule.says}`, () => {
      for (const bad of rule.bad) expect(complaintsOf(rule, bad), bad.text).not.toEqual([]);
      for (const good of rule.good) expect(complaintsOf(rule, good), good.text).toEqual([]);
    });
  }
});
