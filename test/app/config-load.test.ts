import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faultText } from '../../src/app/config/findings.js';
import { loadConfig } from '../../src/app/config/load.js';
import { faultsOf, load, notes, warnings, writeConfig, writeText } from './config-files.js';

describe('files', () => {
  test('later files override earlier ones key by key; those that do not exist are passed over', async () => {
    const first = await writeConfig({
      InstancePollSeconds: 3,
      DefaultInstancePort: 3307,
      ClusterNameToAlias: { a: 'b' },
    });
    const second = await writeConfig({ InstancePollSeconds: 1 });
    const standardFiles = [first, '/nowhere/orchestrator.conf.json', second];
    const loaded = await loadConfig({ file: null, environment: {}, standardFiles });
    expect(loaded.ok && loaded.value.files).toEqual([first, second]);
    expect(loaded.ok && loaded.value.config.probing.intervalMs).toBe(1000);
    expect(loaded.ok && loaded.value.config.mysql.defaultPort).toBe(3307);
  });

  test('--config means that file only, and it has to exist', async () => {
    const loaded = await loadConfig({ file: '/nowhere/a.json', environment: {} });
    expect(loaded).toEqual({ ok: false, error: [{ key: null, text: '/nowhere/a.json does not exist' }] });
  });

  test('without any file the defaults hold, and the node says so', async () => {
    const loaded = await loadConfig({ file: null, environment: {}, standardFiles: ['/nowhere/a.json'] });
    expect(loaded.ok && loaded.value.config.http.listen).toEqual({ host: null, port: 3000 });
    expect(loaded.ok && warnings(loaded.value)[0]).toContain('no configuration file was found (/nowhere/a.json)');
  });

  test.each([
    ['{\n  "MySQLTopologyPassword": sesame\n}', 'line 2, column 28: expected a value'],
    ['{"MySQLTopologyPassword": "sesame",}', 'column 36: expected a key in double quotes'],
    ['{"MySQLTopologyPassword": "sesame" "Debug": true}', 'column 36: expected "," or "}"'],
    ['{"MySQLTopologyPassword": "sesame"', 'expected "," or "}"'],
    ['{"MySQLTopologyPassword": "sesame"} x', 'column 37: expected the end of the file'],
    ['{"MySQLTopologyPassword": 01}', 'expected a value'],
    ['["MySQLTopologyPassword", "sesame"]', 'does not hold an object'],
  ])('%s is reported with its place and without its text', async (text, expected) => {
    const file = await writeText('broken.json', text);
    const loaded = await loadConfig({ file, environment: {} });
    const said = loaded.ok ? '' : loaded.error.map(faultText).join();
    expect(said).toContain(file);
    expect(said).toContain(expected);
    expect(said).not.toContain('sesame');
  });
});

