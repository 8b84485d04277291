import { chmod } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseClientSection } from '../../src/app/config/sections/credentials.js';
import { faultsOf, load, warnings, writeText } from './config-files.js';

describe('the account on the monitored servers', () => {
  test('is in the file, and cannot be printed by accident', async () => {
    const { config } = await load({ MySQLTopologyUser: 'o', MySQLTopologyPassword: 'sesame' });
    expect(config.mysql.password.reveal()).toBe('sesame');
    expect(JSON.stringify(config)).not.toContain('sesame');
    expect(inspect(config, { depth: 9 })).not.toContain('sesame');
    expect(String(config.mysql.password)).not.toContain('sesame');
  });

  test('the password may come from the environment, and the variable has to be set', async () => {
    const content = { MySQLTopologyUser: 'o', MySQLTopologyPassword: '${THE_PASSWORD}' };
    const { config } = await load(content, { environment: { THE_PASSWORD: 'sesame' } });
    expect(config.mysql.password.reveal()).toBe('sesame');
    expect((await faultsOf(content)).join()).toMatch(/^MySQLTopologyPassword: .* THE_PASSWORD, which is not set/);
  });

  test('a credentials file replaces both', async () => {
    const file = await writeText(
      'my.cnf',
      '[mysqld]\nuser = mysql\n\n[client]\n# who\nuser=orc\npassword = "se=same #1"\n',
    );
    const content = { MySQLTopologyUser: 'o', MySQLTopologyPassword: 'x', MySQLTopologyCredentialsConfigFile: file };
    const { mysql } = (await load(content)).config;
    expect(mysql.user).toBe('orc');
    expect(mysql.password.reveal()).toBe('se=same #1');
  });

  test('a credentials file that is missing or says nothing stops the start', async () => {
    const silent = await writeText('my.cnf', '[mysqld]\nuser = mysql\n');
    expect((await faultsOf({ MySQLTopologyCredentialsConfigFile: silent })).join()).toContain('names no user');
    expect((await faultsOf({ MySQLTopologyCredentialsConfigFile: '/nowhere/my.cnf' })).join()).toContain('ENOENT');
  });

  test('no account at all is warned of', async () => {
    expect(warnings(await load({})).join()).toContain('MySQLTopologyUser is not set');
  });

  test('lines of my.cnf', () => {
    const section = parseClientSection("[client]\r\nUser = 'a'\r\n;password=b\r\nport\r\n[mysql]\r\npassword=c\r\n");
    expect([...section]).toEqual([['user', 'a']]);
  });

  test.each([
    ['se same', 'se same'],
    ['se#same', 'se'],
    ['"se#same" # what it opens', 'se#same'],
    ["'se\"same'", 'se"same'],
    ['"se\\"s\\\\ame"', 'se"s\\ame'],
    ['se\\ssame', 'se same'],
    ['se\\dsame', 'se\\dsame'],
    ['se;same', 'se;same'],
    ['', ''],
  ])('password = %s', (written, meant) => {
    expect(parseClientSection(`[client]\npassword = ${written}\n`).get('password')).toBe(meant);
  });

  test('a credentials file that everybody can read is warned of', async () => {
    const file = await writeText('my.cnf', '[client]\nuser=orc\n');
    const content = { MySQLTopologyCredentialsConfigFile: file };
    await chmod(file, 0o644);
    expect(warnings(await load(content)).join()).toContain('can be read by everybody');
    await chmod(file, 0o600);
    expect(warnings(await load(content)).join()).not.toContain('can be read by everybody');
  });
});

describe('TLS to the monitored servers', () => {
  const pem = (): Promise<string> => writeText('a.pem', '-----BEGIN X-----\nsesame\n-----END X-----\n');

  test.each([
    [{}, 'where-required'],
    [{ MySQLTopologyUseMixedTLS: false }, 'never'],
  ])('%j', async (content, when) => {
    expect((await load(content)).config.mysql.tls.when).toBe(when);
  });

  test('a client certificate and its key are read, and the key is a secret', async () => {
    const file = await pem();
    const { config } = await load({
      MySQLTopologyUseMutualTLS: true,
      MySQLTopologySSLCertFile: file,
      MySQLTopologySSLPrivateKeyFile: file,
      MySQLTopologySSLSkipVerify: true,
    });
    expect(config.mysql.tls).toMatchObject({ when: 'always', verify: false, ca: null });
    expect(config.mysql.tls.when === 'always' && config.mysql.tls.key?.reveal()).toContain('sesame');
    expect(JSON.stringify(config.mysql.tls)).toContain('"key":"(secret)"');
  });

  test('what cannot work is found at the start', async () => {
    const file = await pem();
    const text = await writeText('b.pem', 'no pem');
    expect((await faultsOf({ MySQLTopologyUseMutualTLS: true })).join()).toMatch(/^MySQLTopologySSLCertFile: nothing/);
    expect((await faultsOf({ MySQLTopologySSLCertFile: file })).join()).toMatch(
      /^MySQLTopologySSLPrivateKeyFile: nothing/,
    );
    expect((await faultsOf({ MySQLTopologySSLCAFile: '/nowhere/ca.pem' })).join()).toContain('cannot be read (ENOENT)');
    expect((await faultsOf({ MySQLTopologySSLCAFile: text })).join()).toContain('holds no PEM text');
  });
});
