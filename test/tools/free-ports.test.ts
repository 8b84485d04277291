// Ports given to servers that are killed and restarted must never be ones the kernel hands to outgoing connections.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { freePorts } from '../../tools/lab/free-ports.js';

const run = promisify(execFile);

describe('freePorts', () => {
  it('gives distinct ports below the range of outgoing connections', async () => {
    const ports = await freePorts(20);
    const low = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    expect(new Set(ports).size).toBe(20);
    expect(ports.filter((port) => port >= Math.max(low, 15_000))).toEqual([]);
  });

  it('gives ports on which one can listen', async () => {
    const [port] = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives none twice, also when nobody listens there any more', async () => {
    const ports: number[] = [];
    for (let turn = 0; turn < 800; turn += 1) ports.push(...(await freePorts(1)));
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('gives none that another process was given and lives', async () => {
    const ours = await freePorts(2);
    const listen = `require('node:net').createServer().on('error', (error) => console.log(error.code))
      .listen('\\0orchestrator-lab-port-' + process.argv[1], () => { console.log('it is free'); process.exit(); })`;
    for (const port of ours) {
      const { stdout } = await run(process.execPath, ['-e', listen, String(port)]);
      expect(stdout.trim()).toBe('EADDRINUSE');
    }
  });
});
