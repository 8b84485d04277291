// What is measured of failovers, each on fresh servers: a fault, and for how long a client that writes all the time is not
// acknowledged by anybody. The limits are those that were promised for a quiet machine of two cores.
import type { SetOptions, DemoSet } from '../../demo/set.js';
import { setUp } from '../../demo/set.js';
import { outageSince, strike, writeForAWhile } from '../../demo/strike.js';
import { Voice } from '../../demo/voice.js';
import { NOBODY } from '../../lab/door/mysql-door.js';
import type { Said } from '../../lab/door/said.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import { PrivateNetwork } from '../../lab/private-network.js';
import { twentyAtOnce } from './twenty.js';

export interface FailoverRow {
  readonly name: string;
  readonly says: string;
  /** What the median and the worst of twenty may be. */
  readonly medianMs: number;
  readonly worstMs: number;
  measure(): Promise<number>;
}

const SILENT = new Voice(() => undefined);

/** Strikes; resolves with the moment from which the outage is looked for. */
type Blow = (set: DemoSet) => Promise<number>;

async function outageOf(options: SetOptions, blow: Blow, lab: MySqlLab): Promise<number> {
  const set = await setUp(lab, SILENT, options);
  await writeForAWhile(set);
  const atMs = await blow(set);
  const gap = await outageSince(set, atMs);
  await set.writer.stop();
  return gap.ms;
}

async function inLab(measure: (lab: MySqlLab) => Promise<number>): Promise<number> {
  const lab = await MySqlLab.open();
  try {
    return await measure(lab);
  } finally {
    await lab.close();
  }
}

const struckBy =
  (blow: Blow, options: SetOptions = {}) =>
  (): Promise<number> =>
    inLab((lab) => outageOf(options, blow, lab));

/** The leader is dead before the first statement of its plan has reached a server, and after the plan was committed. */
async function killLate({ topology, cluster }: DemoSet): Promise<number> {
  const leader = await cluster.leader();
  const doors = topology.servers.map(({ door }) => door);
  const begun = new Promise<void>((resolve) => {
    const statement = (said: Said): void => {
      said.hold();
      for (const door of doors) door.watch = NOBODY;
      resolve();
    };
    for (const door of doors) door.watch = { ...NOBODY, statement };
  });
  const atMs = performance.now();
  await topology.primary.kill();
  await begun;
  await leader.kill();
  return atMs;
}

async function takeOver({ topology, cluster }: DemoSet): Promise<number> {
  const { primary, replicas } = topology;
  const leader = await cluster.leader();
  const path = [primary, ...replicas.slice(0, 1)].map(({ host, port }) => `${host}/${String(port)}`).join('/');
  const atMs = performance.now();
  await leader.get(`/api/graceful-master-takeover-auto/${path}`, 60_000);
  return atMs;
}

/** In a network of its own that drops everything; without the right to make one, behind a door that falls silent. */
async function drop(): Promise<number> {
  return await inLab(async (lab) => {
    if (!PrivateNetwork.isPossible) {
      const hush: Blow = ({ topology }) => {
        topology.primary.door.fallSilent();
        return Promise.resolve(performance.now());
      };
      return await outageOf({ door: true }, hush, lab);
    }
    const network = await PrivateNetwork.open(lab.spawn.bind(lab));
    const cut: Blow = async () => {
      const atMs = performance.now();
      await network.drop();
      return atMs;
    };
    return await outageOf({ place: network }, cut, lab);
  });
}

export const HOW_DROPPED = PrivateNetwork.isPossible
  ? 'in a network of its own that drops every packet both ways'
  : 'behind a proxy that lets nothing through (root can have a network of its own for it)';

export const ROWS: readonly FailoverRow[] = [
  {
    name: 'kill',
    says: 'primary SIGKILL',
    medianMs: 500,
    worstMs: 1000,
    measure: struckBy((set) => strike(set, 'kill', SILENT)),
  },
  {
    name: 'pause',
    says: 'primary SIGSTOP',
    medianMs: 2500,
    worstMs: 4000,
    measure: struckBy((set) => strike(set, 'pause', SILENT)),
  },
  { name: 'drop', says: "primary's packets dropped", medianMs: 2500, worstMs: 4000, measure: drop },
  {
    name: 'both',
    says: 'primary and leader SIGKILLed together',
    medianMs: 1000,
    worstMs: 2000,
    measure: struckBy((set) => strike(set, 'both', SILENT)),
  },
  {
    name: 'late',
    says: 'primary SIGKILLed, and the leader when its recovery has begun',
    medianMs: 1500,
    worstMs: 3000,
    measure: struckBy(killLate, { door: true }),
  },
  {
    name: 'graceful',
    says: 'graceful takeover, time without a writable primary',
    medianMs: 150,
    worstMs: 300,
    measure: struckBy(takeOver),
  },
  {
    name: 'twenty',
    says: "20 clusters' primaries SIGKILLed at once, the last of them",
    medianMs: 3000,
    worstMs: 3000,
    measure: () => inLab(twentyAtOnce),
  },
];
