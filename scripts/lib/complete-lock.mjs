// Completes package-lock.json: node scripts/lib/complete-lock.mjs [--check], after every `npm install`.
//
// A registry need not have a package's builds for platforms that it does not serve. npm then leaves them out of the lock
// file that it writes, and `npm ci` refuses that file everywhere. Their versions are exact in the package that wants
// them, and their names say for which platform they are: enough for an entry, by which npm passes over them elsewhere.
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/** From a name such as `@scope/binding-linux-arm-musleabihf`; undefined when it names no platform. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = Object.keys(PROCESSORS).find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined;
  return { os: [os], cpu: [PROCESSORS[cpu]], ...(libc === undefined ? {} : { libc }) };
}

/** Where Node would look for `name` from the package at `from`, nearest first. */
function placesFor(from, name) {
  const places = [];
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    places.push(`${at === '' ? '' : `${at}/`}node_modules/${name}`);
    if (at === '') return places;
  }
}

const file = new URL('../../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (placesFor(path, name).some((place) => place in lock.packages)) continue;
    const platform = platformOf(name);
    if (platform === undefined || !/^\d/.test(version))
      throw new Error(`${path} wants ${name}@${version}, which is not in the lock file`);
    missing.push([
      `node_modules/${name}`,
      { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true },
    ]);
  }
}

if (process.argv.includes('--check')) {
  for (const [path] of missing) console.error(`missing in package-lock.json: ${path}`);
  process.exit(missing.length === 0 ? 0 : 1);
}
const [root, ...packages] = [...Object.entries(lock.packages), ...missing];
packages.sort(([one], [other]) => one.localeCompare(other, 'en'));
lock.packages = Object.fromEntries([root, ...packages]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} entries added`);
