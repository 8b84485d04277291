import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/app/cli/command-line.js';
import { checkConfig } from '../../src/app/cli/config-check.js';
import { GRANTS, grantStatements, parseServerKind } from '../../src/app/cli/grants.js';
import { helpText } from '../../src/app/cli/help.js';
import { asClientCall, type ClientCall, notDone } from '../../src/app/cli/redirect.js';
import { CLIENT_OPTIONS, type ClientOption, parseOptions } from '../../src/app/client/options.js';
import { writeConfig } from './config-files.js';

function asCall(...argv: string[]): ClientCall {
  const request = parseCommandLine(argv);
  if (!request.ok || request.value.verb !== 'command') throw new Error('not a command');
  return asClientCall(request.value.command, request.value.options);
}

describe('a command of the incumbent', () => {
  test.each([
    [
      ['-c', 'relocate', '-i', 'db1:3306', '-s', 'db2', '--config', 'a.json'],
      ['-i', 'db1:3306', '-d', 'db2'],
    ],
    [
      ['-c', 'begin-downtime', '-i', 'db1', '--reason', "it's me", '--duration', '1h'],
      ['-i', 'db1', '-r', "it's me", '-u', '1h'],
    ],
    [
      ['cli', '-c', 'graceful-master-takeover', '--alias', 'shop', '--noop'],
      ['-a', 'shop', '--dry-run'],
    ],
    [['-c', 'clusters', '--debug', '--ignore-raft-setup'], []],
    [
      ['-c', 'find', '--pattern', 'db.*', '--watch=5', '--no-color'],
      ['--pattern', 'db.*', '--watch=5', '--no-color'],
    ],
    [
      ['-c', 'purge-binary-logs', '-i', 'db1', '--binlog', 'binlog.000012', '--watch'],
      ['-i', 'db1', '-n', 'binlog.000012', '--watch'],
    ],
  ])("%j is the client's, with the options under its names", (argv, passed) => {
    const command = argv[argv.indexOf('-c') + 1] ?? '';
    expect(asCall(...argv)).toEqual({ argv: ['-c', command, ...passed], unknown: [] });
  });

  test.each(Object.entries<ClientOption>(CLIENT_OPTIONS).filter(([name]) => name !== 'command'))(
    'may have the option %s by every word that its help shows',
    (_name, { letters, names, value }) => {
      for (const word of [...Array.from(letters, (letter) => `-${letter}`), ...names.map((name) => `--${name}`)]) {
        const given = value === null || value.startsWith('[') ? [word] : [word, 'x'];
        const { argv, unknown } = asCall('-c', 'topology', ...given);
        const both = [parseOptions(argv), parseOptions(['-c', 'topology', ...given])];
        expect([both[0], unknown], word).toEqual([both[1], []]);
      }
    },
  );

  test('with options that the client does not have is not done', () => {
    const call = asCall('-c', 'relocate-replicas', '--from', 'http://old:3000');
    expect(call.unknown).toEqual(['--from']);
    expect(notDone('relocate-replicas', call)).toContain('knows no --from: relocate-replicas was not done');
  });
});

describe('config check', () => {
  async function check(content: object): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const terminal = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
    return { code: await checkConfig({ file: await writeConfig(content), environment: {} }, terminal), ...said };
  }

  test('prints every fault and fails', async () => {
    const { code, out, err } = await check({ InstancePollSeconds: 0, Debug: 1 });
    expect(code).toBe(1);
    expect(out).not.toContain('a node can start');
    expect(err).toMatch(
      /^the configuration cannot be used: 2 things are wrong\n {2}InstancePollSeconds: 0 .*\n {2}Debug: 1 /,
    );
  });

  test('prints in one go what is wrong, what is not known, and what does nothing', async () => {
    const content = {
      InstancePollSeconds: 0,
      InstancePolSeconds: 5,
      RecoveryPollSeconds: 10,
      MySQLOrchestratorHost: 'db',
    };
    const { code, out, err } = await check({ ...content, Zebra: true });
    expect(code).toBe(1);
    expect(err).toMatch(/^the configuration cannot be used: one thing is wrong\n {2}InstancePollSeconds: 0 /);
    expect(out).toMatch(/^warning: InstancePolSeconds in \S+ is not a known .*; is InstancePollSeconds meant\?$/m);
    expect(out).toMatch(/^warning: Zebra in \S+ is not a known setting and is ignored$/m);
    expect(out).toMatch(/^note: RecoveryPollSeconds in \S+ is not a setting any more, in the incumbent either/m);
    expect(out).toMatch(/^note: MySQLOrchestratorHost: no backend database is needed/m);
  });

  test('has nothing to say of what the incumbent once knew, and no suggestion that is far off', async () => {
    const former = ['HealthPollSeconds', 'ConsulMaxTransactionOps', 'ConsulKVsPerCluster', 'AgentHttpTimeoutSeconds'];
    const { code, out } = await check(Object.fromEntries([...former, 'ConsulTimeoutSeconds'].map((name) => [name, 1])));
    expect(code).toBe(0);
    for (const name of former) expect(out).toMatch(new RegExp(`^note: ${name} in \\S+ is not a setting any more`, 'm'));
    expect(out).toMatch(/^warning: ConsulTimeoutSeconds in \S+ is not a known setting and is ignored$/m);
  });

  test('takes comments as the samples of the incumbent have them, many of one key', async () => {
    const file = await writeConfig({});
    await writeFile(file, '{"#": "-----", "#": "recovery:", "#": "-----", "RecoverMasterClusterFilters": ["*"]}');
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    expect(await checkConfig({ file, environment: {} }, { out: say, err: say })).toBe(0);
    expect(said.join('')).not.toContain('"#"');
    expect(said.join('')).not.toContain('not a known setting');
  });

  test('prints what a node would say, and succeeds', async () => {
    const { code, out } = await check({ MySQLTopologyUser: 'o', MySQLOrchestratorHost: 'db' });
    expect(code).toBe(0);
    expect(out).toContain('note: MySQLOrchestratorHost: no backend database is needed');
    expect(out).toContain('warning: RecoverMasterClusterFilters is empty');
    expect(out).toMatch(/orchestrator\.conf\.json: a node can start with this\n$/);
  });
});

