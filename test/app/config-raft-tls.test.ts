import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Findings, faultText } from '../../src/app/config/findings.js';
import { readRaftTls } from '../../src/app/config/sections/raft-tls.js';
import { faultsOf, load, warnings, writeText } from './config-files.js';

const pem = (name: string): string =>
  fileURLToPath(new URL(`../adapters/grpc/certificates/${name}.pem`, import.meta.url));

const good = { RaftTLSCAFile: pem('authority'), RaftTLSCertFile: pem('node'), RaftTLSKeyFile: pem('node-key') };

describe('TLS among the nodes', () => {
  test('is off when nothing is said of it', async () => {
    expect((await load({})).config.raft.tls).toBeNull();
  });

  test('takes an authority, a certificate of it for this host, and its key', async () => {
    const loaded = await load(good);
    expect(loaded.config.raft.tls).toMatchObject({
      authorityFile: good.RaftTLSCAFile,
      certificateFile: good.RaftTLSCertFile,
      keyFile: good.RaftTLSKeyFile,
    });
    expect(warnings(loaded).join()).not.toContain('RaftTLS');
  });

  test.each(['RaftTLSCAFile', 'RaftTLSCertFile', 'RaftTLSKeyFile'] as const)('takes all three: %s', async (key) => {
    expect(await faultsOf({ ...good, [key]: '' })).toEqual([expect.stringContaining(`${key}: nothing was given`)]);
  });

  test.each(['RaftTLSCAFile', 'RaftTLSCertFile', 'RaftTLSKeyFile'] as const)(
    'names a missing file: %s',
    async (key) => {
      const faults = await faultsOf({ ...good, [key]: '/nowhere/x.pem' });
      expect(faults).toEqual([`${key}: "/nowhere/x.pem" was given and cannot be read (ENOENT); allowed: a PEM file`]);
    },
  );

  test('tells what holds something else', async () => {
    const key = good.RaftTLSKeyFile;
    const faults = await faultsOf({ RaftTLSCAFile: key, RaftTLSCertFile: key, RaftTLSKeyFile: pem('node') });
    expect(faults).toEqual([
      expect.stringMatching(/^RaftTLSCAFile: .* holds no certificate;/),
      expect.stringMatching(/^RaftTLSCertFile: .* holds no certificate;/),
      expect.stringMatching(/^RaftTLSKeyFile: .* holds no private key;/),
    ]);
    const text = await readFile(good.RaftTLSCertFile, 'utf8');
    const damaged = await writeText('node.pem', text.replace('MII', 'AAA'));
    const [fault] = await faultsOf({ ...good, RaftTLSCertFile: damaged });
    expect(fault).toContain('holds a certificate that cannot be understood');
  });

  test('tells a key that is not that of the certificate', async () => {
    const faults = await faultsOf({ ...good, RaftTLSKeyFile: pem('stranger-key') });
    expect(faults).toEqual([expect.stringMatching(/^RaftTLSKeyFile: .* is not the key of .*node\.pem;/)]);
  });

  test('tells a key that asks for a passphrase', async () => {
    const text = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8=\n-----END ENCRYPTED PRIVATE KEY-----\n';
    const [fault] = await faultsOf({ ...good, RaftTLSKeyFile: await writeText('key.pem', text) });
    expect(fault).toContain('is protected by a passphrase');
  });

  test('tells a certificate of another authority', async () => {
    const faults = await faultsOf({
      ...good,
      RaftTLSCertFile: pem('stranger'),
      RaftTLSKeyFile: pem('stranger-key'),
    });
    expect(faults).toEqual([expect.stringMatching(/^RaftTLSCertFile: .* signed by CN=stranger, which is not in /)]);
  });

  test('warns of a certificate for another host', async () => {
    const nodes = ['10.0.0.1:10008', '10.0.0.2:10008'];
    const content = { RaftEnabled: true, RaftNodes: nodes, RaftBind: '10.0.0.1', RaftDataDir: '/tmp' };
    expect(warnings(await load({ ...content, ...good })).join()).toMatch(
      /is for DNS:localhost.* and not for 10\.0\.0\.1/,
    );
  });

  test.each([
    ['2200-01-01', /^RaftTLSCertFile: the certificate of CN=test-node has expired on /],
    ['2020-01-01', /^RaftTLSCertFile: the certificate of CN=test-node is valid from /],
  ])('looks at the dates: in %s', async (day, fault) => {
    const findings = new Findings();
    await readRaftTls(good, '127.0.0.1', new Date(day), findings);
    expect(findings.faults.map(faultText)).toEqual([
      expect.stringMatching(fault),
      expect.stringMatching(/^RaftTLSCAFile: the certificate of CN=test-authority /),
    ]);
  });

  test('warns a month before the end', async () => {
    const findings = new Findings();
    await readRaftTls(good, 'localhost', new Date('2126-10-20'), findings);
    expect(findings.faults).toEqual([]);
    expect(findings.remarks.map(({ text }) => text).join()).toContain('CN=test-node EXPIRES IN 10 DAYS');
  });
});
