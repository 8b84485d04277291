import { describe, expect, test } from 'vitest';
import { faultText } from '../../src/app/config/findings.js';
import { type LoadedConfig, loadConfig } from '../../src/app/config/load.js';
import { writeText } from './config-files.js';

type Environment = Readonly<Record<string, string>>;

async function read(name: string, text: string, environment: Environment = {}): Promise<LoadedConfig | string> {
  const loaded = await loadConfig({ file: await writeText(name, text), environment });
  return loaded.ok ? loaded.value : loaded.error.map(faultText).join('\n');
}

async function faults(name: string, text: string, environment: Environment = {}): Promise<string> {
  const loaded = await read(name, text, environment);
  return typeof loaded === 'string' ? loaded : '';
}

async function config(text: string, environment: Environment = {}): Promise<LoadedConfig['config']> {
  const loaded = await read('a.yaml', text, environment);
  if (typeof loaded === 'string') throw new Error(loaded);
  return loaded.config;
}

describe('YAML', () => {
  test('holds the same keys as JSON, with comments, lists and maps', async () => {
    const { probing, mysql, classification } = await config(`
# who we are
MySQLTopologyUser: orc        # an account
MySQLTopologyPassword: "se#same"
DiscoverySeeds:
  - db1
  - db2:3307
InstancePollSeconds: 2.5
ClusterNameToAlias: { ^db1: main }
`);
    expect(probing.intervalMs).toBe(2500);
    expect(probing.seeds).toHaveLength(2);
    expect(mysql.password.reveal()).toBe('se#same');
    expect(classification.clusterAliases).toMatchObject([{ alias: 'main' }]);
  });

  test('words that older YAML takes for a truth are texts, and said to be wrong', async () => {
    expect(await faults('a.yml', 'RaftEnabled: yes')).toMatch(/^RaftEnabled: "yes" was given .*true or false$/);
  });

  test.each([
    ['MySQLTopologyPassword: "sesame', 'line 1, column 31: a character is missing'],
    ['Debug: true\n MySQLTopologyPassword: sesame', 'line 1, column 8: a value stands where its key should end'],
    ['MySQLTopologyPassword: !env sesame', 'line 1, column 24: this tag means nothing here'],
    ['MySQLTopologyPassword: *sesame', 'line 1, column 24: there is no anchor of that name before it'],
    ['MySQLTopologyPassword: sesame\n---\nDebug: true', 'line 2, column 1: a second document begins'],
    ['- MySQLTopologyPassword\n- sesame', 'does not hold an object'],
    ['sesame', 'does not hold an object'],
    ['', 'does not hold an object'],
  ])('%j is reported with its place and without its text', async (text, expected) => {
    const said = await faults('broken.yaml', text);
    expect(said).toContain('broken.yaml');
    expect(said).toContain(expected);
    expect(said).not.toContain('sesame');
  });

  test('a file that unfolds into a heap of values is refused', async () => {
    const line = (from: string, to: string): string => `${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]\n`;
    const bomb = `a: &a [1, 2]\n${line('a', 'b')}${line('b', 'c')}${line('c', 'd')}`;
    expect(await faults('a.yaml', bomb)).toContain('its aliases stand for more than 100 values');
  });
});

describe('a key that stands twice', () => {
  test.each([
    ['a.json', '{"InstancePollSeconds": 1,\n "InstancePollSeconds": 2}', '"InstancePollSeconds" at line 2, column 2'],
    ['a.yaml', 'InstancePollSeconds: 1\nInstancePollSeconds: 2', '"InstancePollSeconds" at line 2, column 1'],
    ['a.json', '{"ClusterNameToAlias": {"a": "b", "a": "c"}}', '"a" at line 1, column 35'],
    ['a.yaml', 'ClusterNameToAlias:\n  a: b\n  a: c', '"a" at line 3, column 3'],
    ['a.json', '{"Debug": true, "debug": false}', 'Debug: it stands twice in'],
    ['a.json', '{"Deb\\u0075g": true, "Debug": false}', '"Debug" at line 1, column 22'],
  ])('in %s: %s is a fault that names it', async (name, text, expected) => {
    expect(await faults(name, text)).toContain(expected);
  });

  test('is reported together with all else that is wrong', async () => {
    const said = await faults('a.json', '{"Debug": 1, "Debug": 2, "DefaultInstancePort": "x"}');
    expect(said.split('\n')).toHaveLength(3);
  });
});

describe('the environment', () => {
  test('stands for parts of texts, of entries of lists and of values of maps', async () => {
    const { probing, http, classification } = await config(
      'DiscoverySeeds: ["${DB}:3307", db2]\nURLPrefix: /${WHERE}/${WHERE}\nClusterNameToAlias: {a: "${DB}"}',
      { DB: 'db1', WHERE: 'x' },
    );
    expect(probing.seeds).toContainEqual({ host: 'db1', port: 3307 });
    expect(http.urlPrefix).toBe('/x/x');
    expect(classification.clusterAliases).toMatchObject([{ alias: 'db1' }]);
  });

  test('gives numbers, truths and lists where the whole value is a variable', async () => {
    const { probing } = await config('InstancePollSeconds: ${POLL}\nDiscoverySeeds: ${SEEDS}', {
      POLL: '2',
      SEEDS: '["db1"]',
    });
    expect(probing.intervalMs).toBe(2000);
    expect(probing.seeds).toEqual([{ host: 'db1', port: 3306 }]);
  });

  test('$${NAME} is ${NAME} itself, and what does not look like a variable stays', async () => {
    const { views } = await config('WebMessage: "$${DB} ${} ${1} $DB"');
    expect(views.webMessage).toBe('${DB} ${} ${1} $DB');
  });

  test('passwords are variables as a whole or not at all', async () => {
    const text = 'AuthenticationMethod: basic\nHTTPAuthUser: a\nHTTPAuthPassword: ';
    const passwordOf = async (written: string): Promise<string | null> => {
      const { authentication } = (await config(`${text}${written}`, { SECRET: 'sesame' })).http;
      return authentication.method === 'basic' ? authentication.password.reveal() : null;
    };
    expect(await passwordOf('${SECRET}')).toBe('sesame');
    expect(await passwordOf('a${SECRET}')).toBe('a${SECRET}');
  });

  test('commands are left to the shell, and keys without effect to nobody', async () => {
    const text = 'PostFailoverProcesses: ["echo ${failedHost}"]\nMySQLOrchestratorPassword: ${GONE}';
    expect(await faults('a.yaml', text)).toBe('');
  });

  test('a variable that is not set is a fault', async () => {
    const said = await faults('a.yaml', 'URLPrefix: /${GONE}\nWebMessage: ${AWAY}');
    expect(said).toMatch(/^URLPrefix: it refers to GONE .*not set/m);
    expect(said).toMatch(/^WebMessage: it refers to AWAY/m);
  });

  test('what it holds is not printed when it is wrong: it may be a password under a wrong name', async () => {
    const said = await faults('a.yaml', 'ListenAddress: ${SECRET}\nDataCenterPattern: (${SECRET}', {
      SECRET: 'open sesame',
    });
    expect(said).toMatch(/^ListenAddress: "\${SECRET}" was given .*environment.*wrong/m);
    expect(said).not.toContain('sesame');
  });
});
