/**
 * Real servers behind doors and real nodes, on which plans are played while their leader is struck. It says what has to be
 * true at the end of every plan, whoever brought it there: one server takes writes, all others replicate from it, every row
 * that a client was told is written is on all of them, nothing is left open, and the record says what was done, once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type ClusterOverview,
  readOverview,
  type Overview,
  type RecoveryOverview,
} from '../../../tools/demo/overview.js';
import { until } from '../../../tools/demo/until.js';
import { shopSql } from '../../../tools/demo/set.js';
import { WRITER_ACCOUNT } from '../../../tools/demo/write-session.js';
import { Writer } from '../../../tools/demo/writer.js';
import type { Said } from '../../../tools/lab/door/said.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import { holds, inodeOf } from '../../../tools/lab/socket-owner.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { type Layout, STAR } from './layouts.js';
import { PlanPoints } from './plan-points.js';

const WRITES_MS = 100;

/** Nobody else writes ids from there on. */
const FIRST_FRESH_ID = 1_000_000_000;
const SUPERVISED_EVERY_MS = 100;

export interface StageOptions {
  /** A star unless told otherwise. */
  readonly layout?: Layout;
  readonly config?: Readonly<Record<string, unknown>>;
}

export class CrashStage {
  readonly lab: MySqlLab;
  readonly layout: Layout;
  readonly topology: Topology;
  readonly cluster: OrchestratorCluster;
  readonly writer: Writer;
  readonly points = new PlanPoints();
  /** To what was asked and needed no answer, for messages. */
  readonly answers: string[] = [];
  primary: LabServer;
  readonly #frozen = new Set<OrchestratorNode>();
  #lastFreshId = FIRST_FRESH_ID;
  #supervising: NodeJS.Timeout | undefined;

  private constructor(lab: MySqlLab, layout: Layout, topology: Topology, cluster: OrchestratorCluster) {
    this.lab = lab;
    this.layout = layout;
    this.topology = topology;
    this.cluster = cluster;
    this.writer = new Writer(topology.servers);
    this.primary = topology.primary;
    for (const { door } of topology.servers) door.watch = this.points;
  }

