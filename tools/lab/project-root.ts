// The tools run from tools/ under vitest and from dist/tools/ under plain Node, at different depths: the project is the
// nearest folder above with a package.json.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function find(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const above = dirname(directory);
  if (above === directory) throw new Error(`no package.json above ${import.meta.url}`);
  return find(above);
}

export const PROJECT_ROOT = find(dirname(fileURLToPath(import.meta.url)));
