import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faultText } from '../../src/app/config/findings.js';
import { CERTIFICATE_KEYS, LIVE_KEYS } from '../../src/app/config/keys/live-keys.js';
import { KEYS, keyNames } from '../../src/app/config/keys/keys.js';
import { LiveConfig } from '../../src/app/config/live.js';
import { loadConfig, type LoadOptions } from '../../src/app/config/load.js';
import { type Reloaded, reloadedText, Reloading } from '../../src/app/config/reload.js';
import { writeConfig, writeText } from './config-files.js';

const pem = (name: string): string =>
  fileURLToPath(new URL(`../adapters/grpc/certificates/${name}.pem`, import.meta.url));

interface Node {
  readonly live: LiveConfig;
  readonly changes: number[];
  write(content: object): Promise<void>;
  reload(extraFile?: string): Promise<Reloaded>;
}

async function node(content: object, more: Partial<LoadOptions> = {}): Promise<Node> {
  const file = await writeConfig(content);
  const options: LoadOptions = { file, environment: {}, resolve: () => Promise.reject(new Error('none')), ...more };
  const loaded = await loadConfig(options);
  if (!loaded.ok) throw new Error(loaded.error.map(faultText).join());
  const live = new LiveConfig(loaded.value.config);
  const reloading = new Reloading(options, loaded.value, live);
  const changes: number[] = [];
  live.subscribe(() => void changes.push(changes.length));
  return {
    live,
    changes,
    write: (next) => writeFile(file, JSON.stringify(next)),
    reload: (extraFile) => reloading.reload(extraFile ?? null),
  };
}

function done(reloaded: Reloaded): Extract<Reloaded, { ok: true }> {
  if (!reloaded.ok) throw new Error(reloaded.faults.map(faultText).join());
  return reloaded;
}

