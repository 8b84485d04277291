// A node as it is run, with hooks and Consul in its configuration file: what a failover tells the world outside.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { ConsulServer } from '../../adapters/kv/consul-server.js';

let lab: MySqlLab;
let consul: ConsulServer;
let folder: string;

beforeAll(async () => {
  lab = await MySqlLab.open();
  consul = await ConsulServer.start();
  folder = mkdtempSync(join(tmpdir(), 'hooks-and-stores-'));
});
afterAll(async () => {
  await lab.close();
  await consul.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`in vain: ${what}`);
    await sleep(50);
  }
}

it('a failover is told to hooks and to Consul, and its story is there to be read', async () => {
  const out = join(folder, 'out');
  const lines = (): readonly string[] => {
    try {
      // A death that takes its time begins as a primary that cannot be reached, and that is told, too.
      return readFileSync(out, 'utf8')
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('detection UnreachableMaster'));
    } catch {
      return [];
    }
  };
  const told = (list: string): readonly string[] => [
    `echo ${list} {failureType} {failedHost}:{failedPort} {successorPort} >> ${out}`,
  ];
  const topology = await lab.topology({ replicas: 2 });
  const cluster = await lab.cluster({
    nodes: 1,
    seeds: [topology.primary.address],
    config: {
      ConsulAddress: consul.address,
      ConsulKVStoreProvider: 'consul-txn',
      OnFailureDetectionProcesses: told('detection'),
      PreFailoverProcesses: told('before'),
      PostMasterFailoverProcesses: told('primary'),
      PostFailoverProcesses: told('after'),
    },
  });
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('a node is needed');
  const { address } = topology.primary;
  const key = `mysql/master/${address}`;
  await until('the primary stands in Consul', () => consul.values()[key] === address);
  await until(
    'the replicas are known',
    async () => (await node.get<unknown[]>(`/api/cluster/${address}`)).length === 3,
  );

  await topology.primary.kill();
  await until('the hooks have run', () => lines().length === 4);
  // They wait for it, though not for long.
  await until('the new primary stands in Consul', () => consul.values()[key] !== address);
  const promoted = topology.replicas.find(({ address: one }) => consul.values()[key] === one);
  const port = String(promoted?.port);
  expect(lines()).toEqual([
    `detection DeadMaster ${address} {successorPort}`,
    `before DeadMaster ${address} {successorPort}`,
    `primary DeadMaster ${address} ${port}`,
    `after DeadMaster ${address} ${port}`,
  ]);
  expect(consul.values()).toMatchObject({
    [key]: promoted?.address,
    [`${key}/hostname`]: '127.0.0.1',
    [`${key}/port`]: port,
    [`${key}/ipv4`]: '127.0.0.1',
    [`${key}/ipv6`]: '',
  });

  const [recovery] = await node.get<{ UID: string }[]>('/api/audit-recovery');
  const uid = recovery?.UID ?? '';
  let story: readonly string[] = [];
  await until('the story has its end', async () => {
    const steps = await node.get<{ Message: string }[]>(`/api/audit-recovery-steps/${uid}`);
    story = steps.map(({ Message }) => Message);
    return story.at(-1)?.startsWith('run the hooks of PostFailoverProcesses: done') === true;
  });
  expect(story).toContain('Running 1 PreFailoverProcesses hooks');
  expect(story).toContain(`promoted replica: ${promoted?.address ?? ''}`);
  expect(
    story.some((line) =>
      line.startsWith(`write ${promoted?.address ?? ''} as the primary to the key-value stores: done`),
    ),
  ).toBe(true);

  consul.put(key, 'by hand');
  expect(await node.get('/api/submit-masters-to-kv-stores')).toMatchObject({
    Code: 'OK',
    Message: 'Submitted 5 masters',
    Details: [{ Key: key, Value: promoted?.address }, {}, {}, {}, {}],
  });
  await until('Consul is told anew', () => consul.values()[key] === promoted?.address);
});
