import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect, heartbeat, met, PATIENCE, PeerStage } from '../../../support/raft/raft-peer-fixture.js';

describe('peers over gRPC with TLS', () => {
  const stage = new PeerStage();

  afterEach(async () => {
    await stage.clear();
  });

  const pem = (name: string): string => fileURLToPath(new URL(`../certificates/${name}.pem`, import.meta.url));
  const own = { authorityFile: pem('authority'), certificateFile: pem('node'), keyFile: pem('node-key') };

  it('carries messages between nodes of one authority', async () => {
    const [a, b] = [await stage.start('a', { tls: own }), await stage.start('b', { tls: own })];
    connect(a, b);
    await met(a, b);
    a.transport.send([heartbeat(a, b)]);
    await vi.waitFor(() => {
      expect(b.messages).toHaveLength(1);
    }, PATIENCE);
  });

  it('takes renewed certificates for new connections, both ways, and keeps those that are there', async () => {
    const [a, b] = [await stage.start('a', { tls: own }), await stage.start('b', { tls: own })];
    connect(a, b);
    await met(a, b);
    const text = (name: string): string => readFileSync(pem(name), 'utf8');
    const renewed = { authority: text('stranger'), certificate: text('stranger'), key: text('stranger-key') };
    for (const { transport } of [a, b]) transport.renewCertificates(renewed);
    a.transport.send([heartbeat(a, b)]);
    await vi.waitFor(() => {
      expect(b.messages).toHaveLength(1);
    }, PATIENCE);
    const c = await stage.start('c', { tls: { ...stranger, authorityFile: pem('stranger') } });
    connect(a, c);
    await met(a, c);
    const d = await stage.start('d', { tls: own });
    d.transport.setPeers(new Map([[a.id, a.address]]));
    await vi.waitFor(() => {
      expect(d.transport.peerState(a.id).trouble).toMatch(/certificate/);
    }, PATIENCE);
  });

  const stranger = { certificateFile: pem('stranger'), keyFile: pem('stranger-key') };

  it.each([
    ["another authority's certificate", { tls: { ...own, ...stranger } }, 'its certificate is not of the authority'],
    ['none', {}, 'it does not speak TLS, and this node takes nothing else'],
  ])('does not listen to a caller with %s, and both ends say why', async (_, options, reason) => {
    const [a, b] = [await stage.start('a', { tls: own }), await stage.start('b', options)];
    b.transport.setPeers(new Map([[a.id, a.address]]));
    await vi.waitFor(() => {
      expect(b.transport.peerState(a.id).trouble).toContain('hung up before a word was said: it may ask for TLS');
      expect(a.refused.join()).toContain(reason);
    }, PATIENCE);
    expect(b.transport.peerState(a.id).connected).toBe(false);
    expect(a.introductions).toEqual([]);
    expect(a.refused).toHaveLength(1);
  });

  it('refuses a caller that shows no certificate at all, and says so', async () => {
    const a = await stage.start('a', { tls: own });
    const authority = await readFile(own.authorityFile);
    const [host = '', port] = a.address.split(':');
    const socket = connectTls({ host, port: Number(port), ca: authority, ALPNProtocols: ['h2'] });
    socket.on('error', () => undefined);
    await vi.waitFor(() => {
      expect(a.refused.join()).toContain('it shows no certificate');
    }, PATIENCE);
    socket.destroy();
  });

  it.each([
    ['that does not speak TLS', {}],
    ['of another authority', { tls: { ...stranger, authorityFile: pem('stranger') } }],
  ])('does not speak to a peer %s', async (_, options) => {
    const [a, b] = [await stage.start('a', { tls: own }), await stage.start('b', options)];
    a.transport.setPeers(new Map([[b.id, b.address]]));
    await vi.waitFor(() => {
      expect(a.transport.peerState(b.id).trouble).toMatch(/wrong version number|certificate/);
    }, PATIENCE);
    expect(b.introductions).toEqual([]);
  });

  it('names a file that cannot be read', async () => {
    const tls = { ...own, keyFile: '/nowhere/key.pem' };
    await expect(stage.start('a', { tls })).rejects.toThrow('cannot read the TLS file /nowhere/key.pem');
  });
});