  static async open({ layout = STAR, config }: StageOptions = {}): Promise<CrashStage> {
    const lab = await MySqlLab.open();
    try {
      const topology = await layout.open(lab);
      await topology.primary.execute(shopSql(WRITER_ACCOUNT));
      await topology.caughtUp();
      const cluster = await lab.cluster({
        seeds: [topology.primary.address],
        config: { RecoveryPeriodBlockSeconds: 0, ...config },
      });
      const stage = new CrashStage(lab, layout, topology, cluster);
      await stage.settled();
      return stage;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#supervising);
    await this.writer.stop();
    await this.lab.close();
  }

  freshId(): number {
    this.#lastFreshId += 1;
    return this.#lastFreshId;
  }

  /** Started whenever it has stopped, until the end of the round. */
  supervise(server: LabServer): void {
    let starting = false;
    this.#supervising = setInterval(() => {
      if (server.running || starting) return;
      starting = true;
      const over = (): void => {
        starting = false;
      };
      // It may be stopped while it starts; then it is started once more.
      void server.start().then(over, over);
    }, SUPERVISED_EVERY_MS);
  }

  get replicas(): readonly LabServer[] {
    return this.topology.servers.filter((server) => server !== this.primary);
  }

  /** The next one in turn, so that every server gets every part. */
  get nextPrimary(): LabServer {
    const { servers } = this.topology;
    const next = servers[(servers.indexOf(this.primary) + 1) % servers.length];
    if (next === undefined) throw new Error('there is always a next one');
    return next;
  }

  /** The node whose session this is, or was a moment ago. */
  async speaker({ by }: Said): Promise<OrchestratorNode> {
    const [, port] = by.server.split(':');
    const inode = await inodeOf(by.port, Number(port));
    for (const node of this.cluster.running) {
      if (inode !== null && (await holds(node.pid, inode))) return node;
    }
    // On a machine that stood still meanwhile it has hung up; nobody but the leader speaks there.
    return await this.cluster.leader();
  }

  /** SIGSTOP: its connections stay open, and it does not know that time goes by. */
  freeze(node: OrchestratorNode): void {
    this.#frozen.add(node);
    node.pause();
  }

  thawAll(): void {
    for (const node of this.#frozen) node.resume();
    this.#frozen.clear();
  }

  /** Of the leader; one that is frozen is none. */
  async overview(): Promise<Overview> {
    return await until('a leader that answers', async () => {
      const awake = this.cluster.running.filter((node) => !this.#frozen.has(node));
      const leads = await Promise.all(awake.map((node) => node.isLeader()));
      const leader = awake.find((_node, at) => leads[at]);
      return leader === undefined ? undefined : await readOverview(leader);
    });
  }

  async knownRecoveries(): Promise<ReadonlySet<string>> {
    return new Set((await this.overview()).recoveries.map(({ id }) => id));
  }

  /** Those of the kind that were opened since; resolves when there is one and none is open any more. */
  async closedSince(known: ReadonlySet<string>, kind: string): Promise<readonly RecoveryOverview[]> {
    return await until(`the end of a recovery ${kind}`, async () => {
      const { recoveries } = await this.overview();
      const fresh = recoveries.filter(({ id }) => !known.has(id));
      const own = fresh.filter((recovery) => recovery.kind === kind);
      return own.length > 0 && fresh.every(({ closedAtMs }) => closedAtMs !== null) ? own : undefined;
    });
  }

  /** Clients have written for a while, and nothing of it is under way any more. */
  async writeAndRest(): Promise<void> {
    const before = this.writer.acknowledged.length;
    this.writer.start();
    await until('acknowledged writes', () =>
      Promise.resolve(this.writer.acknowledged.length > before + 3 ? true : undefined),
    );
    await sleep(WRITES_MS);
    await this.writer.rest();
  }

  /** Waits until every node sees the cluster so. */
  async seen(what: string, holds: (cluster: ClusterOverview) => boolean): Promise<void> {
    await until(what, async () => {
      const views = await Promise.all(this.cluster.nodes.map(readOverview));
      return views.every(({ clusters }) => clusters.some(holds)) ? true : undefined;
    });
  }

  /** One primary, all others below it, nothing open, all nodes up and of one mind. Resolves with that mind. */
  async settled(): Promise<Overview> {
    clearInterval(this.#supervising);
    this.primary = await until('the servers stand as they should', async () => {
      await this.#startNodes();
      return await this.layout.primaryIn(this.topology.servers);
    });
    return await until('all nodes see it so', async () => {
      await this.#startNodes();
      const views = await Promise.all(this.cluster.nodes.map(readOverview));
      for (const view of views) this.#assertSeen(view);
      return views[0];
    });
  }

  /** To be called again and again: a hook kills its leader by itself, which may be after its work has been seen. */
  async #startNodes(): Promise<void> {
    for (const node of this.cluster.nodes) if (!node.running) await node.start();
  }

  async assertNothingLost(): Promise<void> {
    await this.writer.rest();
    const told = this.writer.acknowledged.map(({ id }) => id);
    for (const server of this.replicas) await server.catchUp(this.primary);
    for (const server of this.topology.servers) {
      const rows = await server.query<{ id: number }>('SELECT id FROM shop.orders');
      const there = new Set(rows.map(({ id }) => id));
      expect(
        told.filter((id) => !there.has(id)),
        `acknowledged and not on ${server.address}`,
      ).toEqual([]);
    }
  }

  #assertSeen({ clusters, recoveries }: Overview): void {
    const [cluster, ...others] = clusters;
    if (cluster === undefined || others.length > 0) throw new Error(`clusters: ${JSON.stringify(clusters)}`);
    const seen = cluster.servers.find(({ id }) => id === cluster.primary)?.address;
    if (seen !== this.primary.address) throw new Error(`${this.primary.address} is open, and it sees ${String(seen)}`);
    const unwell = cluster.servers.filter(({ valid, demotion }) => !valid || demotion !== null);
    if (cluster.servers.length !== this.topology.servers.length || unwell.length > 0) {
      throw new Error(`not well: ${JSON.stringify(unwell)}`);
    }
    // Whoever came back a moment ago is not believed to follow anybody yet, and a failover now would leave it where it is.
    const apart = cluster.servers.filter(({ id, source }) => id !== cluster.primary && source !== cluster.primary);
    if (this.layout === STAR && apart.length > 0) throw new Error(`not below the primary: ${JSON.stringify(apart)}`);
    if (cluster.problems.length > 0) throw new Error(cluster.problems.map(({ code }) => code).join());
    if (recoveries.some(({ closedAtMs }) => closedAtMs === null)) throw new Error('a recovery is open');
  }
}
