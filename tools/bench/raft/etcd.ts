// Three etcd processes on loopback under the same load, where there is an etcd (Debian: etcd-server).
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts } from '../../lab/free-ports.js';
import { GuardedProcess } from '../../lab/guarded-process.js';
import { until } from './bench-cluster.js';
import { run } from './load.js';
import { keyAndValue, RawUnaryClient } from './raw-unary.js';

const VALUE = 'v'.repeat(256);
const KEYS = 10_000;

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

export async function benchEtcd(program: string, seconds: number, say: (line: string) => void): Promise<object> {
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
async function measure(address: string, seconds: number, say: (line: string) => void): Promise<object> {
  const put = (client: RawUnaryClient, number: number): Promise<void> =>
    client.call('/etcdserverpb.KV/Put', keyAndValue(`bench/${String(number % KEYS)}`, VALUE));
  await until(async () => {
    const client = new RawUnaryClient(address);
    try {
      await put(client, 0);
      return true;
    } catch {
      return false;
    } finally {
      client.close();
    }
  }, 'etcd takes writes');
  const client = new RawUnaryClient(address);
  const results: Record<string, object> = {};
  for (const inFlight of [1, 64, 256]) {
    const operation = (number: number): Promise<void> => put(client, number);
    const result = await run({ inFlight, durationMs: seconds * 1000, warmUpMs: 1000, operation });
    say(`  put, ${String(inFlight)} in flight: ${String(result.perSecond)}/s, p50 ${String(result.p50Ms)} ms`);
    results[`put${String(inFlight)}Unary`] = result;
  }
  client.close();
  return results;
}
