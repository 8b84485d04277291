// Under the policy cross-zone, with semi-sync that never gives up waiting, there are never two servers that acknowledge a
// client's write, whatever happens to the primary: not while it is frozen or cut off from all but the clients at its side,
// not when it comes back. Every server is asked every 20 ms, by clients beside it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Acknowledgers } from '../../../tools/bench/failover/acknowledgers.js';
import { type CrossZone, setUpCrossZone } from '../../../tools/bench/failover/cross-zone.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';

const POLL = { timeout: 60_000, interval: 50 };
const FIRST_ID = 1_000_000;
/** For a former primary that is back and might be believed. */
const TEMPTATION_MS = 1500;

interface Fault {
  readonly name: string;
  strike(primary: LabServer): Promise<void>;
  heal(primary: LabServer): Promise<void>;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'frozen',
    strike: (primary) => {
      primary.pause();
      return Promise.resolve();
    },
    heal: (primary) => {
      primary.resume();
      return Promise.resolve();
    },
  },
  {
    name: 'cut off from all but its clients',
    strike: (primary) => {
      primary.door.fallSilent();
      return Promise.resolve();
    },
    heal: (primary) => {
      primary.door.speak();
      return Promise.resolve();
    },
  },
  { name: 'killed', strike: (primary) => primary.kill(), heal: (primary) => primary.start() },
];

describe('a client is told by one server alone that its write is safe', () => {
  let lab: MySqlLab;
  let set: CrossZone;
  let clients: Acknowledgers;

  beforeEach(async () => {
    lab = await MySqlLab.open();
    set = await setUpCrossZone(lab);
    clients = new Acknowledgers(set.topology.servers, FIRST_ID);
  });
  afterEach(async () => {
    clients.stop();
    await lab.close();
  });

  it.each(FAULTS)('while the primary is $name, and when it is back', async ({ strike, heal }) => {
    const { primary, replicas } = set.topology;
    await expect.poll(() => clients.by(primary).length, POLL).toBeGreaterThan(20);
    await strike(primary);
    const next = (): LabServer | undefined => replicas.find((server) => clients.by(server).length > 20);
    await expect.poll(next, POLL).toBeDefined();
    const before = clients.by(primary).length;
    await heal(primary);
    await sleep(TEMPTATION_MS);
    const isClosed = async (): Promise<unknown> =>
      (await primary.query('SELECT @@read_only + @@super_read_only AS closed'))[0]?.['closed'];
    await expect.poll(isClosed, POLL).toBe(2);
    await sleep(TEMPTATION_MS);
    expect(clients.twofold).toEqual([]);
    // What it answered late it had promised before: the new primary has it.
    const there = await next()?.query<{ id: number }>('SELECT id FROM shop.orders');
    const ids = new Set(there?.map(({ id }) => id));
    expect(
      clients.by(primary).filter(({ id }) => !ids.has(id)),
      `${String(before)} before`,
    ).toEqual([]);
  });
});