describe('reading the configuration again', () => {
  test('what may change is in force at once, for whoever was handed a part of it before', async () => {
    const { live, write, reload, changes } = await node({ InstancePollSeconds: 5 });
    const pace = live.following(({ probing }) => ({ pollMs: probing.intervalMs, twice: probing.intervalMs * 2 }));
    await write({ InstancePollSeconds: 1, RecoverMasterClusterFilters: ['*'] });
    const reloaded = done(await reload());
    expect(reloaded.changed).toEqual(['InstancePollSeconds', 'RecoverMasterClusterFilters']);
    expect(reloaded.needRestart).toEqual([]);
    expect({ ...pace }).toEqual({ pollMs: 1000, twice: 2000 });
    expect(live.config.recovery.primaryFilters).toEqual([{ kind: 'every' }]);
    expect(changes).toHaveLength(1);
  });

  test('a fault anywhere and nothing changes; every fault is told', async () => {
    const { live, write, reload, changes } = await node({ InstancePollSeconds: 5, MySQLTopologyUser: 'a' });
    await write({ InstancePollSeconds: 1, DefaultInstancePort: 'x', DiscoverySeeds: ['a b'] });
    const reloaded = await reload();
    expect(reloaded.ok ? [] : reloaded.faults.map(({ key }) => key)).toEqual(['DefaultInstancePort', 'DiscoverySeeds']);
    expect(live.config.probing.intervalMs).toBe(5000);
    expect(live.config.mysql.user).toBe('a');
    expect(changes).toEqual([]);
    await write({ InstancePollSeconds: 2 });
    expect(done(await reload()).changed).toEqual(['MySQLTopologyUser', 'InstancePollSeconds']);
  });

  test('certificates are read again from their files, and a pair that does not go together changes nothing', async () => {
    const text = (name: string): string => readFileSync(pem(name), 'utf8');
    const [cert, key] = [await writeText('own.pem', text('node')), await writeText('own-key.pem', text('node-key'))];
    const files = { RaftTLSCAFile: pem('authority'), RaftTLSCertFile: pem('node'), RaftTLSKeyFile: pem('node-key') };
    const tls = { UseSSL: true, SSLCertFile: cert, SSLPrivateKeyFile: key };
    const { live, write, reload } = await node({ ...tls, ...files });
    expect(done(await reload()).changed).toEqual([]);
    await writeFile(key, text('stranger-key'));
    const refused = await reload();
    const faults = refused.ok ? [] : refused.faults.map(faultText).join();
    expect(faults).toContain('is not the key of');
    expect(faults).not.toContain('PRIVATE KEY-----');
    expect(live.config.http.tls?.key.reveal()).toBe(text('node-key'));
    await writeFile(cert, text('stranger'));
    await write({ ...tls });
    const { changed, needRestart } = done(await reload());
    expect({ changed, needRestart }).toEqual({
      changed: ['SSLCertFile', 'SSLPrivateKeyFile'],
      needRestart: ['RaftTLSCAFile', 'RaftTLSCertFile', 'RaftTLSKeyFile'],
    });
    expect(live.config.http.tls?.certificate).toBe(text('stranger'));
    expect(live.config.raft.tls?.certificate).toBe(text('node'));
  });

  test('a file that cannot be read changes nothing either', async () => {
    const { live, reload } = await node({ InstancePollSeconds: 5 });
    const reloaded = await reload('/nowhere/more.json');
    expect(reloaded).toEqual({ ok: false, faults: [{ key: null, text: '/nowhere/more.json does not exist' }] });
    expect(done(await reload()).changed).toEqual([]);
    expect(live.config.probing.intervalMs).toBe(5000);
  });

  test('what needs a restart is named, keeps its value, and is named again until then', async () => {
    const { live, write, reload } = await node({ ListenAddress: ':3000', InstancePollSeconds: 5 });
    await write({ ListenAddress: ':4000', InstancePollSeconds: 1, DataCenter: 'dc2' });
    for (const changed of [['InstancePollSeconds'], []]) {
      const reloaded = done(await reload());
      expect(reloaded.changed).toEqual(changed);
      expect(new Set(reloaded.needRestart)).toEqual(new Set(['ListenAddress', 'DataCenter']));
      expect(reloadedText(reloaded)).toContain('only after a restart of this node: ');
    }
    expect(live.config.http.listen).toEqual({ host: null, port: 3000 });
    expect(live.config.mysql.defaultPort).toBe(3306);
    expect(live.config.probing.intervalMs).toBe(1000);
    await write({ ListenAddress: ':3000', InstancePollSeconds: 1 });
    expect(done(await reload()).needRestart).toEqual([]);
  });

  test('what would not go together with the values of the start is refused', async () => {
    const { live, write, reload } = await node({
      AuditPurgeDays: 7,
      DeadInstancePollSecondsMax: 40,
      InstancePollSeconds: 5,
    });
    await write({ DeadInstancePollSecondsMax: 4, InstancePollSeconds: 5 });
    expect((await reload()).ok).toBe(false);
    expect(live.config.probing.deadIntervalMaxMs).toBe(40_000);
  });

  test('a key that is taken out of the file has its default again', async () => {
    const { live, write, reload } = await node({ ReasonableReplicationLagSeconds: 60 });
    await write({});
    expect(done(await reload()).changed).toEqual(['ReasonableReplicationLagSeconds']);
    expect(live.config.lag.reasonableSeconds).toBe(10);
  });

  test("an administrator's file comes after the others, and stays", async () => {
    const { live, write, reload } = await node({ InstancePollSeconds: 5 });
    const extra = await writeText('more.yaml', 'InstancePollSeconds: 2');
    expect(done(await reload(extra)).files.at(-1)).toBe(extra);
    expect(live.config.probing.intervalMs).toBe(2000);
    await write({ InstancePollSeconds: 9 });
    await reload();
    expect(live.config.probing.intervalMs).toBe(2000);
  });

  test('a new password in a credentials file is a change, and is not shown', async () => {
    const file = await writeText('my.cnf', '[client]\nuser=orc\npassword=sesame-1\n');
    const { live, reload } = await node({ MySQLTopologyCredentialsConfigFile: file });
    await writeFile(file, '[client]\nuser=orc\npassword=sesame-2\n');
    const reloaded = done(await reload());
    expect(reloaded.changed).toEqual(['MySQLTopologyCredentialsConfigFile']);
    expect(live.config.mysql.password.reveal()).toBe('sesame-2');
    expect(JSON.stringify(reloaded) + reloadedText(reloaded)).not.toContain('sesame');
  });

  test('remarks that were made before are not made again', async () => {
    const { write, reload } = await node({ MySQLOrchestratorHost: 'x' });
    expect(done(await reload()).remarks).toEqual([]);
    await write({ MySQLOrchestratorHost: 'x', Zebra: 1 });
    expect(done(await reload()).remarks.map(({ text }) => text)).toEqual([expect.stringContaining('Zebra')]);
  });

  test('two at once come one after the other', async () => {
    const { live, reload, changes } = await node({ InstancePollSeconds: 5 });
    const [one, two] = [
      await writeText('one.yaml', 'InstancePollSeconds: 1'),
      await writeText('two.yaml', 'InstancePollSeconds: 2'),
    ];
    await Promise.all([reload(one), reload(two)]);
    expect(changes).toHaveLength(2);
    expect(live.config.probing.intervalMs).toBe(2000);
  });
});

test('every live key is a key, and none of those on which the node is built', () => {
  expect([...LIVE_KEYS].filter((name) => !Object.hasOwn(KEYS, name))).toEqual([]);
  const built = keyNames().filter((name) => /^(Raft|Listen|GRPC|HTTPAdvertise|URLPrefix)/.test(name));
  expect(built.filter((name) => LIVE_KEYS.has(name) && !CERTIFICATE_KEYS.has(name))).toEqual([]);
});

test('commands of hooks are those of the moment for whoever holds them', async () => {
  const { live, write, reload } = await node({ PostFailoverProcesses: ['echo one'] });
  const lines = live.following(({ hooks }) => ({ after: hooks.lists['after-success'].map((line) => line.reveal()) }));
  await write({ PostFailoverProcesses: ['echo two', 'echo three'] });
  const reloaded = done(await reload());
  expect(reloaded.changed).toEqual(['PostFailoverProcesses']);
  expect(reloadedText(reloaded)).not.toContain('echo');
  expect(lines.after).toEqual(['echo two', 'echo three']);
});
