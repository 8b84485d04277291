// What real nodes tell those who follow them, while a real primary dies: at every node, and on after a broken connection.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HappeningFollower } from '../../../tools/lab/happenings.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE = { timeout: 60_000, interval: 100 };

let lab: MySqlLab;
let topology: Topology;
let cluster: OrchestratorCluster;
const followers: HappeningFollower[] = [];

beforeEach(async () => {
  lab = await MySqlLab.open();
  topology = await lab.topology({ replicas: 2 });
  cluster = await lab.cluster({ seeds: [topology.primary.address], config: { InstancePollSeconds: 1 } });
  await vi.waitFor(async () => {
    for (const node of cluster.nodes) {
      const known = await node.get<readonly unknown[]>(`/api/cluster/${topology.primary.address}`);
      expect(known).toHaveLength(3);
    }
  }, PATIENCE);
});

afterEach(async () => {
  for (const follower of followers.splice(0)) follower.stop();
  await lab.close();
});

async function follow(url: string, after = ''): Promise<HappeningFollower> {
  const follower = await HappeningFollower.follow(url, after);
  followers.push(follower);
  return follower;
}

const kindsOf = ({ heard }: HappeningFollower): readonly string[] => heard.map(({ kind }) => kind);

it('a death and its recovery are told by every node, step by step, and a page that comes back goes on', async () => {
  const everywhere = await Promise.all(cluster.nodes.map(({ url }) => follow(url)));
  const [first] = cluster.nodes;
  const passing = await follow(first?.url ?? '');
  await vi.waitFor(() => {
    for (const follower of [...everywhere, passing]) expect(kindsOf(follower)).toContain('current');
  }, PATIENCE);
  passing.stop();
  await topology.primary.kill();
  await vi.waitFor(() => {
    for (const follower of everywhere) expect(kindsOf(follower)).toContain('recovery-closed');
  }, PATIENCE);
  for (const { heard } of everywhere) {
    // Under which code depends on when: it is unreachable for some milliseconds before it is dead. A replica may say first
    // that it has lost it.
    const told = heard.filter(({ kind }) => kind.startsWith('problem-')).map(({ server }) => server);
    expect(told, JSON.stringify(heard)).toContain(topology.primary.address);
    expect(heard.find(({ kind }) => kind === 'recovery-opened')?.code).toMatch(/^DeadMaster/);
    const kinds = heard.map(({ kind }) => kind);
    expect(kinds.indexOf('recovery-opened')).toBeLessThan(kinds.indexOf('step-began'));
    expect(kinds.filter((kind) => kind === 'step-began').length).toBeGreaterThanOrEqual(3);
    expect(heard.find(({ kind }) => kind === 'recovery-closed')?.text, JSON.stringify(heard)).toBe('succeeded');
  }
  const back = await follow(first?.url ?? '', passing.lastId);
  await vi.waitFor(() => {
    expect(kindsOf(back)).toContain('recovery-closed');
  }, PATIENCE);
  expect(kindsOf(back)).not.toContain('reset');
});