describe('grants', () => {
  test('are those of the account that the containers and the tests use', async () => {
    const users = await readFile(new URL('../../cluster-compose/mysql/users.sql', import.meta.url), 'utf8');
    const granted = [...users.matchAll(/^GRANT (.+) ON (\S+) TO 'orchestrator'/gm)].map((match) => [
      match[1],
      match[2],
    ]);
    expect(GRANTS.map(({ privilege, on }) => [privilege, on])).toEqual(granted);
  });

  test.each([
    ['9.7', 'MySQL 8.0 and later', ['REPLICATION_SLAVE_ADMIN', 'performance_schema'], ['SUPER']],
    ['percona-8.0', 'MySQL 8.0 and later', ['CONNECTION_ADMIN'], ['SUPER']],
    ['5.7.44', 'MySQL 5.7', ['SUPER', 'performance_schema'], ['_ADMIN']],
    [
      '5.6',
      'MySQL 5.6',
      ['SUPER', 'mysql.slave_master_info', "CREATE USER 'o'"],
      ['_ADMIN', 'performance_schema', 'IF NOT'],
    ],
    ['10.11', 'MariaDB 10.5', ['REPLICA MONITOR', 'READ_ONLY ADMIN', 'BINLOG MONITOR'], ['SUPER', 'slave_master_info']],
    ['mariadb-10.4', 'MariaDB up to 10.4', ['SUPER', 'REPLICATION CLIENT'], ['MONITOR']],
  ])('of %s are in its own words', (version, named, has, lacks) => {
    const kind = parseServerKind(version);
    if (!kind.ok) throw new Error(kind.error);
    const text = grantStatements('o', kind.value);
    for (const word of [named, ...has]) expect(text).toContain(word);
    for (const word of lacks) expect(text).not.toContain(word);
  });

  test('name what a rebuild needs besides, and do not give it', () => {
    const text = grantStatements('o');
    for (const right of ['SYSTEM_USER ON *.*', 'BACKUP_ADMIN ON *.*', 'CLONE_ADMIN ON *.*', 'INSERT ON mysql.plugin']) {
      expect(text).toContain(`-- GRANT ${right} TO 'o'@'%';`);
    }
    expect(text).not.toMatch(/^GRANT .*(?:CLONE_ADMIN|BACKUP_ADMIN)/m);
    for (const version of ['5.7.44', '8.0.16', '10.11']) {
      const kind = parseServerKind(version);
      expect(kind.ok && grantStatements('o', kind.value)).not.toContain('CLONE');
    }
  });

  test('are not made up for what is no version', () => {
    expect(parseServerKind('newest')).toMatchObject({ ok: false, error: expect.stringContaining('8.0') as unknown });
  });

  test('name the account safely, and no password', () => {
    const text = grantStatements("o'x");
    expect(text).toContain("CREATE USER IF NOT EXISTS 'o''x'@'%' IDENTIFIED BY '<password>';");
    expect(text.match(/^-- for (?!replicas to log in)/gm)).toHaveLength(GRANTS.length);
  });
});

describe('help', () => {
  test('has examples and the exit codes; a topic has a page of its own', () => {
    expect(helpText(null)).toMatch(/Examples:\n {2}orchestrator --config [\s\S]*Exit codes:/);
    expect(helpText('http')).toContain('SIGTERM');
    expect(helpText('zebra')).toBe(helpText(null));
  });

  test('every example is a call that is understood', () => {
    const [, shown = ''] = /Examples:\n([\s\S]*?)\n\n/.exec(helpText(null)) ?? [];
    const examples = [...shown.matchAll(/^ {2}(?:\w+=\w+ )?orchestrator ([^|>\n]*)/gm)];
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      const words = (example[1] ?? '').trim().split(' ');
      expect(parseCommandLine(words), example[0]).toMatchObject({ ok: true });
    }
  });
});