describe('values', () => {
  test('all wrong keys are reported at once, with what was given and what is allowed', async () => {
    const faults = await faultsOf({
      InstancePollSeconds: '5s',
      DefaultInstancePort: 70_000,
      RecoverMasterClusterFilters: ['*prod'],
      ListenAddress: 'here',
      DiscoverySeeds: ['a b'],
      HTTPAdvertise: 'http://node1:3000/path',
    });
    expect(faults).toHaveLength(6);
    const text = faults.join('\n');
    expect(text).toMatch(/InstancePollSeconds: "5s" was given \(.*\); allowed: a number of seconds from 0.05 to 3600/);
    expect(text).toMatch(/DefaultInstancePort: 70000 was given .*allowed: a whole number from 1 to 65535/);
    expect(text).toMatch(/RecoverMasterClusterFilters: \["\*prod"\] was given .*"\*prod" is not a regular expression/);
    expect(text).toMatch(/ListenAddress: "here" was given .*allowed: host:port, or :port/);
    expect(text).toMatch(/DiscoverySeeds: "a b" is one of its entries; allowed: host or host:port/);
    expect(text).toMatch(/HTTPAdvertise: "http:\/\/node1:3000\/path" was given .*without a path/);
  });

  test('a secret of the wrong type is not quoted', async () => {
    const [fault] = await faultsOf({ MySQLTopologyPassword: ['sesame'] });
    expect(fault).toContain('MySQLTopologyPassword: a value that is not shown was given');
    expect(fault).not.toContain('sesame');
  });

  test('null is no value, and letters may be small or capital', async () => {
    const { config } = await load({ instancepollseconds: 0.25, ListenAddress: null });
    expect(config.probing.intervalMs).toBe(250);
    expect(config.http.listen).toEqual({ host: null, port: 3000 });
  });

  test('an unknown key warns and names the one that was meant', async () => {
    const said = warnings(await load({ InstancePolSeconds: 1, Zebra: 1, MaintenanceOwner: 'x' })).join('\n');
    expect(said).toMatch(
      /InstancePolSeconds in .* is not a known setting and is ignored; is InstancePollSeconds meant\?/,
    );
    expect(said).toMatch(/Zebra in .* is ignored$/m);
    expect(said).not.toContain('MaintenanceOwner');
  });

  test('the configuration is frozen all through', async () => {
    const { config } = await load({ DiscoverySeeds: ['db1', 'db2:3307'] });
    expect(config.probing.seeds).toEqual([
      { host: 'db1', port: 3306 },
      { host: 'db2', port: 3307 },
    ]);
    expect(Object.isFrozen(config.probing.seeds[0])).toBe(true);
    expect(Object.isFrozen(config.raft.members)).toBe(true);
  });

  test('no filters: said loudly; with filters it is silent', async () => {
    expect(warnings(await load({})).join()).toContain('NO AUTOMATIC RECOVERY');
    const { remarks, config } = await load({ RecoverMasterClusterFilters: ['*'] });
    expect(remarks.map(({ text }) => text).join()).not.toContain('NO AUTOMATIC RECOVERY');
    expect(config.recovery.primaryFilters).toEqual([{ kind: 'every' }]);
  });

  test.each([
    [{}, 3_600_000],
    [{ RecoveryPeriodBlockSeconds: 30 }, 30_000],
    [{ RecoveryPeriodBlockMinutes: 5 }, 3_600_000],
    [{ RecoveryPeriodBlockMinutes: 5, RecoveryPeriodBlockSeconds: 0 }, 300_000],
    [{ RecoveryPeriodBlockSeconds: 0 }, 0],
  ])('%j blocks recoveries for %i ms', async (content, expected) => {
    expect((await load(content)).config.recovery.blockMs).toBe(expected);
  });

  test('servers that are never promoted are patterns, and a wrong one is found at the start', async () => {
    const { config } = await load({ PromotionIgnoreHostnameFilters: ['^backup'] });
    expect(config.recovery.neverPromote).toEqual([/^backup/]);
    const faults = await faultsOf({ PromotionIgnoreHostnameFilters: ['^backup', '('] });
    expect(faults.join()).toContain('"(" is not a regular expression: Unterminated group');
  });

  test('the path of everything is written one way', async () => {
    expect((await load({ URLPrefix: 'orchestrator/' })).config.http.urlPrefix).toBe('/orchestrator');
    expect((await load({ URLPrefix: '/' })).config.http.urlPrefix).toBe('');
  });
});

describe('settings that are not obeyed', () => {
  test('backend keys are answered with one line', async () => {
    const loaded = await load({ MySQLOrchestratorHost: 'db', MySQLOrchestratorPort: 3306, BackendDB: 'mysql' });
    const said = notes(loaded).filter((text) => text.includes('no backend'));
    expect(said).toEqual([
      'BackendDB, MySQLOrchestratorHost, MySQLOrchestratorPort: no backend database is needed; the Raft log holds the state',
    ]);
  });

  test('what is not supported yet is said once, and only where it was asked for', async () => {
    const asked = await load({ ServeAgentsHttp: true, AutoPseudoGTID: true, ConsulAddress: '', OAuthClientId: 'x' });
    expect(warnings(asked)).toContainEqual('ServeAgentsHttp, AutoPseudoGTID: not supported yet; ignored');
    expect(notes(asked)).toContainEqual('OAuthClientId: accepted, without effect');
  });

  test('basic authentication without a user asks nobody, and says so', async () => {
    const loaded = await load({ AuthenticationMethod: 'Basic' });
    expect(loaded.config.http.authentication).toEqual({ method: 'none' });
    expect(warnings(loaded).join()).toContain('NOBODY IS ASKED');
    const asking = await load({ AuthenticationMethod: 'basic', HTTPAuthUser: 'admin', HTTPAuthPassword: 'sesame' });
    expect(asking.config.http.authentication).toMatchObject({ method: 'basic', user: 'admin' });
  });
});

describe('authentication', () => {
  test('takes the methods of the incumbent, and warns of doors that look shut', async () => {
    const multi = await load({ AuthenticationMethod: 'Multi', HTTPAuthUser: 'admin', HTTPAuthPassword: 'sesame' });
    expect(multi.config.http.authentication).toMatchObject({ method: 'multi', user: 'admin' });
    const proxy = await load({ AuthenticationMethod: 'proxy', AuthUserHeader: 'X-User', PowerAuthGroups: ['dba'] });
    expect(proxy.config.http.authentication).toEqual({
      method: 'proxy',
      userHeader: 'x-user',
      power: { users: ['*'], groups: ['dba'] },
      admins: null,
    });
    expect(warnings(proxy).join()).toContain('WHOEVER REACHES port 3000');
    expect(warnings(await load({ AuthenticationMethod: 'token' })).join()).toContain('nobody can issue');
    expect(await faultsOf({ AuthenticationMethod: 'proxy', AuthUserHeader: 'a b' })).toHaveLength(1);
    expect(await faultsOf({ AuthenticationMethod: 'oauth' })).toHaveLength(1);
  });
});

