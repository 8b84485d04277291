// Three etcd processes on loopback under the same load, where there is an etcd (Debian: etcd-server).
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts } from '../../lab/free-ports.js';
import { GuardedProcess } from '../../lab/guarded-process.js';
import { until } from './bench-cluster.js';
import { type Column, measureThroughput, type Subject, unarySubject } from './throughput.js';

const PATHS = { put: '/etcdserverpb.KV/Put', get: '/etcdserverpb.KV/Range' };

export const ETCD_MISSING = `etcd is not on the PATH: nothing to compare with. Debian and Ubuntu have the package etcd-server;
without installing it: apt-get download etcd-server && dpkg -x etcd-server_*.deb DIR, and DIR/usr/bin on the PATH.`;

export function etcdProgram(): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(directory, 'etcd');
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not here.
    }
  }
  return null;
}

export async function benchEtcd(program: string, seconds: number, say: (line: string) => void): Promise<Column> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-etcd-'));
  const ports = await freePorts(6);
  const members = ports.slice(0, 3).map((port, number) => ({
    name: `e${String(number)}`,
    peer: `http://127.0.0.1:${String(port)}`,
    client: `127.0.0.1:${String(ports[3 + number])}`,
  }));
  const initialCluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const processes = members.map(
    ({ name, peer, client }) =>
      new GuardedProcess({
        command: program,
        args: [
          ...['--name', name, '--data-dir', join(directory, name), '--initial-cluster', initialCluster],
          ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
          ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
        ],
        directory,
        environment: {},
        outputFile: join(directory, `${name}.log`),
      }),
  );
  try {
    return await measure(members[0]?.client ?? '', seconds, say);
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
    await rm(directory, { recursive: true, force: true });
  }
}

/** Any member takes the writes; one that follows passes them on, as here. */
async function measure(address: string, seconds: number, say: (line: string) => void): Promise<Column> {
  const subject = (): Subject => unarySubject('etcd, unary', address, PATHS);
  await until(async () => {
    const trial = subject();
    try {
      await trial.put(0);
      return true;
    } catch {
      return false;
    } finally {
      trial.close();
    }
  }, 'etcd takes writes');
  return await measureThroughput(subject(), seconds, say);
}
