// From the instant the leader is killed, or stopped, to the first acknowledged write that was asked for after it: writes go
// out every 10 ms at each survivor.
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchCluster, type BenchNode, until } from './bench-cluster.js';
import { KeyValueClient } from './key-value-client.js';

export type Blow = 'SIGKILL' | 'SIGSTOP';

const EVERY_MS = 10;
const GIVE_UP_MS = 30_000;
/** Between rounds: the cluster is whole again and has had time to forget. */
const SETTLE_MS = 1500;

export async function measureOutage(cluster: BenchCluster, blow: Blow): Promise<number> {
  const leader = await cluster.leader();
  const survivors = cluster.nodes.filter((node) => node !== leader);
  const clients = survivors.map((node) => new KeyValueClient(node.grpcAddress, GIVE_UP_MS));
  try {
    await Promise.all(clients.map((client) => client.put('outage/warm', 'x')));
    const struckAt = performance.now();
    if (blow === 'SIGKILL') process.kill(leader.pid, 'SIGKILL');
    else leader.pause();
    const outageMs = (await firstWrite(clients)) - struckAt;
    await recover(leader, blow, clients);
    return outageMs;
  } finally {
    for (const client of clients) client.close();
  }
}

async function firstWrite(clients: readonly KeyValueClient[]): Promise<number> {
  const acknowledgedAt: number[] = [];
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let number = 0; performance.now() < giveUpAt; number += 1) {
    for (const client of clients) {
      client.put(`outage/${String(number)}`, 'x').then(
        () => acknowledgedAt.push(performance.now()),
        () => undefined,
      );
    }
    await sleep(EVERY_MS);
    const [first] = acknowledgedAt;
    if (first !== undefined) return first;
  }
  throw new Error(`no write was acknowledged within ${String(GIVE_UP_MS)} ms`);
}

async function recover(node: BenchNode, blow: Blow, survivors: readonly KeyValueClient[]): Promise<void> {
  if (blow === 'SIGSTOP') node.resume();
  else {
    await node.kill();
    await node.start();
  }
  const mark = String(performance.now());
  await until(async () => {
    await survivors[0]?.put('outage/mark', mark);
    return true;
  }, 'a write after the blow');
  const client = new KeyValueClient(node.grpcAddress);
  try {
    const caughtUp = async (): Promise<boolean> => {
      const reading = await client.get('outage/mark', 'STALE').catch(() => null);
      return reading?.value === mark;
    };
    await until(caughtUp, `${node.name} caught up`);
  } finally {
    client.close();
  }
  await sleep(SETTLE_MS);
}