describe('TLS of the doors', () => {
  const pem = (name: string): string =>
    fileURLToPath(new URL(`../adapters/http/certificates/${name}.pem`, import.meta.url));
  const files = { SSLCertFile: pem('nodes'), SSLPrivateKeyFile: pem('nodes-key'), SSLCAFile: pem('authority') };

  test('is read with its files, and other nodes are told https', async () => {
    const { config } = await load({ UseSSL: true, ...files, UseMutualTLS: true, SSLValidOUs: ['nodes', 'dba'] });
    expect(config.http.advertiseUrl).toMatch(/^https:/);
    expect(config.http.tls).toMatchObject({ mutual: { validUnits: ['nodes', 'dba'], healthToo: false } });
    expect(config.http.tls?.certificate).toContain('BEGIN CERTIFICATE');
  });

  test('is refused with what would keep everybody out', async () => {
    expect(await faultsOf({ UseSSL: true })).toHaveLength(2);
    expect(await faultsOf({ UseMutualTLS: true })).toHaveLength(1);
    expect(await faultsOf({ UseSSL: true, ...files, SSLCAFile: '', UseMutualTLS: true })).toHaveLength(1);
    const other = await faultsOf({ UseSSL: true, ...files, SSLPrivateKeyFile: pem('dba-key') });
    expect(other.join()).toContain('is not the key of');
    expect((await faultsOf({ UseSSL: true, ...files, SSLCertFile: '/nowhere.pem' })).join()).toContain('ENOENT');
  });

  test('warns when the node itself would be refused, and when everybody with a certificate may come in', async () => {
    const strict = await load({ UseSSL: true, ...files, UseMutualTLS: true, SSLValidOUs: ['dba'] });
    expect(warnings(strict).join()).toContain('the other nodes will refuse');
    expect(warnings(await load({ UseSSL: true, ...files, UseMutualTLS: true })).join()).toContain(
      'SSLValidOUs is empty',
    );
  });
});

describe('settings that are wrong together', () => {
  test.each([
    [{ SlaveLagQuery: 'select 1', ReplicationLagQuery: 'select 2' }, 'SlaveLagQuery'],
    [
      { PostponeSlaveRecoveryOnLagMinutes: 1, PostponeReplicaRecoveryOnLagMinutes: 2 },
      'PostponeSlaveRecoveryOnLagMinutes',
    ],
    [
      { FailMasterPromotionIfSQLThreadNotUpToDate: true, DelayMasterPromotionIfSQLThreadNotUpToDate: true },
      'FailMasterPromotionIfSQLThreadNotUpToDate',
    ],
    [{ FailMasterPromotionOnLagMinutes: 1 }, 'FailMasterPromotionOnLagMinutes'],
    [{ DeadInstancePollSecondsMultiplyFactor: 0.5 }, 'DeadInstancePollSecondsMultiplyFactor'],
    [{ DeadInstancePollSecondsMax: 1 }, 'DeadInstancePollSecondsMax'],
    [{ ListenAddress: ':3001' }, 'GRPCListenAddress'],
  ])('%j', async (content, key) => {
    const faults = await faultsOf(content);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${key}: `));
  });

  test('old and new names with the same value are fine', async () => {
    expect(await faultsOf({ SlaveLagQuery: 'select 1', ReplicationLagQuery: 'select 1' })).toEqual([]);
  });

  test('a port that agents used is pointed out', async () => {
    expect(warnings(await load({ AgentsServerPort: ':3001' })).join()).toContain('port 3001, AgentsServerPort');
    const elsewhere = await load({ AgentsServerPort: ':3001', GRPCListenAddress: ':3010' });
    expect(warnings(elsewhere).join()).not.toContain('AgentsServerPort');
  });
});

test('patterns that could take for ever are named, in whichever form a setting has them', async () => {
  const said = warnings(
    await load({
      DataCenterPattern: '([a-z]+-?)+$',
      RecoverMasterClusterFilters: ['^(a|a)+b'],
      DiscoveryIgnoreHostnameFilters: ['10.0.0.1', '(.*)*:3306', 'db[.]example[.]com'],
      ClusterNameToAlias: { '(.+[.])+com$': 'shop' },
    }),
  ).filter((text) => text.includes('could take for ever'));
  expect(said.map((text) => text.slice(0, text.indexOf(':'))).sort()).toEqual([
    'ClusterNameToAlias',
    'DataCenterPattern',
    'DiscoveryIgnoreHostnameFilters',
    'RecoverMasterClusterFilters',
  ]);
});

test('the sample file is fine', async () => {
  const file = new URL('../../conf/orchestrator-sample.conf.json', import.meta.url).pathname;
  const loaded = await loadConfig({ file, environment: { ORCHESTRATOR_MYSQL_PASSWORD: 'sesame' } });
  expect(loaded.ok && warnings(loaded.value)).toEqual([]);
  expect(loaded.ok && loaded.value.config.raft.members).toHaveLength(3);
});
