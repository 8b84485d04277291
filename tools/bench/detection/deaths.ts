// From a blow to the primary until the cluster has committed that it is dead, told by any node. The nodes report and change
// nothing, so that one set of servers bears all rounds.
import { PrivateNetwork } from '../../lab/private-network.js';
import { type DetectionSet, allIsWell, firstDeath, openSet, type SetOptions, until } from './set.js';

export interface Death {
  readonly what: string;
  readonly targetMs: number;
  readonly options: SetOptions;
  strike(set: DetectionSet): Promise<void>;
  /** What the blow did is taken back; whether the server has to be started is seen by itself. */
  undo(set: DetectionSet): Promise<void>;
}

export const DEATHS = {
  kill: {
    what: 'killed',
    targetMs: 150,
    options: {},
    strike: ({ topology }) => topology.primary.kill(),
    undo: ({ topology }) => topology.primary.start(),
  },
  pause: {
    what: 'frozen',
    targetMs: 2000,
    options: {},
    strike: ({ topology }) => {
      topology.primary.pause();
      return Promise.resolve();
    },
    undo: ({ topology }) => {
      topology.primary.resume();
      return Promise.resolve();
    },
  },
  drop: PrivateNetwork.isPossible
    ? {
        what: 'its packets dropped (both ways, in a network of its own)',
        targetMs: 2000,
        options: { network: true },
        strike: async ({ network }) => network?.drop(),
        undo: async ({ network }) => network?.deliver(),
      }
    : {
        what: 'its packets dropped (by a relay: root can have a network of its own for it)',
        targetMs: 2000,
        options: { door: true },
        strike: ({ topology }) => {
          topology.primary.door.fallSilent();
          return Promise.resolve();
        },
        undo: ({ topology }) => {
          topology.primary.door.rejoin();
          return Promise.resolve();
        },
      },
} satisfies Readonly<Record<string, Death>>;

/** Milliseconds of each round. */
export async function timeDeaths({ options, strike, undo }: Death, rounds: number): Promise<readonly number[]> {
  const set = await openSet(options);
  const taken: number[] = [];
  try {
    for (let number = 1; number <= rounds; number += 1) {
      const atMs = performance.now();
      await strike(set);
      await until('the primary is called dead', () => Promise.resolve(firstDeath(set, atMs) !== undefined));
      taken.push((firstDeath(set, atMs)?.heardAtMs ?? Number.NaN) - atMs);
      await undo(set);
      // Replicas that have given up wait for a minute before they try again.
      for (const replica of set.topology.replicas) {
        await replica.execute('STOP REPLICA IO_THREAD');
        await replica.execute('START REPLICA IO_THREAD');
      }
      await allIsWell(set);
    }
  } finally {
    await set.close();
  }
  return taken;
}
