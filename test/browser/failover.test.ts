/** Somebody watches the page while the primary dies: what it shows must be what happens, without a reload. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MySqlLab } from '../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../tools/lab/topology.js';
import { type OpenPage, openPage } from './page.js';

const PATIENCE_MS = 60_000;

describe('the page, while the primary dies', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;
  let open: OpenPage;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2 });
    cluster = await lab.cluster({ seeds: [topology.primary.address] });
    // A follower's page: it must know all that the leader's knows.
    const follower = await cluster.follower();
    open = await openPage(follower.url);
  });

  afterAll(async () => {
    await open.close();
    await cluster.stop();
    await lab.close();
  });

  const server = (address: string) => open.page.locator(`.server[data-address="${address}"]`);

  it('shows the tree, each server with its role and state', async () => {
    const { primary, replicas } = topology;
    await server(primary.address).waitFor({ timeout: PATIENCE_MS });
    await expect.poll(() => server(primary.address).getAttribute('data-role')).toBe('primary');
    await expect.poll(() => server(primary.address).textContent(), { timeout: PATIENCE_MS }).toContain('takes writes');
    for (const replica of replicas) {
      await expect.poll(() => server(replica.address).textContent(), { timeout: PATIENCE_MS }).toContain('replicates');
    }
    await expect.poll(() => open.page.locator('.react-flow__edge.flows').count()).toBe(replicas.length);
  });

  it('shows who leads the orchestrators', async () => {
    await expect.poll(() => open.page.locator('.nodes li').count()).toBe(cluster.nodes.length);
    await expect.poll(() => open.page.locator('.nodes li[data-leader="true"]').count()).toBe(1);
  });

  it('tells a server that was clicked in all its details', async () => {
    await server(topology.primary.address).click();
    await expect.poll(() => open.page.locator('.details h2').textContent()).toBe(topology.primary.address);
    await open.page.locator('.details button').click();
    await expect.poll(() => open.page.locator('.details').count()).toBe(0);
  });

  it('shows what would be done, before anything is', async () => {
    const { primary, replicas } = topology;
    const plan = open.page.locator('.problems .plan');
    await plan.locator('summary').click();
    await expect.poll(() => plan.textContent(), { timeout: PATIENCE_MS }).toContain('the point of no return');
    await expect.poll(() => plan.locator('li.no-return').count()).toBe(1);
    await plan.locator('summary').click();

    const [replica] = replicas;
    if (replica === undefined) throw new Error('there are two replicas');
    await server(replica.address).click();
    const takeover = open.page.locator('.details .plan');
    await takeover.locator('summary').click();
    await expect
      .poll(() => takeover.textContent(), { timeout: PATIENCE_MS })
      .toContain(`close ${primary.address} for writes`);
    expect(await takeover.locator('code').textContent()).toBe(
      `orchestrator-client -c graceful-master-takeover-auto -i ${primary.address} -d ${replica.address}`,
    );
    await open.page.locator('.details button').click();
    expect(await primary.query('SELECT @@read_only AS closed')).toEqual([{ closed: 0 }]);
  });

  it('warns of a replica that somebody opened, and leaves it as it is', async () => {
    const { replicas } = topology;
    const [, errant] = replicas;
    if (errant === undefined) throw new Error('there are two replicas');
    await errant.execute('SET GLOBAL super_read_only = 0; CREATE DATABASE own; SET GLOBAL read_only = 0');
    const warnings = open.page.locator('.problems article');
    await expect
      .poll(() => warnings.allTextContents().then((texts) => texts.join('\n')), { timeout: PATIENCE_MS })
      .toContain(`${errant.address} takes writes`);
    expect(await errant.query('SELECT @@read_only AS closed')).toEqual([{ closed: 0 }]);
  });

  it('shows the failover step by step, and the new tree, without a reload', async () => {
    const { primary } = topology;
    await open.page.evaluate(() => {
      (globalThis as Record<string, unknown>)['reloads'] = 'none';
    });
    await primary.kill();
    const recovery = open.page.locator('.recoveries details[data-kind="dead-primary"]');
    await recovery.first().waitFor({ timeout: PATIENCE_MS });
    await expect.poll(() => recovery.first().getAttribute('data-verdict'), { timeout: PATIENCE_MS }).toBe('succeeded');
    await expect.poll(() => recovery.locator('li.done').count()).toBeGreaterThan(4);
    await expect.poll(() => recovery.textContent()).toContain('Open it for writes');
    await expect
      .poll(() => server(primary.address).getAttribute('data-role'), { timeout: PATIENCE_MS })
      .toBe('former-primary');
    const promoted = open.page.locator('.server[data-role="primary"]');
    await expect.poll(() => promoted.textContent(), { timeout: PATIENCE_MS }).toContain('takes writes');
    expect(await promoted.getAttribute('data-address')).not.toBe(primary.address);
    expect(await open.page.evaluate(() => (globalThis as Record<string, unknown>)['reloads'])).toBe('none');
  });

  it('shows the three ways of the server that was set apart, each with what it would do or why not now', async () => {
    const [, errant] = topology.replicas;
    if (errant === undefined) throw new Error('there are two replicas');
    await expect
      .poll(() => server(errant.address).textContent(), { timeout: PATIENCE_MS })
      .toContain('set apart: it alone has');
    await server(errant.address).click();
    const ways = open.page.locator('.ways-back li[data-way]');
    await expect.poll(() => ways.count()).toBe(3);
    const inject = open.page.locator('.ways-back li[data-way="inject-empty"]');
    expect(await inject.locator('code').textContent()).toBe(`orchestrator-client -c inject-empty -i ${errant.address}`);
    await inject.locator('summary').click({ timeout: PATIENCE_MS });
    await expect.poll(() => inject.textContent()).toContain('commit empty transactions on');
    // The account of the lab may not copy servers.
    const rebuild = open.page.locator('.ways-back li[data-way="rebuild"]');
    await expect.poll(() => rebuild.textContent()).toContain('GRANT BACKUP_ADMIN');
    await open.page.locator('.details button').click();
  });

  it('complained of nothing while it could work', () => {
    expect(open.complaints).toEqual([]);
  });

  it('says so when its node is gone', async () => {
    await (await cluster.follower()).stop();
    await Promise.all(cluster.running.map((node) => node.stop()));
    await expect
      .poll(() => open.page.locator('header').textContent(), { timeout: PATIENCE_MS })
      .toContain('Connection lost');
  });

  it('complained of nothing but that it was gone', () => {
    const expected =
      /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|status of 50[0-4]/;
    expect(open.complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
  });
});
