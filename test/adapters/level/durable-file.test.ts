import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../../src/adapters/level/durable-file.js';

describe('a directory with its parents', () => {
  let place: string;

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'make-directory-'));
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  it('is made, and made again without harm', async () => {
    await makeDirectory(join(place, 'a', 'b', 'c'));
    await makeDirectory(join(place, 'a', 'b', 'c'));
    expect(existsSync(join(place, 'a', 'b', 'c'))).toBe(true);
  });

  it('is refused where no directory can be made, instead of being tried for ever', async () => {
    await expect(makeDirectory('/proc/nope/deeper')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused below a file', async () => {
    writeFileSync(join(place, 'file'), '');
    await expect(makeDirectory(join(place, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
