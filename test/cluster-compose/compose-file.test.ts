// No container engine runs where the tests run: the compose file is held against the compose specification's schema and
// against what the entry point, the Dockerfile and the servers' configuration say.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GRANTS } from '../../src/app/cli/grants.js';
import { PROJECT_ROOT } from '../../tools/lab/project-root.js';

interface Service {
  readonly image: string;
  readonly hostname: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8');
const compose = parse(read('cluster-compose/compose.yaml'), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);
const nodes = services.filter(([name]) => name.startsWith('orchestrator-'));
const servers = services.filter(([name]) => !name.startsWith('orchestrator-'));

/** What dclint, which holds a file against the specification's JSON schema, calls an error. */
function errorsOf(file: string): string[] {
  const root = dirname(createRequire(import.meta.url).resolve('dclint/package.json'));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'dclint.cjs'), '--formatter', 'json', file],
    {
      encoding: 'utf8',
    },
  );
  if (status === null) throw new Error('dclint did not run');
  const [report] = JSON.parse(stdout) as { messages: { type: string; rule: string; message: string }[] }[];
  const errors = report?.messages.filter(({ type }) => type === 'error') ?? [];
  return errors.map(({ rule, message }) => `${rule}: ${message}`);
}

describe('compose.yaml', () => {
  it('is valid by the compose specification', () => {
    expect(errorsOf(join(PROJECT_ROOT, 'cluster-compose', 'compose.yaml'))).toEqual([]);
  });

  it('would be found invalid if it were', () => {
    const directory = mkdtempSync(join(tmpdir(), 'compose-'));
    const file = join(directory, 'compose.yaml');
    writeFileSync(file, read('cluster-compose/compose.yaml').replace('hostname: main', 'hostnme: main'));
    expect(errorsOf(file).join()).toContain('invalid-schema');
    rmSync(directory, { recursive: true });
  });

  it('has three nodes, a primary and two replicas', () => {
    expect(nodes.map(([name]) => name)).toEqual(['orchestrator-1', 'orchestrator-2', 'orchestrator-3']);
    expect(servers.map(([name]) => name)).toEqual(['main', 'read-replica-1', 'read-replica-2']);
  });

  it('tells every node about all nodes, under the names they have', () => {
    const addresses = nodes.map(([name]) => `${name}:10008`);
    for (const [name, { hostname, environment }] of nodes) {
      expect(hostname).toBe(name);
      expect(environment['NODE_ADDRESS']).toBe(`${name}:10008`);
      expect(environment['NODE_PEERS']?.split(',')).toEqual(addresses);
      expect(environment['NODE_SEEDS']).toBe('main:3306');
    }
  });

  it('sets only variables that the entry point knows', () => {
    const entrypoint = read('cluster-compose/entrypoint');
    for (const [, { environment }] of nodes) {
      for (const variable of Object.keys(environment)) expect(entrypoint).toContain(`env.${variable}`);
    }
  });

  it('lets every server report the name it has, with a server id of its own', () => {
    const commands = servers.map(([name, { command }]) => ({ name, command: command ?? [] }));
    for (const { name, command } of commands) expect(command).toContain(`--report-host=${name}`);
    const ids = commands.flatMap(({ command }) => command.filter((word) => word.startsWith('--server-id=')));
    expect(new Set(ids).size).toBe(servers.length);
    expect(compose.services['main']?.command).not.toContain('--read-only=ON');
    for (const { command } of commands.slice(1)) expect(command).toContain('--read-only=ON');
  });

  it('mounts files that exist and volumes that are declared', () => {
    for (const [, { volumes }] of services) {
      for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
        if (source.startsWith('./'))
          expect(existsSync(join(PROJECT_ROOT, 'cluster-compose', source)), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('publishes each node under a port of its own', () => {
    const published = nodes.flatMap(([, { ports }]) => ports ?? []);
    expect(new Set(published).size).toBe(nodes.length);
  });
});

describe('the image', () => {
  const dockerfile = read('cluster-compose/Dockerfile');

  it('copies files that exist', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words]) =>
      (words ?? '').split(' '),
    );
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) expect(existsSync(join(PROJECT_ROOT, source)), source).toBe(true);
  });

  it('copies everything that dist/ is made from', () => {
    const inputs = /sources_digest\(\) \{\s*digest_of ([^}]+)/
      .exec(read('scripts/lib/built.sh'))?.[1]
      ?.trim()
      .split(/\s+/);
    expect(inputs).toContain('src');
    for (const input of inputs ?? []) expect(dockerfile).toContain(input);
  });

  it('starts at the entry point, which is there', () => {
    const entrypoint = /^ENTRYPOINT \["\/app\/(.+)"\]$/m.exec(dockerfile)?.[1] ?? '';
    expect(existsSync(join(PROJECT_ROOT, entrypoint))).toBe(true);
  });
});

describe('the account', () => {
  const granted = [
    ...read('cluster-compose/mysql/users.sql').matchAll(/^GRANT (.+) ON (.+) TO 'orchestrator'@'%';$/gm),
  ].map(([, privilege, on]) => `${privilege ?? ''} ON ${on ?? ''}`);

  it('has the grants that `orchestrator grants` prints, and no other', () => {
    expect(granted.toSorted()).toEqual(GRANTS.map(({ privilege, on }) => `${privilege} ON ${on}`).toSorted());
  });

  it('has each grant explained to who sets it up', () => {
    const page = read('cluster-compose/README.md');
    for (const { privilege, on } of GRANTS) {
      expect(page).toContain(on === '*.*' ? `| \`${privilege}\` |` : `| \`${privilege}\` on \`${on}\` |`);
    }
  });
});
